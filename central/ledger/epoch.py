"""The epoch of this HQ, kept in the database itself.

A database restored from a backup carries its old epoch until a till shows an ack this HQ no
longer remembers; the bump that follows tells every till and every feed cursor to compare notes.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, insert, select, update

from agent.core.exchange import epochs
from central.ledger.tables import FACTS

EPOCH_FACT = "epoch"
"""Key of the installation fact it is kept under."""
_CURRENT = select(FACTS.c.value).where(FACTS.c.key == EPOCH_FACT)


def current_epoch(conn: Connection) -> str:
    """Read the epoch (`core.exchange.epochs`); a new database gets its first one."""
    text: str | None = conn.execute(_CURRENT).scalar_one_or_none()
    if text is not None:
        return text
    first = epochs.first(secrets.token_bytes(epochs.RANDOM_BYTES))
    conn.execute(insert(FACTS).values(key=EPOCH_FACT, value=first))
    return first


def bump_epoch(conn: Connection, seen: str) -> str:
    """Begin the next epoch, in the transaction that noticed the rewind.

    Args:
        conn: of `writing`.
        seen: the epoch a till holds an ack of; the next one comes after it, too.
    """
    random = secrets.token_bytes(epochs.RANDOM_BYTES)
    following = epochs.following(current_epoch(conn), random, seen=seen)
    conn.execute(update(FACTS).where(FACTS.c.key == EPOCH_FACT).values(value=following))
    return following
