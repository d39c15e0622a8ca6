"""The epoch of this HQ: a counter and a random half, kept in the database itself.

A database restored from a backup carries its old epoch until a till shows an ack this HQ no
longer remembers; the bump that follows tells every till and every feed cursor to compare notes.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from central.ledger.tables import FACTS

_KEY = "epoch"


class Epoch(NamedTuple):
    """One life of the database; written `number-nonce`, without a dot (feed cursors have them)."""

    number: int
    nonce: str

    def __str__(self) -> str:
        return f"{self.number}-{self.nonce}"


def current_epoch(conn: Connection) -> Epoch:
    """Read the epoch; a new database gets its first one."""
    text = conn.execute(select(FACTS.c.value).where(FACTS.c.key == _KEY)).scalar_one_or_none()
    if text is not None:
        number, _, nonce = text.partition("-")
        return Epoch(int(number), nonce)
    first = _new(1)
    conn.execute(insert(FACTS).values(key=_KEY, value=str(first)))
    return first


def bump_epoch(conn: Connection) -> Epoch:
    """Begin the next epoch, in the transaction that noticed the rewind."""
    following = _new(current_epoch(conn).number + 1)
    conn.execute(update(FACTS).where(FACTS.c.key == _KEY).values(value=str(following)))
    return following


def _new(number: int) -> Epoch:
    return Epoch(number, secrets.token_hex(8))
