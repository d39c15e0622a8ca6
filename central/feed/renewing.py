"""A new generation of a scope's key: sealed with at once, and told to every till that follows.

What was sealed before stays readable to whoever has the old key; nothing that is told from now on
is. Files that are given out are sealed with the old one, so they are taken back and made anew.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from agent.core.exchange.replica import KEYS_RULE
from central.feed import shelf
from central.ledger import key_tables
from central.ledger.outbox import publish


def renew(conn: Connection, scope: str, *, now: str, reason: str) -> int:
    """Begin the next generation of a scope's key, in the caller's writing transaction.

    Args:
        conn: of `writing`.
        scope: of the feed.
        now: HQ's clock, for show.
        reason: for HQ's books.

    Returns:
        The generation.
    """
    number = key_tables.renew(conn, scope, now=now, reason=reason)
    shelf.retire(conn, scope, now)
    publish(conn, scope, KEYS_RULE + scope, "put", msgspec.json.encode({"generation": number}))
    return number
