"""Bugs at HQ: intake, ledger, applier, enrolment, orders, backups."""

from __future__ import annotations

import msgspec
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from central.daemon import evidence
from central.histories import applier, applying
from central.intake import batches, enrolment, keeping, signatures
from central.ledger import backups, embedded
from central.ledger.engine import LedgerBusy
from central.ledger.epoch import current_epoch
from central.ledger.hq import Device
from central.ledger.tables import BODIES, CREDENTIALS, JOURNALS
from tests.simulation.mutants.planting import Planted, always, commit_here


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


def _move_first(_original):
    def apply_next(self, journal_id, conn):
        entries = applier.waiting(conn, journal_id, self._limits.get(journal_id, applier.BATCH))
        if entries:
            applier.move(conn, journal_id, entries[-1].seq)
            commit_here(conn)
        applier.apply_slice(conn, entries, self._context())
        return len(entries)

    return apply_next


def _blocked(_original):
    def put(*_args):
        raise LedgerBusy("an entry cannot be applied", remedy="none")

    return put


def _unsigned(_original):
    def call(self, message):
        with signatures.reading(self._engine) as conn:
            text = message.headers["signature-input"]
            keyid = text.partition('keyid="')[2].partition('"')[0]
            query = signatures.select(CREDENTIALS).where(CREDENTIALS.c.keyid == keyid)
            row = conn.execute(query).one_or_none()
        if row is None:
            raise signatures.NotIdentified("not known", remedy="none", name="unknown-device")
        return Device(row.keyid, row.store, row.till)

    return call


def _anybody(original):
    def position(conn, device, journal_id, now):
        query = select(JOURNALS.c.keyid).where(JOURNALS.c.journal_id == journal_id)
        owner = conn.execute(query).scalar_one_or_none()
        return original(conn, device._replace(keyid=owner or device.keyid), journal_id, now)

    return position


def _any_credential(original):
    return lambda request, _verify, *rest: original(request, lambda *_: True, *rest)


def _refuse(*_args):
    raise enrolment.NotAdmitted("not known", remedy="none")


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
        "position-before-effect",
        "The applier commits its position, and then the effects.",
        ((applier.Applier, "_apply_next", _move_first),),
        "cuts",
    ),
    Planted(
        "poison-blocks",
        "An entry that cannot be applied stops the applier.",
        ((applying.quarantine, "put", _blocked),),
        "weather",
    ),
    Planted(
        "poison-passed-over",
        "An entry that cannot be applied is forgotten.",
        ((applying.quarantine, "put", always(None)),),
        "weather",
    ),
    Planted(
        "carried-passed-over",
        "What a successor carries has no effect.",
        ((applying, "opened", always(None)),),
        "copies",
    ),
    Planted(
        "epoch-stays",
        "HQ notices that it was put back, and stays in its epoch.",
        ((batches, "begin", lambda _original: lambda conn, *_, **__: current_epoch(conn)),),
        "rewind",
    ),
    Planted(
        "signatures-unchecked",
        "HQ looks whose name a request bears, and not at its signature.",
        ((signatures.Signatures, "__call__", _unsigned),),
        "weather",
    ),
    Planted(
        "anybody-may-append",
        "A device may append to any journal.",
        ((batches, "read_position", _anybody),),
        "weather",
    ),
    Planted(
        "credential-unchecked",
        "HQ takes a credential without its own signature.",
        ((enrolment, "readmitted", _any_credential),),
        "weather",
    ),
    Planted(
        "forgotten-tills-stay-out",
        "HQ does not take back a till it has forgotten.",
        ((enrolment, "_by_credential", lambda _original: _refuse),),
        "rewind",
    ),
    Planted(
        "orders-not-taken-back",
        "An HQ that was put back does not take up the orders its tills show it.",
        ((evidence, "take_back", always(None)),),
        "rewind",
    ),
    Planted(
        "everything-is-safe",
        "HQ declares safe what no backup holds.",
        ((backups, "reckon_safe", _all_safe),),
        "rewind",
    ),
)
