"""Bugs in what HQ takes in and keeps: intake, ledger, epochs, backups."""

from __future__ import annotations

import msgspec
from sqlalchemy import event, func
from sqlalchemy.exc import OperationalError

from agent.core.exchange import epochs
from central.intake import batches, keeping
from central.ledger import backups, embedded
from central.ledger.engine import LedgerBusy
from central.ledger.epoch import current_epoch
from central.ledger.tables import BODIES
from tests.simulation.mutants.planting import Planted, commit_here


def _unsynced(original):
    def sqlite_engine(url):
        engine = original(url)

        @event.listens_for(engine, "checkout")
        def loosen(connection, _record, _proxy):
            connection.execute("PRAGMA synchronous = OFF")

        return engine

    return sqlite_engine


def _ack_early(original):
    """The answer is made before the commit, and leaves even if there was none."""

    def transact(engine, function, **options):
        taken = []

        def noted(conn):
            taken[:] = [function(conn)]
            return taken[0]

        try:
            return original(engine, noted, **options)
        except (OperationalError, LedgerBusy):
            if taken:
                return taken[0]
            raise

    return transact


def _ack_ahead(original):
    def ack(root, journal_id, taken, *rest):
        return original(root, journal_id, msgspec.structs.replace(taken, seq=taken.seq + 1), *rest)

    return ack


def _torn_insert(original):
    def insert_rows(conn, table, rows):
        original(conn, table, rows)
        if rows and table is BODIES:
            commit_here(conn)

    return insert_rows


def _newline(original):
    def insert_rows(conn, table, rows):
        if table is BODIES:
            rows = [(*row[:3], row[3] + b"\n") for row in rows]
        original(conn, table, rows)

    return insert_rows


def _all_safe(_original):
    def reckon_safe(conn):
        conn.execute(backups.delete(backups.SAFE_POSITIONS))
        held = backups.CURSORS.c
        query = backups.select(held.journal_id, held.have_seq, held.have_hash)
        conn.execute(
            backups.insert(backups.SAFE_POSITIONS).from_select(
                ["journal_id", "seq", "hash"], query.where(held.have_seq > 0)
            )
        )

    return reckon_safe


class _Newest:
    """SQL's functions, with the highest in the place of the lowest."""

    def __getattr__(self, name):
        return getattr(func, "max" if name == "min" else name)


def _beside(_original):
    """The epoch after a rewind is another one, and no later one."""

    def following(before, random, *, seen=""):
        del seen
        return f"{epochs.counter(before)}-{random.hex()}"

    return following


PLANTED = (
    Planted(
        "hq-skips-the-fsync",
        "HQ's ledger is written with synchronous=OFF.",
        ((embedded, "sqlite_engine", _unsynced),),
        "cuts",
    ),
    Planted(
        "ack-early",
        "HQ signs before its commit has returned.",
        ((batches, "transact", _ack_early),),
        "disks",
    ),
    Planted(
        "ack-too-far",
        "HQ signs one more than it holds.",
        ((batches, "_ack", _ack_ahead),),
        "cuts",
    ),
    Planted(
        "cursor-outside-the-transaction",
        "HQ commits the records, and then the cursor.",
        ((keeping, "insert_rows", _torn_insert),),
        "cuts",
    ),
    Planted(
        "bodies-written-anew",
        "HQ keeps its own spelling of a body.",
        ((keeping, "insert_rows", _newline),),
        "cuts",
    ),
    Planted(
        "epoch-stays",
        "HQ notices that it was put back, and stays in its epoch.",
        ((batches, "begin", lambda _original: lambda conn, *_, **__: current_epoch(conn)),),
        "rewind",
    ),
    Planted(
        "everything-is-safe",
        "HQ declares safe what no backup holds.",
        ((backups, "reckon_safe", _all_safe),),
        "rewind",
    ),
    Planted(
        "epoch-not-above",
        "The epoch after a rewind counts no higher than the one before.",
        ((epochs, "following", _beside),),
        "rewind",
    ),
    Planted(
        "safe-of-the-newest-backup",
        "HQ declares safe what its newest backup holds, and an older one does not.",
        ((backups, "func", lambda _original: _Newest()),),
        "rewind",
    ),
)
