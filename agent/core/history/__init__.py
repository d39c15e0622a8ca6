"""One history per customer: `fold(card, entries)`, the same function at the till and at HQ."""

from __future__ import annotations
