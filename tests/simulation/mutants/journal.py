"""Bugs in the till's journal: durability, numbers, erasing, pruning, successors."""

from __future__ import annotations

from contextlib import suppress

from pysqlite3 import dbapi2

from agent.journal import chains as chains_room
from agent.journal import database, erasures, founding, preparation, successors, writer
from tests.simulation.mutants.planting import Planted, always


def _pragma(text):
    def make(original):
        def open_writing(path):
            conn = original(path)
            conn.execute(text)
            return conn

        return open_writing

    return make


def _swallow(_original):
    """A batch the disk refused at its commit is answered like any other."""

    def give_up(conn, *_):
        with suppress(dbapi2.Error):
            conn.execute("ROLLBACK")

    return give_up


def _reuse(original):
    """Now and then the last entry is written over by the next."""
    counted = iter(range(1 << 60))

    def write(conn, tail, sealed, body):
        original(conn, tail, sealed, body)
        if next(counted) % 7 == 6:
            conn.execute("DROP TRIGGER IF EXISTS chain_no_delete")
            conn.execute("DROP TRIGGER IF EXISTS body_erase_order")
            place = tail.number << 40 | sealed.seq
            conn.execute("DELETE FROM body WHERE place = ?", (place,))
            conn.execute(
                "DELETE FROM chain WHERE journal = ? AND seq = ?", (tail.number, sealed.seq)
            )
            conn.execute("DELETE FROM sale_index WHERE seq = ?", (sealed.seq,))

    return write


def _keep_body(_original):
    def erase(conn, journal_id, seq, *, commitment, order_id, at):
        place = conn.execute(
            "SELECT j.no << 40 | ? FROM journal j WHERE id = ?", (seq, journal_id)
        ).fetchone()
        if place:
            conn.execute(
                "INSERT OR IGNORE INTO erase_order (place, order_id, ordered) VALUES (?, ?, ?)",
                (place[0], order_id, at),
            )
        return erasures.standing(conn, journal_id, seq, commitment)

    return erase


def _fresh_journals(original):
    """Every start begins new journals and forgets the old ones."""

    def prepare(conn, owner, clock, path):
        for (number,) in conn.execute(
            "SELECT no FROM head WHERE sealed = 0 AND tail_seq > 5"
        ).fetchall():
            founding.seal(conn, number)
        return original(conn, owner, clock, path)

    return prepare


PLANTED = (
    Planted(
        "skip-the-fsync",
        "The till's journal is written with synchronous=NORMAL.",
        ((database, "open_writing", _pragma("PRAGMA synchronous = NORMAL")),),
        "cuts",
    ),
    Planted(
        "no-fsync-at-all",
        "The till's journal is written with synchronous=OFF.",
        ((database, "open_writing", _pragma("PRAGMA synchronous = OFF")),),
        "cuts",
    ),
    Planted(
        "refusal-swallowed",
        "A commit the disk refused is answered as if it had been done.",
        ((writer, "_give_up", _swallow),),
        "disks",
    ),
    Planted(
        "reuse-a-seq",
        "An entry is taken out again, and its number given to the next.",
        ((chains_room, "_write", _reuse),),
        "cuts",
    ),
    Planted(
        "erase-only-on-paper",
        "An erase order is recorded, the body stays.",
        ((erasures, "erase", _keep_body),),
        "rewind",
    ),
    Planted(
        "successor-carries-nothing",
        "A successor journal leaves behind what HQ has not taken.",
        ((successors, "_carried", lambda _original: lambda *_: iter(())),),
        "copies",
    ),
    Planted(
        "seal-without-successor",
        "A start seals a journal before HQ has all of it, and sends no more of it.",
        (
            (preparation, "_in_transaction", _fresh_journals),
            (
                chains_room,
                "heads",
                lambda original: lambda c: [h for h in original(c) if not h.sealed],
            ),
        ),
        "cuts",
    ),
    Planted(
        "nothing-verified-at-start",
        "A journal whose last links are gone is begun anew instead of being refused.",
        (
            (preparation, "_check_links", always(None)),
            (database, "open_writing", _pragma("PRAGMA synchronous = OFF")),
        ),
        "cuts",
    ),
)
