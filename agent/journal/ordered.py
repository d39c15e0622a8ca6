"""HQ's orders in a salvaged file: what `side` says was carried out, is carried out here as well.

The receipt of an order (`order.received`) is an entry, and proven by its hash; what the order has
caused are rows beside the chain, which a damaged page may have taken with it. Without them an order
would be received twice, a lease be forgotten, and a text that was erased be found on an old page
and live on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from agent.core.consent.erasure import ErasePerson, also_meant
from agent.core.entries.bodies import Body, EntryCarried, OrderReceived
from agent.core.entries.canonical import decode
from agent.core.entries.carried import holds, inner
from agent.core.entries.kinds import KINDS
from agent.core.exchange.orders import ERASE, LEASE, Order
from agent.core.faults import InputFault, NotFoundFault
from agent.core.loyalty import read_lease
from agent.journal import erasures, persons, purses
from agent.journal.connection import Connection

_RECEIPT = KINDS[OrderReceived].kind
_KINDS = (_RECEIPT, KINDS[EntryCarried].kind)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InputFault)


def carry_out_again(conn: Connection) -> int:
    """Carry out every order that an entry of this file proves to have been received.

    Args:
        conn: within the transaction that makes the file.

    Returns:
        How many bodies were erased.
    """
    before = _bodies(conn)
    for till, receipt in list(_receipts(conn)):
        with suppress(*_UNREADABLE):
            _again(conn, till, receipt, msgspec.json.decode(receipt.order, type=Order))
    return before - _bodies(conn)


def _bodies(conn: Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM body").fetchall()[0][0])


def _again(conn: Connection, till: str, receipt: OrderReceived, order: Order) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO order_received (till, order_id, outcome) VALUES (?, ?, ?)",
        (till, order.order_id, receipt.outcome),
    )
    if order.kind == LEASE:
        purses.receive(conn, order.order_id, read_lease(bytes(order.body)))
    elif order.kind == ERASE:
        _erase_again(conn, order, receipt.at.wall)


def _erase_again(conn: Connection, order: Order, at: str) -> None:
    body = msgspec.json.decode(order.body, type=ErasePerson)
    for entry in (*body.entries, *also_meant(body, persons.about(conn, body.parties))):
        # Most entries of an order are other tills'.
        with suppress(NotFoundFault):
            erasures.erase(
                conn,
                entry.journal_id,
                entry.seq,
                commitment=entry.commitment,
                order_id=order.order_id,
                at=at,
            )


def _receipts(conn: Connection) -> Iterator[tuple[str, OrderReceived]]:
    """Give the receipts of the file, with the till whose they are; unproven ones say nothing."""
    rows = conn.execute(
        "SELECT j.till, c.kind, c.version, b.bytes FROM chain c JOIN journal j ON j.no = c.journal"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq) WHERE c.kind IN (?, ?)",
        _KINDS,
    ).fetchall()
    for till, kind, version, said in rows:
        with suppress(InputFault):
            body = _proven(decode(kind, version, said))
            if isinstance(body, OrderReceived):
                yield till, body


def _proven(body: Body) -> Body | None:
    """Give what an entry says; of one that was carried over, only if its commitment holds."""
    if not isinstance(body, EntryCarried):
        return body
    is_receipt = body.kind == _RECEIPT and body.verified and holds(body)
    return inner(body) if is_receipt else None
