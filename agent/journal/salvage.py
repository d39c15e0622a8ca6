"""A damaged journal file: kept as it is, and everything readable of it goes on in a new one.

The till sells on, with nobody's help. Of every journal the part that is proven without a gap stays
what it was, now sealed; every readable entry above what HQ has is carried into a successor, marked
where its hash cannot be proven any more. Baskets, print jobs, tokens and the enrolment come along.

The damaged file is only read, then moved aside (`moving`): it is never changed and never deleted.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from pysqlite3 import dbapi2

from agent.contracts.clock import Clock
from agent.core.exchange.credentials import read_credential
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import EnrolAnswer
from agent.core.sale.model import Sale
from agent.journal import database, moving, ordered, registry, sales
from agent.journal.faults import JournalUnusable
from agent.journal.lock import Lock
from agent.journal.preparation import Owner
from agent.journal.remains import Remains
from agent.journal.root_key import verifier
from agent.journal.salvaged import KEY, Salvaged
from agent.journal.wreck import Wreck

_WORK = "journal.wreck.db"
_CURSOR_STEP = 1_000
"""Events are not taken over; the next one comes surely behind all that were shown."""
_ENROLLED = "enrolled/"
_AS_IT_IS = "INSERT OR IGNORE INTO ? (!) VALUES ($)"


class _Kept(msgspec.Struct):
    """What is read here of an enrolment."""

    answer: EnrolAnswer


def salvage(path: Path, owner: Owner, clock: Clock, why: str) -> Salvaged:
    """Put a damaged file aside and a new one with all that could be read in its place.

    Args:
        path: the journal file.
        owner: whose journals are to go on.
        clock: for ids, and the time shown.
        why: what is wrong with it.

    Raises:
        JournalLocked: somebody has the journal open.
        JournalUnusable: there is no room for the new file, or the disk does not give the old one.
    """
    lock = Lock.take(path)
    try:
        moving.finish(path)
        wreck = Wreck(path, path.with_name(_WORK))
        try:
            aside = moving.aside_of(path).name
            done = _build(moving.fresh_of(path), wreck, owner, clock, aside, why)
        finally:
            wreck.close()
        moving.replace(path, done.kept)
    except (OSError, dbapi2.Error) as problem:
        raise JournalUnusable(
            f"what is left of the damaged journal {path} could not be saved: {problem}",
            remedy=f"make as much room on the disk of {path.parent} as the journal takes "
            f"(`ls -l {path}`), check the disk (`dmesg`), then start again; nothing was changed",
            name="salvage-failed",
        ) from problem
    finally:
        lock.release()
    return done


def _build(fresh: Path, wreck: Wreck, owner: Owner, clock: Clock, aside: str, why: str) -> Salvaged:
    from agent.journal.migrations import migrate

    for tail in ("", "-wal", "-shm", "-journal"):
        Path(f"{fresh}{tail}").unlink(missing_ok=True)
    conn = dbapi2.connect(str(fresh), isolation_level=None)
    try:
        # Nothing of it counts before it is whole, synced and renamed.
        conn.execute("PRAGMA journal_mode = OFF")
        conn.execute("PRAGMA synchronous = OFF")
        migrate(conn)
        conn.execute("BEGIN")
        done = _fill(conn, wreck, owner, clock, aside, why)
        erased = ordered.carry_out_again(conn)
        conn.execute("COMMIT")
        if erased:
            # What stood on a page before it was split is not overwritten: only a new file is clean.
            conn.execute("VACUUM")
    finally:
        conn.close()
    return done


def _fill(
    conn: database.Database, wreck: Wreck, owner: Owner, clock: Clock, aside: str, why: str
) -> Salvaged:
    journals = Remains(wreck, owner, clock).take_over(conn)
    indexed = wreck.tables.pop("sale_index", [])
    # A basket's row outlives its sale (`baskets`): also where the sale itself cannot be read.
    ended = wreck.ended() | {row["sale_id"] for row in indexed}
    rows = [row for row in wreck.tables.pop("basket", []) if row.get("sale_id") not in ended]
    baskets = _baskets(conn, rows)
    if wreck.is_cut:
        _doubt_prints(wreck.tables)
    _pruned_sales(conn, indexed)
    _returned(conn, wreck.tables.pop("returned", []))
    _acked(conn, wreck.tables.pop("acked", []))
    _as_it_is(conn, "registry", _readable(wreck.tables.pop("registry", [])))
    for table, rows in wreck.tables.items():
        _as_it_is(conn, table, rows)
    enrolled = conn.execute("SELECT 1 FROM registry WHERE key LIKE 'enrolled/%'").fetchone()
    at = clock.stamp().wall
    done = Salvaged(aside, why, at, tuple(journals), baskets, enrolled is not None)
    registry.put(conn, KEY, msgspec.to_builtins(done))
    _tell(conn, owner, done, wreck.last_cursor)
    return done


def _baskets(conn: database.Database, rows: list[dict[str, Any]]) -> int:
    """Take over the baskets that can be read and were not sold since."""
    taken = 0
    for row in rows:
        with suppress(msgspec.DecodeError, KeyError, TypeError, dbapi2.Error):
            sale = msgspec.json.decode(row["sale"], type=Sale)
            if sale.sale_id == row["sale_id"] and sales.place(conn, sale.sale_id) is None:
                _insert(conn, "basket", row)
                taken += 1
    return taken


def _doubt_prints(tables: dict[str, list[dict[str, Any]]]) -> None:
    """What was to be printed may be on paper since: a person says what became of it (P7)."""
    doubted = {"state": "uncertain", "reason": "the journal was damaged"}
    rows = [row | doubted for row in tables.pop("print_job", [])]
    tables["print_aside"] = [*rows, *tables.get("print_aside", [])]


def _pruned_sales(conn: database.Database, rows: list[dict[str, Any]]) -> None:
    """Keep the ids of sales whose text was pruned: all others were indexed anew."""
    for row in rows:
        with suppress(dbapi2.Error):
            conn.execute(
                "INSERT OR IGNORE INTO sale_index SELECT ?1, p.journal, c.seq FROM pruned p"
                " JOIN chain c ON c.journal = p.journal AND c.seq = ?3 AND c.seq <= p.upto_seq"
                " WHERE p.journal = ?2 AND c.kind = 1",
                tuple(row.values()),
            )


def _returned(conn: database.Database, rows: list[dict[str, Any]]) -> None:
    """Keep what returns noted whose text was pruned since; all others were counted anew."""
    if conn.execute("SELECT 1 FROM pruned").fetchone() is None:
        return
    for row in rows:
        with suppress(dbapi2.Error):
            conn.execute(
                "INSERT INTO returned (sale_id, line, quantity) VALUES (?, ?, ?) ON CONFLICT"
                " DO UPDATE SET quantity = max(quantity, excluded.quantity)",
                tuple(row.values()),
            )


def _acked(conn: database.Database, rows: list[dict[str, Any]]) -> None:
    """Take over what HQ has signed of entries that are still here."""
    for row in rows:
        with suppress(dbapi2.Error, KeyError):
            held = conn.execute(
                "SELECT hash FROM chain WHERE journal = ? AND seq = ?", (row["journal"], row["seq"])
            ).fetchone()
            if held is not None and held[0] == row["hash"]:
                _insert(conn, "acked", row)


def _readable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave behind what would make the new file as damaged as the old one."""
    readable = (row for row in rows if registry.is_readable(row.get("value")))
    return [row for row in readable if not _is_forged(row)]


def _is_forged(row: dict[str, Any]) -> bool:
    """Tell whether a row is an enrolment that HQ's own signature shows to be damaged.

    HQ would never let the till's next journals in by it, and a new code would not help where what
    is damaged is HQ's key: the till would take HQ for another one.
    """
    if not str(row.get("key")).startswith(_ENROLLED):
        return False
    try:
        answer = msgspec.json.decode(row["value"], type=_Kept).answer
        read_credential(answer.credential, answer.signature, verifier(unhex(answer.root_key)))
    except CredentialFault:
        return True
    except msgspec.DecodeError:
        return False  # It is read as none.
    return False


def _as_it_is(conn: database.Database, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        # A row that does not fit any more is part of what was lost.
        with suppress(dbapi2.Error):
            _insert(conn, table, row)


def _insert(conn: database.Database, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    sql = _AS_IT_IS.replace("?", f'"{table}"').replace("!", names)
    conn.execute(sql.replace("$", ", ".join("?" * len(row))), tuple(row.values()))


def _tell(conn: database.Database, owner: Owner, done: Salvaged, cursor: int) -> None:
    """Let every till's page know, behind everything it was shown before."""
    data = {"state": "journal-salvaged", "kept": done.kept, "lost": done.lost, "why": done.why}
    for number, till in enumerate(owner.tills):
        conn.execute(
            "INSERT INTO event (cursor, till, type, at, data) VALUES (?, ?, 'sync', ?, ?)",
            (cursor + _CURSOR_STEP + number, till, done.at, msgspec.json.encode(data)),
        )
