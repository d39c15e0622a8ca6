"""Bugs in the till's journal: durability, numbers, erasing, pruning, successors."""

from __future__ import annotations

from contextlib import suppress

from pysqlite3 import dbapi2

from agent.journal import chains as chains_room
from agent.journal import database, erasures, founding, preparation, prune, writer
from agent.journal.jobs import Caught
from agent.journal.memory import memory_of
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

    def give_up(writing, *_):
        writing.memory.forget()
        with suppress(dbapi2.Error):
            writing.execute("ROLLBACK")

    return give_up


def _reuse(original):
    """Now and then the last entry is written over by the next."""
    counted = iter(range(1 << 60))

    def write(conn, tail, sealed):
        original(conn, tail, sealed)
        if next(counted) % 7 == 6:
            conn.execute("DROP TRIGGER IF EXISTS chain_no_delete")
            conn.execute("DROP TRIGGER IF EXISTS body_erase_order")
            place = tail.number << 40 | sealed.seq
            conn.execute("DELETE FROM body WHERE place = ?", (place,))
            conn.execute(
                "DELETE FROM chain WHERE journal = ? AND seq = ?", (tail.number, sealed.seq)
            )
            conn.execute("DELETE FROM sale_index WHERE seq = ?", (sealed.seq,))
            memory_of(conn).forget()

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


def _no_rollback(_original):
    """What a function had written before it failed stays."""

    def run_beside(job, conn):
        conn.execute("SAVEPOINT one")
        job.run(conn)
        if job.problem is not None and database.is_disk_problem(job.problem):
            raise job.problem
        conn.execute("RELEASE one")

    return run_beside


def _every_other(_original):
    """Who waits is answered, and the transaction stays open for the next batch."""
    counted = iter(range(1 << 60))

    def commit(writing, batch, path):
        with Caught() as caught:
            if not writing.in_transaction:
                writing.execute("BEGIN IMMEDIATE")
            for job in batch:
                writer._run_beside(job, writing)
            if next(counted) % 2:
                writing.execute("COMMIT")
        if caught.problem is not None:
            writer._give_up(writing, batch, caught.problem, path)
        return caught.problem

    return commit


def _all_of_it(original):
    """Whatever HQ has acknowledged may be pruned."""

    def marks(conn, journal_id):
        number, mark, tail, _safe, closed = original(conn, journal_id)
        return number, mark, tail, tail, closed

    return marks


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
        "answered-before-the-commit",
        "Group commit answers those who wait, and commits with the next batch.",
        ((writer, "commit", _every_other),),
        "cuts",
    ),
    Planted(
        "half-a-sale",
        "What a sale had written before it was refused stays in the batch it was part of.",
        ((writer, "_run_beside", _no_rollback),),
        "trust",
    ),
    Planted(
        "pruned-beyond-safe",
        "The till prunes what no backup of HQ holds.",
        ((prune, "_marks", _all_of_it),),
        "rewind",
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
