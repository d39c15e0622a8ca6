"""Pages of a scope's feed after a cursor."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from agent.core.exchange.cursors import Cursor, parse, position
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.wire import FeedItem, FeedPage
from central.feed.horizon import horizon
from central.ledger.epoch import current_epoch
from central.ledger.outbox import position as newest
from central.ledger.tables import FEED_MARKS, FEED_ROWS

PAGE_ITEMS_MAX = 500


def page(conn: Connection, scope: str, after: str, limit: int = PAGE_ITEMS_MAX) -> FeedPage:
    """Read the changes after a cursor, `""` from the start.

    A page holds the latest change of each key only; what a till has read of an older one is
    replaced by what it reads next.

    Raises:
        InputFault: not a cursor.
        FeedGone: a cursor of another epoch or of another feed, or too old: start over.
    """
    epoch = current_epoch(conn)
    fseq = position(parse(after), epoch, lambda at: _mark(conn, scope, at))
    if 0 < fseq < horizon(conn, scope):
        raise FeedGone(
            f"the position {after} is from before deletions that HQ has forgotten since",
            remedy="take a snapshot, or read the feed from the start; the agent does so by itself",
        )
    items = _items(conn, scope, fseq, limit + 1)
    if len(items) > limit:
        last = items[limit - 1].fseq
        cursor = Cursor(epoch, last, _mark(conn, scope, last) or "")
        return FeedPage(tuple(items[:limit]), str(cursor), more=True)
    return FeedPage(tuple(items), str(Cursor(epoch, *newest(conn, scope))))


def _mark(conn: Connection, scope: str, fseq: int) -> str | None:
    query = select(FEED_MARKS.c.running_hash)
    mark: str | None = conn.execute(
        query.where(FEED_MARKS.c.scope == scope, FEED_MARKS.c.fseq == fseq)
    ).scalar_one_or_none()
    return mark


def _items(conn: Connection, scope: str, after: int, limit: int) -> list[FeedItem]:
    query = select(FEED_ROWS).where(FEED_ROWS.c.scope == scope, FEED_ROWS.c.fseq > after)
    rows = conn.execute(query.order_by(FEED_ROWS.c.fseq).limit(limit))
    return [FeedItem(row.fseq, row.key, row.ver, row.op, msgspec.Raw(row.body)) for row in rows]
