"""What became of a damaged file, as it is told and remembered."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.core.identifiers import TillId
from agent.journal import registry
from agent.journal.connection import Connection

KEY = "salvage"
"""Where the registry says what was salvaged last."""


class SalvagedJournal(msgspec.Struct, frozen=True):
    """What became of one journal."""

    till: TillId
    lane: str
    old_id: str
    """Empty where not even that could be read."""
    new_id: str
    """The successor; empty of a journal that had ended before."""
    proven: int
    """Its first entries, up to this one, are all there, and proven."""
    held_seq: int
    """Up to here HQ has it."""
    carried: int
    unproven: int
    """Of those carried: how many could not be proven."""
    lost: int
    """Entries that should be there and could not be read."""

    def __str__(self) -> str:
        """Say it in one line."""
        said = f"{self.till} {self.lane}: {self.proven} entries proven, {self.carried} carried over"
        if self.unproven:
            said += f", {self.unproven} of them unproven"
        return said + (f", {self.lost} LOST" if self.lost else "")


class Salvaged(msgspec.Struct, frozen=True):
    """What became of a damaged file."""

    kept: str
    """The name it is kept under, beside the journal."""
    why: str
    """What was found wrong."""
    at: str
    journals: tuple[SalvagedJournal, ...]
    baskets: int
    enrolled: bool
    """Whether an enrolment at HQ was still readable; otherwise the till needs a new code."""

    @property
    def lost(self) -> int:
        """How many entries could not be read."""
        return sum(each.lost for each in self.journals)


def last(conn: Connection) -> Salvaged | None:
    """Tell what was salvaged last into this file; None where nothing was."""
    kept = registry.get(conn, KEY)
    return None if kept is None else msgspec.convert(kept, Salvaged)


def lines(done: Salvaged) -> Iterator[str]:
    """Say in a few lines what became of a damaged file."""
    yield f"the damaged journal is kept as {done.kept} ({done.why})"
    for each in done.journals:
        yield f"  {each}"
    if not done.enrolled:
        yield "  no enrolment at HQ could be read: `till-agent enrol CODE`, if HQ knows this till"
