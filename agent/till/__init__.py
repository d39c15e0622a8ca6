"""The till's loop: inbox, then the core's decision, then the journal's commit, then effects."""

from __future__ import annotations
