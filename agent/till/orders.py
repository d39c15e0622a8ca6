"""Orders as this till knows them: HQ's word joined with what the agent told itself since."""

from __future__ import annotations

import msgspec

from agent.core.faults import NotFoundFault
from agent.core.history import OPEN, Order
from agent.core.history.told_orders import card_order
from agent.core.identifiers import PartyId
from agent.core.orders import (
    CustomerOrder,
    LineView,
    Money,
    OrderId,
    Trouble,
    gathered,
    number_of,
    view,
)
from agent.core.quantities import Minor, Thousandths
from agent.till.desk import Desk

SPECIAL_PREFIX = "S-"
"""Of special orders' numbers, where the settings have it among the prefixes of orders."""


class GoodsView(msgspec.Struct, frozen=True):
    """One line of an order's goods as it stands; quantities in thousandths."""

    line: int
    name: str
    quantity: Thousandths
    amount: Minor
    open: Thousandths
    """Still to be handed over."""
    ready: Thousandths
    """Of those, waiting for the customer."""
    handed: Thousandths
    returned: Thousandths
    returnable: Thousandths
    item: str | None = None
    gtin: str | None = None


class OrderSheet(Order, frozen=True, kw_only=True):
    """An order with everything a cashier has to know before they do anything with it."""

    goods: tuple[GoodsView, ...] = ()
    money: Money | None = None
    """What it costs now, what was paid, what is `due` and what is `owed` back."""
    money_state: str = ""
    """`unpaid`, `partly paid`, `authorized`, `paid`, `owed` or `nothing to pay`."""
    partial: bool = False
    """Some goods are further than the state says."""
    until: str = ""
    """The last day the goods are kept."""
    troubles: tuple[Trouble, ...] = ()
    """What somebody has to look at."""


def known(desk: Desk, order_no: str) -> CustomerOrder:
    """Give all that is known here of an order.

    Raises:
        NotFoundFault: `no-such-order`.
    """
    held = desk.directory.order(order_no)
    order_id = desk.own.orders.numbered(order_no)
    if held is not None and held.order_id is not None:
        order_id = OrderId(held.order_id)
    if order_id is None:
        raise NotFoundFault(
            f"order {order_no[:64]} is not held here",
            remedy="check the number; orders that wait at another store are at HQ",
            name="no-such-order",
        )
    return gathered(order_id, (*(held.told if held else ()), *desk.own.orders.of(order_id)))


def number_known(desk: Desk, order_id: str) -> str | None:
    """Give the number of an order by its id; None where nothing is known of it here."""
    number = order_id.partition("/")[2] or number_of(OrderId(order_id), prefix_of(desk))
    try:
        known(desk, number)
    except NotFoundFault:
        return None
    return number


def prefix_of(desk: Desk) -> str:
    """Tell what the numbers of special orders begin with at this till."""
    prefixes = desk.settings.barcode.order_prefixes
    return SPECIAL_PREFIX if SPECIAL_PREFIX in prefixes or not prefixes else prefixes[0]


def sheet(desk: Desk, order_no: str) -> OrderSheet:
    """Show an order as it stands, this agent's own acts included.

    Raises:
        NotFoundFault: `no-such-order`.
    """
    held = desk.directory.order(order_no)
    if held is not None and held.order_id is None:
        # An HQ of before told how it stood, and nothing that could be acted upon.
        return _plain(held)
    return _sheet(known(desk, order_no), held)


def shown(desk: Desk, order: Order) -> Order:
    """Give the little a card shows of an order, with what this agent told of it since."""
    plain = msgspec.structs.replace(order, told=(), order_id=None)
    if order.order_id is None or not desk.own.orders.of(OrderId(order.order_id)):
        return plain
    now = card_order(view(known(desk, order.order_no)), order.party_id)
    return plain if now is None else msgspec.structs.replace(plain, state=now.state, paid=now.paid)


def here(desk: Desk, state: str | None = None) -> list[OrderSheet]:
    """List the orders that are open and wait, or will wait, at this store.

    Args:
        desk: a till's.
        state: only those in this state, such as `ready`.
    """
    numbers = {order.order_no for order in desk.directory.orders_here(desk.store.id)}
    numbers |= set(desk.own.orders.made())
    sheets = (sheet(desk, order_no) for order_no in sorted(numbers))
    return [
        each
        for each in sheets
        if each.collect_at == desk.store.id
        and each.state in OPEN
        and (state is None or each.state == state)
    ]


def _plain(order: Order) -> OrderSheet:
    return OrderSheet(**{field: getattr(order, field) for field in Order.__struct_fields__})


def _sheet(order: CustomerOrder, held: Order | None) -> OrderSheet:
    stands = view(order)
    party_id: PartyId | None = held.party_id if held else None
    shown = card_order(stands, party_id) or held
    if shown is None:
        raise NotFoundFault(
            f"what was ordered in {order.order_id} is not known here",
            remedy="ask again once HQ is reached",
            name="order-unknown",
        )
    fields = {field: getattr(shown, field) for field in Order.__struct_fields__}
    return OrderSheet(
        **fields | {"order_id": order.order_id},
        goods=tuple(_goods(each) for each in stands.lines),
        money=stands.money,
        money_state=stands.money.word,
        partial=stands.partial,
        until=stands.until,
        troubles=stands.troubles,
    )


def _goods(each: LineView) -> GoodsView:
    line = each.line
    return GoodsView(
        line=line.line,
        name=line.name,
        quantity=line.quantity,
        amount=line.amount,
        open=each.open,
        ready=each.ready,
        handed=each.handed,
        returned=each.returned,
        returnable=each.returnable,
        item=line.item,
        gtin=line.gtin,
    )
