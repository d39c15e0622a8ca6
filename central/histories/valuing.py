"""Points and gift cards: facts of tills become bookings, in whatever order they arrive.

What a fact waits for (a lease HQ has forgotten, the payment a refund is of) parks it, as a sale
parks what returns from it. Goods that came back before their sale was heard of are taken back when
it is: the lines that return it are here already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, select

from agent.core.entries import decode
from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.carried import fact
from agent.core.exchange.orders import FEED_KEY, LEASE, Order
from agent.core.faults import Fault
from agent.core.history.interactions import STORE_CHANNEL, Occasion
from agent.core.history.readings import of_postings
from agent.core.history.times import shown_at
from agent.core.loyalty import (
    GoodsBack,
    LeaseClosed,
    Posting,
    Source,
    ValueEarned,
    ValueRestored,
    ValueSpent,
    goods_back,
)
from agent.core.loyalty.applying import Applied, GoodsReturned, apply
from agent.core.loyalty.bookings import payment
from agent.core.loyalty.facts import LoyaltyFact, ValueUnspent
from agent.core.loyalty.programme import GIFT_PREFIX
from agent.core.sale.model import ReturnOf, Stamp
from central.goods.standing import reckoned_anew
from central.histories import quarantine
from central.histories.entry import Entry
from central.histories.parking import park, unpark
from central.histories.pending import Received, one
from central.identity.cards import reached
from central.identity.interactions import record
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.ledger.customer_tables import SALE_LINES
from central.ledger.outbox import publish, store_scope
from central.ledger.upserts import upsert
from central.ledger.value_tables import VALUE_FINDINGS
from central.value import leasing
from central.value.books import SqlBooks
from central.value.opening import open_books

RESTORED_TOO_MUCH = "restored-more-than-paid"
NOT_SPENT = "tender-not-spent"
_LOYALTY = (*LoyaltyFact.__args__,)
NOBODY: frozenset[str] = frozenset()


def applied(conn: Connection, entry: Entry, body: LoyaltyFact | ValueUnspent) -> frozenset[str]:
    """Book what a till says of points or a gift card; gives whose card it changes.

    Raises:
        LedgerFault: it contradicts the books or itself.
        LoyaltyFault: `unknown-lease`: it was paid under somebody else's lease.
    """
    if isinstance(body, ValueUnspent):
        return _note_unspent(conn, entry, body)
    found = apply(SqlBooks(conn), body)
    if found.waits_for is not None:
        park(conn, entry, _key(found.waits_for))
        return NOBODY
    touched = _booked(conn, entry, found.postings, (body.at, body.store, body.till))
    match body:
        case ValueEarned():
            touched |= _returned_before(conn, entry, body)
        case ValueSpent():
            touched |= _again(conn, entry, [_key(payment(body.sale_id, body.tender))])
        case ValueRestored() if found.over:
            _note_over(conn, entry, body, found)
        case LeaseClosed():
            _close(conn, entry, body)
        case _:
            pass
    return touched


def returned(conn: Connection, entry: Entry, body: SaleCompleted) -> frozenset[str]:
    """Take back what goods have earned that this sale gave back, or that were back before it."""
    touched = NOBODY
    for back in goods_back(body.lines):
        said = body.completed, body.store, body.till
        touched |= _goods(conn, entry, GoodsReturned(body.sale_id, back), said)
    for order_id in sorted(_orders_paid_in(body)):
        touched |= reckoned_anew(conn, order_id, entry.now)
    return touched


def _orders_paid_in(body: SaleCompleted) -> set[str]:
    """Name the orders whose goods were handed over in a sale, and paid for."""
    return {line.ordered.order_id for line in body.lines if line.ordered and not line.returns}


def lease_back(conn: Connection, entry: Entry, order: str) -> frozenset[str]:
    """Book what waited for a lease that HQ had forgotten, and knows again.

    Args:
        conn: of the applier's transaction.
        entry: the till's receipt of the order.
        order: as HQ's key was found to have signed it.
    """
    read = msgspec.json.decode(order, type=Order)
    return _again(conn, entry, [_key(read.order_id)]) if read.kind == LEASE else NOBODY


Said = tuple[Stamp, str, str]
"""When, at which store, at which till."""


def _goods(conn: Connection, entry: Entry, happening: GoodsReturned, said: Said) -> frozenset[str]:
    # A line that earned nothing takes nothing back; one of a sale not heard of yet is asked again.
    return _booked(conn, entry, apply(SqlBooks(conn), happening).postings, said)


def _returned_before(conn: Connection, entry: Entry, body: ValueEarned) -> frozenset[str]:
    """Take back what came back before this was heard of."""
    held = SALE_LINES.c
    query = select(SALE_LINES).where(held.returns_sale == body.sale_id, held.voided.is_(False))
    touched = NOBODY
    for row in conn.execute(query.order_by(held.sale_id, held.line)).all():
        of = ReturnOf(body.sale_id, row.returns_line)
        happening = GoodsReturned(row.sale_id, GoodsBack(row.line, of, -row.quantity))
        touched |= _goods(conn, entry, happening, (body.at, body.store, body.till))
    return touched


def _booked(
    conn: Connection, entry: Entry, postings: Sequence[Posting], said: Said
) -> frozenset[str]:
    """Write postings, and their lines in the histories of whom they are of."""
    at, store, till = said
    open_books(conn, sorted({each.account.owner for each in postings}))
    SqlBooks(conn).write(postings, shown_at(at))
    event = postings[0].event if postings else ""
    occasion = Occasion(
        event_id=f"{entry.journal_id}/{entry.seq}/{event}",
        channel=STORE_CHANNEL,
        touch_point=f"{store}/{till}",
        occurred_at=shown_at(at),
    )
    place = entry.journal_id, entry.seq
    touched = set()
    for happening in of_postings((place,), occasion, postings, about=event):
        owner = happening.party_id
        if not owner.startswith(GIFT_PREFIX) and happening.interaction is not None:
            ensure(conn, owner, Origin("store", occasion.occurred_at), state=PROVISIONAL)
            record(conn, owner, happening.interaction, entry.now)
            reached(conn, owner, *place)
            touched.add(str(owner))
    return frozenset(touched)


def _again(conn: Connection, entry: Entry, keys: Iterable[str]) -> frozenset[str]:
    """Apply what waited; where it cannot be now, it is set aside by itself."""
    touched = NOBODY
    for journal_id, seq in unpark(conn, keys):
        received = one(conn, journal_id, seq)
        try:
            with conn.begin_nested():
                touched |= _reapplied(conn, Entry(journal_id, seq, entry.now), received)
        except Fault as fault:
            quarantine.put(conn, received, fault, entry.now)
    return touched


def _reapplied(conn: Connection, entry: Entry, received: Received) -> frozenset[str]:
    if received.body is None:
        return NOBODY
    body = fact(decode(received.kind, received.version, received.body))
    return applied(conn, entry, body) if isinstance(body, _LOYALTY) else NOBODY


def _close(conn: Connection, entry: Entry, body: LeaseClosed) -> None:
    """Note the end of a lease, and take its order out of the feed: it is of no use any more."""
    leasing.close(conn, body, entry.now)
    publish(conn, store_scope(body.store), FEED_KEY + body.lease_id, "del", b"null")


def _note_unspent(conn: Connection, entry: Entry, body: ValueUnspent) -> frozenset[str]:
    """Have a person look at a payment that a till kept in a sale, and nothing was spent for."""
    done = "be spent" if body.amount > 0 else "be given back"
    row = {
        "event": body.sale_id,
        "line": f"tender-{body.tender}",
        "name": NOT_SPENT,
        "owner": body.owner,
        "unit": body.unit,
        "amount": abs(body.amount),
        "detail": f"tender {body.tender} of sale {body.sale_id} at till {body.till} of {body.store}"
        f" was to {done}, and was not: {body.why}",
        "at": entry.now,
    }
    conn.execute(upsert(VALUE_FINDINGS).on_conflict_do_nothing(), row)
    return NOBODY


def _note_over(conn: Connection, entry: Entry, body: ValueRestored, found: Applied) -> None:
    source = payment(body.of_sale, body.of_tender)
    of = SqlBooks(conn).of(source)[0].account
    detail = f"{found.over} minor units more were given back than sale {body.of_sale} was paid with"
    row = {
        "event": body.sale_id,
        "line": f"tender-{body.tender}",
        "name": RESTORED_TOO_MUCH,
        "owner": of.owner,
        "unit": of.unit,
        "amount": found.over,
        "detail": detail,
        "at": entry.now,
    }
    conn.execute(upsert(VALUE_FINDINGS).on_conflict_do_nothing(), row)


def _key(waits_for: Source | str) -> str:
    """Name in one column what a fact waits for."""
    if isinstance(waits_for, Source):
        return f"value:{waits_for.event}/{waits_for.line}"
    return f"lease:{waits_for}"
