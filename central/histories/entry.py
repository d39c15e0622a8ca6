"""One entry on its way through the applier."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """Where an entry stands, and HQ's time for what is shown of it."""

    journal_id: str
    seq: int
    now: str
    """UTC, ISO 8601."""
