"""The agent's one SQLite file: chains, bodies, baskets, print jobs, events; one writer thread."""

from __future__ import annotations
