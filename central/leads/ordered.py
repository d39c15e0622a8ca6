"""Orders of other channels as bookings: what the web sold, beside what the stores did.

An order counts where its channel was paid for it. What is paid at a counter is a sale of that
store, and booked there; the order's channel may be credited for it as for any other lead. What was
cancelled does not count; what comes back over a counter takes back from the order's channel.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from agent.core.history import STORE_CHANNEL, Order
from agent.core.identifiers import PartyId
from agent.core.leads import BookedLine, Booking
from agent.core.orders import CustomerOrder, OrderId, Payment, Placed, Told, gathered, view
from agent.core.quantities import Minor, Thousandths, allot
from agent.core.sale.model import Line
from agent.core.sale.tax import line_taxes, spread
from central.leads.items import Names, names_for
from central.ledger.customer_tables import ORDERS
from central.ledger.direct import Prepared
from central.ledger.due import EVENT, PARTY, note_due
from central.ledger.goods_tables import ORDERS_TOLD
from central.ledger.lead_tables import CHANNEL_BOOKINGS
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")
_decode = msgspec.json.Decoder(Told).decode
_NEW = upsert(CHANNEL_BOOKINGS)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["event"],
        set_={
            name: _NEW.excluded[name]
            for name in ("party_id", "channel", "business_date", "currency", "net", "body")
        },
    )
)
_IS_OF = CHANNEL_BOOKINGS.c.event == bindparam("of_event")
_BOOKED, _UNDO = (
    Prepared(select(CHANNEL_BOOKINGS).where(_IS_OF)),
    Prepared(delete(CHANNEL_BOOKINGS).where(_IS_OF)),
)
_HELD = Prepared(select(ORDERS.c.body).where(ORDERS.c.order_no == bindparam("of_number")))
_NUMBERED = select(ORDERS_TOLD.c.order_id).where(ORDERS_TOLD.c.order_no == bindparam("of_number"))
_TOLD = Prepared(
    select(ORDERS_TOLD.c.order_id, ORDERS_TOLD.c.body)
    .where(ORDERS_TOLD.c.order_id.in_(_NUMBERED))
    .order_by(ORDERS_TOLD.c.order_id, ORDERS_TOLD.c.told)
)


def book_order(conn: Connection, order_no: str) -> None:
    """Book an order as it stands now, or take its booking back; what hangs on it is due then."""
    held = _HELD.one_or_none(conn, {"of_number": order_no})
    if held is None:
        return
    order = msgspec.json.decode(held[0], type=Order)
    told: defaultdict[str, list[Told]] = defaultdict(list)
    for row in _TOLD.all(conn, {"of_number": order_no}):
        told[row.order_id].append(_decode(row.body))
    for order_id, every in told.items():
        _book(conn, gathered(OrderId(order_id), every), order)


def _book(conn: Connection, told: CustomerOrder, order: Order) -> None:
    event = str(told.order_id)
    before = next((row._asdict() for row in _BOOKED.all(conn, {"of_event": event})), None)
    booking = _booking(conn, told, order)
    row = None if booking is None else _row(booking)
    if before == row:
        return
    if row is not None:
        _PUT.run(conn, row)
    else:
        _UNDO.run(conn, {"of_event": event})
    whose = (before["party_id"] if before else None, order.party_id)
    note_due(conn, PARTY, [each for each in whose if each])
    if row is None or order.party_id is None:
        # Of nobody whose bookings would be looked through for it.
        note_due(conn, EVENT, [event])


def _row(booking: Booking) -> dict[str, object]:
    return {
        "event": booking.event,
        "party_id": booking.party_id,
        "channel": booking.channel,
        "business_date": booking.business_date,
        "currency": booking.currency,
        "net": sum(line.net for line in booking.lines),
        "body": _json.encode(booking),
    }


def _booking(conn: Connection, told: CustomerOrder, order: Order) -> Booking | None:
    stands = view(told)
    placed = stands.placed
    if placed is None or placed.channel == STORE_CHANNEL or not order.paid:
        return None
    if any(isinstance(each, Payment) and each.sale_id for each in told.told):
        return None
    cancelled = {line.line.line: line.cancelled for line in stands.lines}
    names = names_for(conn, (line.item or line.gtin for line in placed.lines))
    lines = tuple(_lines(placed, cancelled, names))
    if not lines:
        return None
    at = placed.at or order.placed_at
    return Booking(
        event=str(told.order_id),
        channel=placed.channel,
        at=at,
        business_date=at[:10],
        currency=placed.currency,
        lines=lines,
        touch_point=placed.touch_point or placed.channel,
        party_id=None if order.party_id is None else PartyId(order.party_id),
    )


def _lines(placed: Placed, cancelled: dict[int, Thousandths], names: Names) -> list[BookedLine]:
    """Give what is left of each line without tax; carriage counts, too."""
    sold = [_as_sold(placed, number) for number in range(len(placed.lines))]
    parts = spread(tuple(sold), Minor(0))
    taxes = line_taxes(parts, included=True) if placed.prices_include_tax else {}
    lines = []
    for part, ordered in zip(parts, placed.lines, strict=True):
        gone = min(max(0, cancelled.get(ordered.line, Thousandths(0))), ordered.quantity)
        left = ordered.quantity - gone
        if left > 0:
            net = allot(Minor(part.amount - taxes.get(part.line.line, 0)), [left, gone])[0]
            item = names.of(ordered.item, ordered.gtin) if ordered.goods else None
            lines.append(BookedLine(ordered.line, Thousandths(left), net, item))
    return lines


def _as_sold(placed: Placed, number: int) -> Line:
    ordered = placed.lines[number]
    return Line(
        line=ordered.line,
        name=ordered.name,
        quantity=ordered.quantity,
        unit_price=ordered.unit_price or Minor(0),
        extension=ordered.amount,
        taxes=ordered.taxes,
    )
