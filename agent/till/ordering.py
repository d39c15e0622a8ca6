"""What a till does with orders: steps, handing over against money, goods that come back."""

from __future__ import annotations

from msgspec.structs import replace

from agent.core import sale as rules
from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import ItemId
from agent.core.orders import (
    CustomerOrder,
    OrderId,
    Part,
    Stage,
    Step,
    act,
    counter_line,
    noted,
    return_line,
    to_pay,
    view,
)
from agent.core.orders.states import OrderFault
from agent.core.quantities import ONE, Minor, Thousandths
from agent.core.recognition import ItemKey
from agent.core.sale import NewLine, TaxRate
from agent.core.sale.bounds import live
from agent.core.sale.lines import append
from agent.core.sale.model import OrderedAs, Sale
from agent.core.sale.states import next_state
from agent.core.space import Work
from agent.journal import baskets
from agent.journal.connection import Connection
from agent.till.desk import Desk
from agent.till.lines import open_taxes, tax_rates
from agent.till.order_commands import AT_A_TILL, CollectInSale, GiveBack, OrderStep
from agent.till.ordered import noted_by, told_in
from agent.till.orders import OrderSheet, known, sheet
from agent.till.replies import SaleView
from agent.till.selling import line_events

CARRIAGE, PAID_BEFORE = "Carriage", "Paid before"
"""How money for an order is called on a receipt that is for no goods."""


async def step(desk: Desk, ask: OrderStep) -> OrderSheet:
    """Have something happen to an order's goods; told again under its event, it happened once.

    Raises:
        NotFoundFault: `no-such-order`, `no-such-line`.
        OrderFault: the order does not allow it: `payment-due`, `other-store`, `order-…`.
        StateFault: `order-in-basket`.
        InputFault: `not-at-a-till`.
        NoRoom: `disk-full`.
    """
    _require_of_a_till(ask.stage)
    desk.require_cashier()
    order, stamp = known(desk, ask.order_no), desk.clock.stamp()
    if ask.stage is Stage.COLLECTED:
        await _require_in_no_basket(desk, order)
    touch_point = f"{desk.store.id}/{desk.till.id}"
    wanted = Step(
        event=f"{touch_point}/{ask.event or desk.clock.uuid7()}",
        order_id=order.order_id,
        stage=ask.stage,
        parts=ask.parts,
        location=desk.store.id,
        to=ask.to,
        until=ask.until,
        reason=ask.reason,
        at=stamp.wall,
        touch_point=touch_point,
        actor=desk.actor,
    )
    told = act(order, wanted)
    if told not in order.told:
        desk.require_room(Work.SIDE, "nothing is done with orders")
        fact = noted_by(desk.store.id, desk.till.id, stamp, (told,), desk.actor)
        await desk.commit(lambda _conn: None, facts=[fact])
    return sheet(desk, ask.order_no)


async def collect(desk: Desk, ask: CollectInSale) -> SaleView:
    """Put goods of an order into a sale, at the order's price, less what was paid before.

    Raises:
        NotFoundFault: `no-such-order`, `no-such-line`.
        OrderFault: `nothing-to-pay`, or the order does not allow it.
        StateFault: `order-in-basket`.
        SaleFault: the sale does not allow it.
    """
    sale = await desk.basket(ask.sale_id)
    order = _with_basket(desk, known(desk, ask.order_no), sale)
    await _require_in_no_basket(desk, order, sale)
    _require_same_money(order, sale)
    parts = _parts(desk, order, ask)
    due = to_pay(order, parts)
    if not due:
        raise OrderFault(
            f"nothing is to be paid for these goods of order {ask.order_no}",
            remedy='hand them over: POST /v1/orders/{order_no}/steps with "stage": "collected"',
            name="nothing-to-pay",
        )
    desk.require_room(Work.SALES, "nothing is added to a sale")
    changed = _with_goods(desk, sale, order, parts, due=due, taxes=ask.taxes)
    await desk.keep(changed, *line_events(desk, changed))
    return desk.view(changed, changed.lines[-1].line)


async def give_back(desk: Desk, ask: GiveBack) -> SaleView:
    """Put goods of an order that come back into a sale, for exactly what was paid for them.

    Raises:
        NotFoundFault: `no-such-order`, `no-such-line`.
        OrderFault: `more-than-returnable` …
        StateFault: `order-in-basket`.
        SaleFault: the sale does not allow it.
    """
    sale = await desk.basket(ask.sale_id)
    there = next((row for row in sale.lines if row.line_id and row.line_id == ask.line_id), None)
    if there is not None:
        return desk.view(sale, there.line)
    desk.require_room(Work.SALES, "nothing is added to a sale")
    order = known(desk, ask.order_no)
    await _require_in_no_basket(desk, order, sale)
    line = return_line(
        order,
        sale,
        ask.line,
        None if ask.quantity is None else Thousandths(ask.quantity),
        reason=ask.reason,
        actor=desk.actor,
        line_id=ask.line_id,
    )
    put = "damaged" if ask.damaged else ""
    line = replace(
        line,
        taxes=line.taxes or _taxes(desk, line.item_id, line.gtin, ask.taxes),
        ordered=OrderedAs(order.order_id, ask.line, put),
    )
    next_state(sale, rules.Action.ADD_LINE)
    changed = append(sale, line)
    await desk.keep(changed, *line_events(desk, changed))
    return desk.view(changed, changed.lines[-1].line)


def _require_of_a_till(stage: Stage) -> None:
    if stage not in AT_A_TILL:
        raise InputFault(
            f"{stage.value!r} is not told at a till",
            remedy=f"one of: {', '.join(each.value for each in AT_A_TILL)}; goods that come back "
            "are a line of a sale: POST /v1/sales/{sale_id}/order-returns",
            name="not-at-a-till",
        )


async def _require_in_no_basket(desk: Desk, order: CustomerOrder, but: Sale | None = None) -> None:
    """Refuse goods that lie in another basket, which says nothing of them before it is paid.

    Raises:
        StateFault: `order-in-basket`.
    """

    def read(conn: Connection) -> list[Sale]:
        tills = (till.id for till in desk.settings.tills)
        return [sale for till in tills for sale in baskets.all_of(conn, till)]

    for sale in await desk.journal.read(read):
        if sale.sale_id != (but.sale_id if but else "") and _holds(sale, order.order_id):
            raise StateFault(
                f"goods of this order are in a basket at till {sale.till} that is {sale.state}",
                remedy="go on with that basket, or take them out of it first",
                name="order-in-basket",
            )


def _holds(sale: Sale, order_id: OrderId) -> bool:
    """Tell whether a basket hands goods of an order over, or takes them back; money is no goods."""
    tied = (line.ordered for line in live(sale.lines) if line.ordered is not None)
    is_held = any(each.order_id == order_id and each.line for each in tied)
    return is_held and sale.state != rules.CANCELLED


def _with_basket(desk: Desk, order: CustomerOrder, sale: Sale) -> CustomerOrder:
    """Count what the basket takes of the order already as told."""
    told = told_in(sale, desk.store.id, desk.clock.stamp())
    return noted(order, *(each for each in told if each.order_id == order.order_id))


def _parts(desk: Desk, order: CustomerOrder, ask: CollectInSale) -> tuple[Part, ...]:
    """Tell which goods are handed over, as far as the order allows; money comes by the sale."""
    wanted = Step(
        event=f"{ask.sale_id}/asked",
        order_id=order.order_id,
        stage=Stage.COLLECTED,
        parts=ask.parts,
        location=desk.store.id,
    )
    return act(order, wanted, on_account=True).parts


def _with_goods(
    desk: Desk,
    sale: Sale,
    order: CustomerOrder,
    parts: tuple[Part, ...],
    *,
    due: Minor,
    taxes: tuple[str, ...] | None,
) -> Sale:
    before = desk.totals(sale).total
    for part in parts:
        new = counter_line(order, part)
        new = replace(new, taxes=new.taxes or _taxes(desk, new.item_id, new.gtin, taxes))
        sale = _tied(rules.record_line(sale, new), order, part.line)
    rest = due - (desk.totals(sale).total - before)
    return _settled(sale, order, Minor(rest), sale.lines[-1].taxes) if rest else sale


def _settled(sale: Sale, order: CustomerOrder, rest: Minor, taxes: tuple[TaxRate, ...]) -> Sale:
    """Make goods and what is due for them meet: carriage on top, or what was paid before off."""
    placed = view(order).placed
    number = placed.number if placed else order.order_id
    text = f"{CARRIAGE if rest > 0 else PAID_BEFORE} {number}"
    quantity = Thousandths(ONE if rest > 0 else -ONE)
    new = NewLine(text, quantity, Minor(abs(rest)), taxes, reason=text)
    return _tied(rules.record_line(sale, new), order, 0)


def _tied(sale: Sale, order: CustomerOrder, number: int) -> Sale:
    """Have the line that was added last say which order it is of."""
    last = replace(sale.lines[-1], ordered=OrderedAs(order.order_id, number))
    return replace(sale, lines=(*sale.lines[:-1], last))


def _taxes(
    desk: Desk, item_id: str | None, gtin: str | None, named: tuple[str, ...] | None
) -> tuple[TaxRate, ...]:
    """Take the rates of the catalogue where the order's channel told none, else those named."""
    key = ItemKey(gtin=gtin) if gtin else ItemKey(item_id=ItemId(item_id)) if item_id else None
    item = desk.directory.item(key) if key else None
    return tax_rates(desk.settings, item.taxes) if item else open_taxes(desk.settings, named)


def _require_same_money(order: CustomerOrder, sale: Sale) -> None:
    placed = view(order).placed
    if placed is None:
        return
    if (placed.currency, placed.prices_include_tax) != (sale.currency, sale.prices_include_tax):
        raise StateFault(
            f"order {placed.number} was made in {placed.currency} with other price rules",
            remedy="have it paid in the channel it was made in",
            name="other-currency",
        )
