"""The sync loop: drives the decisions of `core.exchange` over a link and the journal."""

from __future__ import annotations
