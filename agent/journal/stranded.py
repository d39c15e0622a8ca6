"""Entries of ended journals whose carrier the damage has taken.

What HQ lacked of a journal that ended was carried into the one that goes on from it, and travels
there alone. Where that page is lost or changed, the entry itself still stands here, proven, and
nobody would ever send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.chain import commitment
from agent.core.identifiers import JournalId
from agent.journal.connection import Connection
from agent.journal.successors import carried_of, entries_after
from agent.journal.wreck import Wreck

Place = tuple[str, int]
"""Of an entry, by the journal it was written in."""


class _Carrier(msgspec.Struct, frozen=True, tag_field="type", tag="entry.carried"):
    journal: str
    seq: int


def carried_at(wreck: Wreck, number: int, upto: int, came_in: int) -> Iterator[Place]:
    """Name what readable entries of a journal carry, from its first to `upto`.

    Args:
        wreck: the damaged file.
        number: of the journal in it.
        upto: the last entry to be looked at.
        came_in: the last one HQ has. Above it a carrier counts only with the text it committed to:
            what a changed byte makes of an entry must not stand for the one that is proven.
    """
    for seq in range(1, upto + 1):
        sealed = {row.commitment for row in wreck.rows(number, seq)}
        for salt, text in wreck.bodies(number, seq):
            place = _carried_by(text)
            if place and (seq <= came_in or commitment(salt, text) in sealed):
                yield place


def replaced(wreck: Wreck, number: int, seqs: Iterable[int], again: frozenset[Place]) -> int:
    """Count the entries of a journal in whose stead a proven one is carried again.

    Args:
        wreck: the damaged file.
        number: of the journal in it.
        seqs: of the entries.
        again: what is carried again.
    """
    if not again:
        return 0
    texts = ((text for _, text in wreck.bodies(number, seq)) for seq in seqs)
    return sum(any(_carried_by(text) in again for text in each) for each in texts)


def _carried_by(text: bytes) -> Place | None:
    try:
        carrier = msgspec.json.decode(text, type=_Carrier)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return carrier.journal, carrier.seq


def stranded(
    conn: Connection, number: int, journal_id: JournalId, floor: int, safe: set[Place]
) -> Iterator[EntryCarried]:
    """Give what has to be carried once more of a journal that ended.

    Args:
        conn: the new file, the journal's proven part in it.
        number: of the journal in it.
        journal_id: the journal's.
        floor: up to where HQ had it when it ended.
        safe: what is carried where it travels, or came in; what is given here joins it.
    """
    for entry in entries_after(conn, number, floor):
        if entry.order_id is None and entry.body is None:
            continue  # It was pruned, so HQ has it.
        again = carried_of(journal_id, entry)
        if (again.journal, again.seq) not in safe:
            safe.add((again.journal, again.seq))
            yield again
