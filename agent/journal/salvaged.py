"""What became of a damaged file, as it is told and remembered."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.core.identifiers import JournalId, TillId
from agent.journal import cursors, registry
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
    lost_upto: int = 0
    """The last of them."""
    at_hq: int = 0
    """Of those lost: how many HQ has, as it has signed."""

    @property
    def missing(self) -> str:
        """Say what became of those that could not be read; empty where there are none."""
        if not self.lost:
            return ""
        if self.at_hq == self.lost:
            return f"{self.lost} LOST here, HQ has them all, as it has signed"
        known = f", {self.at_hq} of them HQ has, as it has signed" if self.at_hq else ""
        rest = "the others" if self.at_hq else "them"
        asked = f"HQ may have {rest}: it says so at the next contact"
        return f"{self.lost} LOST here{known}; {asked}"

    def __str__(self) -> str:
        """Say it in one line."""
        said = f"{self.till} {self.lane}: {self.proven} entries proven, {self.carried} carried over"
        if self.unproven:
            said += f", {self.unproven} of them unproven"
        return said + (f", {self.missing}" if self.lost else "")


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

    @property
    def at_hq(self) -> int:
        """Of those, how many HQ has."""
        return sum(each.at_hq for each in self.journals)

    @property
    def missing(self) -> str:
        """Say how many entries are nowhere that is known."""
        if not self.lost:
            return "0 entries were lost here"
        if self.at_hq == self.lost:
            return f"{self.lost} entries were lost here, HQ has them all"
        return f"{self.lost} entries were lost here, HQ is known to have {self.at_hq} of them"


def last(conn: Connection) -> Salvaged | None:
    """Tell what was salvaged last into this file; None where nothing was.

    What HQ has said since of the journals that were cut short is taken into account.
    """
    kept = registry.get(conn, KEY)
    if kept is None:
        return None
    done = msgspec.convert(kept, Salvaged)
    journals = tuple(_heard_since(conn, each) for each in done.journals)
    return msgspec.structs.replace(done, journals=journals)


def _heard_since(conn: Connection, each: SalvagedJournal) -> SalvagedJournal:
    if not each.lost or cursors.hq_seq(conn, JournalId(each.old_id)) < each.lost_upto:
        return each
    return msgspec.structs.replace(each, at_hq=each.lost)


def lines(done: Salvaged) -> Iterator[str]:
    """Say in a few lines what became of a damaged file."""
    yield f"the damaged journal is kept as {done.kept} ({done.why})"
    for each in done.journals:
        yield f"  {each}"
    if not done.enrolled:
        yield "  no enrolment at HQ could be read: `till-agent enrol CODE`, if HQ knows this till"


def unproven(conn: Connection, journal_id: JournalId) -> int:
    """Count the entries a journal carries that no hash has proven."""
    row = conn.execute(
        "SELECT count(*) FROM body WHERE journal = (SELECT no FROM journal WHERE id = ?)"
        " AND instr(bytes, ?) > 0",
        (journal_id, b'"verified":false'),
    ).fetchone()
    return 0 if row is None else int(row[0])
