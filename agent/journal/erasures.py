"""The one deletion HQ orders: a body with its salt, by a recorded order (P9).

An entry that was carried into a successor journal is erased there, too: the copy says the same. An
order means one entry, by its commitment: under the same number a copied disk has another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from agent.core.entries.bodies import Body, EntryCarried
from agent.core.entries.canonical import decode, encode
from agent.core.entries.carried import fact
from agent.core.entries.kinds import KINDS
from agent.core.faults import InputFault, NotFoundFault
from agent.core.identifiers import JournalId
from agent.journal import baskets
from agent.journal.connection import Connection
from agent.journal.tails import SEQ_BITS


class Standing(msgspec.Struct, frozen=True):
    """What stands in this file under the number an order names."""

    places: tuple[int, ...]
    """Of the entry that is meant, and of its copies in successors."""
    others: tuple[str, ...] = ()
    """Commitments, hexadecimal, of other entries under that number: a copied disk wrote them."""


def erase(
    conn: Connection, journal_id: JournalId, seq: int, *, commitment: str, order_id: str, at: str
) -> Standing:
    """Record an erase order and delete the body it means; repeating it changes nothing.

    The chain row stays: the entry verifies and travels as its commitment and the order's id. An
    entry with another commitment is not the one that is meant, and stays as it is.

    Args:
        conn: within the writer's transaction.
        journal_id: whose entry.
        seq: which entry.
        commitment: of the entry, hexadecimal.
        order_id: HQ's id of the order.
        at: `Stamp.wall` of now.

    Returns:
        Where it was erased, and what else stands there.

    Raises:
        NotFoundFault: there is no such entry, nor another one under its number.
    """
    found = standing(conn, journal_id, seq, commitment)
    if not found.places and not found.others:
        raise NotFoundFault(
            f"journal {journal_id} holds no entry {seq}",
            remedy="check the erase order against HQ's ledger",
            name="no-such-entry",
        )
    for place in found.places:
        _erase_at(conn, place, order_id, at)
    baskets.drop_sold(conn)
    return found


def standing(conn: Connection, journal_id: JournalId, seq: int, commitment: str) -> Standing:
    """Find an entry and its copies, by its commitment; say what else stands under its number."""
    row = conn.execute(
        "SELECT c.journal, c.commitment FROM chain c JOIN journal j ON j.no = c.journal"
        " WHERE j.id = ? AND c.seq = ?",
        (journal_id, seq),
    ).fetchone()
    # The journal it was first written in may stand in another file.
    found = [] if row is None else [(row[0] << SEQ_BITS | seq, row[1].hex())]
    found += copies(conn, journal_id, seq, commitment)
    places = tuple(place for place, committed in found if committed == commitment)
    others = {committed for _, committed in found if committed != commitment}
    return Standing(places, tuple(sorted(others)))


def bodies(conn: Connection, places: Iterable[int]) -> list[Body]:
    """Read what entries say that are about to be erased; what cannot be read says nothing."""
    said: list[Body] = []
    for place in places:
        row = conn.execute(
            "SELECT c.kind, c.version, b.bytes FROM body b"
            " JOIN chain c ON c.journal = b.place >> 40 AND c.seq = b.place & 1099511627775"
            " WHERE b.place = ?",
            (place,),
        ).fetchone()
        with suppress(InputFault):
            body = None if row is None else fact(decode(*row))
            said += [] if body is None else [body]
    return said


def copies(
    conn: Connection, journal_id: JournalId, seq: int, commitment: str
) -> list[tuple[int, str]]:
    """Find where an entry was carried to, each with the commitment of what was carried.

    Successors are few, so they are looked through. A copy out of a damaged file may not know any
    more which journal it is from: it is found by its commitment, which says all by itself.
    """
    # What the canonical bytes of such an entry begin with, whatever it carries.
    beginning = encode(_copy_of(journal_id, seq)).partition(b',"kind":')[0] + b","
    named = msgspec.json.encode({"commitment": commitment})[1:-1]
    rows = conn.execute(
        "SELECT b.place, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.kind = ? AND c.journal IN (SELECT no FROM carrying)"
        " AND (substr(b.bytes, 1, ?) = ? OR instr(b.bytes, ?) > 0)",
        (KINDS[EntryCarried].kind, len(beginning), beginning, named),
    ).fetchall()
    said = [(int(place), bytes(text)) for place, text in rows]
    found = [(place, text, _committed(text)) for place, text in said]
    return [
        (place, committed)
        for place, text, committed in found
        if committed == commitment or text.startswith(beginning)
    ]


class _Carried(msgspec.Struct, frozen=True):
    """All that is read of a copy."""

    commitment: str = ""


def _committed(said: bytes) -> str:
    try:
        return msgspec.json.decode(said, type=_Carried).commitment
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _copy_of(journal_id: JournalId, seq: int) -> EntryCarried:
    return EntryCarried(journal_id, seq, kind=0, version=0, salt="", body="", commitment="")


def _erase_at(conn: Connection, place: int, order_id: str, at: str) -> None:
    known = conn.execute("SELECT 1 FROM erase_order WHERE place = ?", (place,)).fetchone()
    if known is None:
        conn.execute(
            "INSERT INTO erase_order (place, order_id, ordered) VALUES (?, ?, ?)",
            (place, order_id, at),
        )
        # Overwritten with zeros wherever it lay in the file, not only forgotten.
        conn.execute("PRAGMA secure_delete = ON").fetchall()
        conn.execute("DELETE FROM body WHERE place = ?", (place,))
        conn.execute("PRAGMA secure_delete = FAST").fetchall()
