"""Special orders, and buying again: what the store does not have, and what was had before."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from agent.core import sale as rules
from agent.core.faults import Fault, InputFault, NotFoundFault, StateFault
from agent.core.history.interactions import STORE_CHANNEL
from agent.core.orders import (
    DepositRule,
    OrderId,
    OrderLine,
    Placed,
    as_draft,
    deposit_line,
    deposit_of,
    number_of,
)
from agent.core.orders.tally import tallies
from agent.core.quantities import Minor, Thousandths, extend
from agent.core.recognition import ItemKey, Part, opens, price_on
from agent.core.sale.model import OrderedAs, Sale
from agent.core.space import Work
from agent.till.adding import added
from agent.till.desk import Desk
from agent.till.lines import tax_rates
from agent.till.order_commands import (
    OrderSpecially,
    Reorder,
    Reordered,
    SpecialOrdered,
    SpecialRequest,
    WantedItem,
)
from agent.till.ordered import noted_by
from agent.till.orders import known, prefix_of, sheet
from agent.till.requests import LineRequest
from agent.till.rule_book import RuleBook
from agent.till.selling import line_events

DEPOSITS = "deposits"
"""HQ's rule by which deposits are reckoned: the JSON of a `DepositRule`."""
_read = msgspec.json.Decoder(DepositRule).decode


async def order_specially(desk: Desk, ask: OrderSpecially) -> SpecialOrdered:
    """Order what the store does not have, whole and with its number, whether HQ is there or not.

    The order waits for its deposit, a line of the sale; HQ takes it up once that is paid.

    Raises:
        NotFoundFault: `unknown-item`.
        InputFault: `price-missing`.
        SaleFault: the sale does not allow it.
        NoRoom: `disk-full`.
    """
    sale, request = await desk.basket(ask.sale_id), ask.request
    order_id = OrderId(request.order_id or desk.clock.uuid7())
    number = number_of(order_id, prefix_of(desk))
    if desk.own.orders.of(order_id):
        return SpecialOrdered(sheet(desk, number), desk.view(sale))
    desk.require_cashier()
    desk.require_room(Work.SALES, "nothing is ordered")
    placed = _draft(desk, sale, order_id, request)
    taxes = placed.lines[0].taxes
    changed = rules.record_line(sale, deposit_line(placed, taxes)) if placed.deposit else sale
    if changed is not sale:
        last = replace(changed.lines[-1], ordered=OrderedAs(order_id))
        changed = replace(changed, lines=(*changed.lines[:-1], last))
    fact = noted_by(desk.store.id, desk.till.id, desk.clock.stamp(), (placed,), desk.actor)
    events = line_events(desk, changed) if changed is not sale else ()
    await desk.keep(changed, *events, facts=[fact])
    return SpecialOrdered(sheet(desk, number), desk.view(changed))


async def reorder(desk: Desk, ask: Reorder) -> Reordered:
    """Buy again what was ordered before, at today's prices, as far as it is in the catalogue.

    Raises:
        NotFoundFault: `no-such-order`: nothing was ordered before, or it is not held here.
        StateFault: `identify-better`: no order is named, and theirs are closed.
        SaleFault: the sale does not allow it.
    """
    sale = await desk.basket(ask.sale_id)
    order = known(desk, ask.order_no or _last_of(desk, sale))
    missing: list[str] = []
    changed = sale
    for tally in tallies(order).lines:
        line = tally.line
        request = _again(line, f"again/{line.line}/{order.order_id}")
        try:
            changed = await added(desk, changed, request)
        except Fault:
            missing.append(line.name)
    if changed is not sale:
        await desk.keep(changed, *line_events(desk, changed))
    return Reordered(desk.view(changed), tuple(missing))


def _again(line: OrderLine, line_id: str) -> LineRequest:
    gtin = line.gtin if line.gtin and not line.item else None
    return LineRequest(item_id=line.item, gtin=gtin, quantity=line.quantity, line_id=line_id[:64])


def _last_of(desk: Desk, sale: Sale) -> str:
    if sale.party_id and not opens(desk.meeting(sale.party_id).strength, Part.ORDERS):
        raise StateFault(
            "what the customer presented does not open what they ordered",
            remedy="ask for their phone number or e-mail address, or name the order",
            name="identify-better",
        )
    orders = desk.directory.orders_for(sale.party_id) if sale.party_id else []
    if not orders:
        raise NotFoundFault(
            "nobody on this sale has an order that is held here",
            remedy="identify the customer first, or name the order",
            name="no-such-order",
        )
    return max(orders, key=lambda each: (each.placed_at, each.order_no)).order_no


def _draft(desk: Desk, sale: Sale, order_id: OrderId, request: SpecialRequest) -> Placed:
    lines = tuple(
        _line(desk, sale, number, wanted) for number, wanted in enumerate(request.items, 1)
    )
    total = Minor(sum(line.cost for line in lines))
    return as_draft(
        Placed(
            event="",
            order_id=order_id,
            number=number_of(order_id, prefix_of(desk)),
            channel=STORE_CHANNEL,
            currency=sale.currency,
            lines=lines,
            prices_include_tax=sale.prices_include_tax,
            collect_at=None if request.ship else desk.store.id,
            deposit=deposit_of(total, _rule(desk)),
            customer_ref=sale.customer_ref,
            at=desk.clock.stamp().wall,
            touch_point=f"{desk.store.id}/{desk.till.id}",
            actor=desk.actor,
        )
    )


def _line(desk: Desk, sale: Sale, number: int, wanted: WantedItem) -> OrderLine:
    item = desk.directory.item(ItemKey(item_id=wanted.item_id))
    if item is None:
        raise NotFoundFault(
            f"no item is listed under {wanted.item_id}",
            remedy="search for it: GET /v1/items?text=",
            name="unknown-item",
        )
    price = price_on(item, sale.business_date)
    if price is None:
        raise InputFault(
            f"{item.name} has no price on {sale.business_date}",
            remedy="have the price entered at HQ",
            name="price-missing",
        )
    return OrderLine(
        line=number,
        name=item.name,
        quantity=Thousandths(wanted.quantity),
        amount=extend(price, Thousandths(wanted.quantity)),
        unit_price=price,
        item=item.item_id,
        gtin=next(iter(item.gtins), None),
        unit=item.unit,
        taxes=tax_rates(desk.settings, item.taxes),
    )


def _rule(desk: Desk) -> DepositRule:
    lost = "deposits are reckoned as where HQ has said nothing"
    return RuleBook(desk.directory, DEPOSITS, _read, DepositRule(), lost).now()
