"""Publishing to tills: one sequencer per scope, moved in the transaction of the effect.

A lower `fseq` can therefore never become visible after a higher one. Only the latest change of a
key is kept; the running hash of every `fseq` ever given stays, so that a cursor from before a
restored backup is recognised. `ver` carries the epoch above the `fseq`: it grows even then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, Select, bindparam, delete, insert, select

from agent.core.exchange.cursors import ORIGIN, advance
from agent.core.exchange.epochs import counter
from agent.core.exchange.wire import FeedItem
from central.ledger.engine import after_commit
from central.ledger.epoch import current_epoch
from central.ledger.tables import FEED_MARKS, FEED_ROWS, FEED_SCOPES
from central.ledger.upserts import upsert

GLOBAL = "global"
"""The scope every till reads."""
FSEQ_BITS = 40
"""Room for a million million changes in one epoch, and for 8 million epochs in 63 bits."""


_told: WeakKeyDictionary[Engine, Callable[[tuple[str, ...]], None]] = WeakKeyDictionary()


class Change(NamedTuple):
    """One thing tills must know: `op` is `put`, `del` or `erase`; `body` is JSON."""

    key: str
    op: str
    body: bytes = b"null"


def store_scope(store: str) -> str:
    """Name the scope only the tills of one store read.

    >>> store_scope("store-0001")
    'store:store-0001'
    """
    return f"store:{store}"


def publish(conn: Connection, scope: str, key: str, op: str, body: bytes) -> int:
    """Publish one change, in the caller's writing transaction.

    Args:
        conn: of `writing`; long polls wake when it has committed.
        scope: `global` or `store:ID`; keep a key in one scope.
        key: `item:ID`, `party:ID`, `order:NO`, `rule:NAME`.
        op: `put`, `del` or `erase`.
        body: JSON of what the till keeps under the key; of a `del` a `Moved`, else `null`.

    Returns:
        The change's number in its scope.
    """
    return publish_many(conn, scope, [Change(key, op, body)])


def publish_many(conn: Connection, scope: str, changes: Iterable[Change]) -> int:
    """Publish changes in their order; gives the last number of the scope, see `publish`.

    Raises:
        msgspec.DecodeError: a body is no JSON; on a page it would hide all others from the tills.
    """
    fseq, running = _position(conn, _SEQUENCER, scope)
    epoch = counter(current_epoch(conn))
    rows, marks = [], []
    for change in changes:
        fseq += 1
        ver = epoch << FSEQ_BITS | fseq
        msgspec.json.decode(change.body, type=msgspec.Raw)
        rows.append({"scope": scope, "fseq": fseq, "ver": ver, **change._asdict()})
        item = FeedItem(fseq, change.key, ver, change.op, msgspec.Raw(change.body))
        running = advance(running, item)
        marks.append({"scope": scope, "fseq": fseq, "running_hash": running})
    if rows:
        _store(conn, rows, marks)
    return fseq


def position(conn: Connection, scope: str) -> tuple[int, str]:
    """Tell the last number given in a scope and the running hash there: 0 and `ORIGIN` first."""
    return _position(conn, _POSITION, scope)


def _position(conn: Connection, query: Select[int, str], scope: str) -> tuple[int, str]:
    row = conn.execute(query, {"in_scope": scope}).one_or_none()
    return (0, ORIGIN) if row is None else (row.fseq, row.running_hash)


# Written once: to write them at each run costs more than SQLite takes for them.
_POSITION = select(FEED_SCOPES.c.fseq, FEED_SCOPES.c.running_hash).where(
    FEED_SCOPES.c.scope == bindparam("in_scope")
)
_SEQUENCER = _POSITION.with_for_update()
_OLDER = delete(FEED_ROWS).where(
    FEED_ROWS.c.scope == bindparam("in_scope"), FEED_ROWS.c.key == bindparam("of_key")
)
_ROW, _MARK, _PLACE = insert(FEED_ROWS), insert(FEED_MARKS), upsert(FEED_SCOPES)
_MOVED = _PLACE.on_conflict_do_update(
    index_elements=["scope"],
    set_={"fseq": _PLACE.excluded.fseq, "running_hash": _PLACE.excluded.running_hash},
)


def _store(conn: Connection, rows: list[dict[str, Any]], marks: list[dict[str, Any]]) -> None:
    latest = {row["key"]: row for row in rows}
    scope = marks[-1]["scope"]
    conn.execute(_OLDER, [{"in_scope": scope, "of_key": key} for key in latest])
    conn.execute(_ROW, list(latest.values()))
    conn.execute(_MARK, marks)
    conn.execute(_MOVED, marks[-1])
    _announce(conn, scope)


def on_published(engine: Engine, call: Callable[[tuple[str, ...]], None]) -> None:
    """Have `call` told the scopes of each committed transaction that published something."""
    _told[engine] = call


def _announce(conn: Connection, scope: str) -> None:
    call = _told.get(conn.engine)
    if call is not None:
        after_commit(conn, ("published", scope), partial(call, (scope,)))
