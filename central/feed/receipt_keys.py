"""The keys of tills, published one by one: any store can trust the paper of any other, offline.

A till that was replaced or renewed its key has left genuine receipts behind, so its key stays.
Only a device somebody revoked is trusted no longer: who stole it could write receipts.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, and_, func, literal, or_, select

from agent.core.recognition.receipt_seal import KEY_RULE, TillKey, key_rule
from agent.core.recognition.signed_text import KEY_CHARACTERS, key_id
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.tables import CREDENTIALS, FEED_ROWS

LOT_MAX = 500
"""Keys of one transaction: the first start of an HQ with thousands of tills holds nobody up."""
_RULE = "rule:"
_named = literal(_RULE + KEY_RULE) + func.substr(CREDENTIALS.c.keyid, 1, KEY_CHARACTERS)
_published = and_(FEED_ROWS.c.scope == GLOBAL, FEED_ROWS.c.key == _named)
_is_revoked = CREDENTIALS.c.device_key.in_(select(REVOKED_DEVICES.c.device_key))
_NEW = (
    select(CREDENTIALS.c.device_key)
    .outerjoin(FEED_ROWS, _published)
    .where(or_(FEED_ROWS.c.key.is_(None), FEED_ROWS.c.op != "put"), ~_is_revoked)
    .order_by(CREDENTIALS.c.keyid)
    .limit(LOT_MAX)
)
_GONE = (
    select(CREDENTIALS.c.device_key)
    .join(FEED_ROWS, _published)
    .where(FEED_ROWS.c.op == "put", _is_revoked)
    .order_by(CREDENTIALS.c.keyid)
    .limit(LOT_MAX)
)


def due(conn: Connection) -> list[Change]:
    """Tell which keys tills have yet to hear of, one lot of them."""
    return list(_changes(conn))


def publish_due(conn: Connection) -> int:
    """Publish them, in the caller's writing transaction; gives how many."""
    changes = due(conn)
    if changes:
        publish_many(conn, GLOBAL, changes)
    return len(changes)


def _changes(conn: Connection) -> Iterator[Change]:
    for public in conn.execute(_NEW).scalars():
        yield Change(_key(public), "put", msgspec.json.encode(TillKey(public)))
    for public in conn.execute(_GONE).scalars():
        yield Change(_key(public), "del")


def _key(public: str) -> str:
    return _RULE + key_rule(key_id(bytes.fromhex(public)))
