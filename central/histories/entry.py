"""One entry on its way through the applier."""

from __future__ import annotations

from typing import NamedTuple

REPLAYED = "replayed"
"""How an entry comes that is tried again out of the quarantine."""


class Entry(NamedTuple):
    """Who an entry is, where its bytes lie, and HQ's time for what is shown of it."""

    journal_id: str
    seq: int
    now: str
    """UTC, ISO 8601."""
    via: tuple[str, int] | None = None
    """Journal and seq of the successor's entry that carried this one; None of all others."""
    why: str = ""
    """How it came, where that is worth telling: `carried`, `salvage`, `imported`, `replayed`."""

    @property
    def place(self) -> tuple[str, int]:
        """Journal and seq under which the bytes lie in the ledger."""
        return self.via or (self.journal_id, self.seq)
