"""Selling: opening a basket, lines in and out of it, prices, discounts, parking, giving up."""

from __future__ import annotations

from msgspec.structs import replace

from agent.core import sale as rules
from agent.core.entries import facts
from agent.core.faults import StateFault
from agent.core.identifiers import CustomerRef, PartyId, SaleId
from agent.core.loyalty import POINTS_TENDER
from agent.core.sale.model import Sale
from agent.core.space import Work
from agent.till.adding import added
from agent.till.asking import RETURN, keep_asking
from agent.till.commands import (
    AddLine,
    CancelSale,
    ChangeQuantity,
    DiscountLine,
    DiscountSale,
    OpenSale,
    ParkSale,
    PriceLine,
    ResumeSale,
    SetCustomer,
    VoidLine,
)
from agent.till.desk import Desk, required
from agent.till.ordered import collected_with, dropped_with
from agent.till.replies import SaleView
from agent.till.telling import Event, customer_event, item_event, sale_event
from agent.till.value import given_up

CUSTOMER_REF_BYTES = 16


async def open_sale(desk: Desk, ask: OpenSale) -> SaleView:
    """Begin a sale; asked for again with its id, give it as it stands."""
    desk.require_basket_mode("agent")
    known = desk.baskets.get(ask.sale_id) if ask.sale_id else None
    if known is not None:
        return desk.view(known)
    desk.require_cashier()
    _require_none_open(desk)
    desk.require_room(Work.SALES, "no sale is begun")
    sale = new_sale(desk, ask.sale_id)
    await desk.keep(sale, *opening_events(desk, sale))
    desk.present = None
    return desk.view(sale)


def new_sale(desk: Desk, sale_id: SaleId | None = None) -> Sale:
    """Make an empty basket, with the customer who was recognised before it."""
    stamp = desk.clock.stamp()
    sale = rules.open_sale(
        sale_id=sale_id or SaleId(desk.clock.uuid7()),
        till=desk.till.id,
        currency=desk.store.currency,
        prices_include_tax=desk.store.prices_include_tax,
        opened=stamp,
        business_date=desk.business_date(stamp),
        actor=desk.actor,
    )
    return sale if desk.present is None else with_customer(desk, sale, desk.present)


def opening_events(desk: Desk, sale: Sale) -> list[Event]:
    """Tell of a new basket, and of the customer who was waiting for it."""
    events = [sale_event(sale, desk.totals(sale), "opened")]
    if sale.party_id is not None:
        events.append(customer_event(sale.party_id, "found", sale_id=sale.sale_id))
    return events


async def add_line(desk: Desk, ask: AddLine) -> SaleView:
    """Sell or take back one thing; a line id that is there already adds nothing."""
    sale = await desk.basket(ask.sale_id)
    known = next(
        (row for row in sale.lines if row.line_id and row.line_id == ask.request.line_id), None
    )
    if known is not None:
        return desk.view(sale, known.line)
    desk.require_room(Work.SALES, "nothing is added to a sale")
    changed = await added(desk, sale, ask.request)
    moment = RETURN if changed.lines[-1].returns else ""
    await keep_asking(desk, changed, *line_events(desk, changed), moment=moment)
    return desk.view(changed, changed.lines[-1].line)


def line_events(desk: Desk, sale: Sale) -> tuple[Event, Event]:
    """Tell of the line that was added last, and where the sale stands with it."""
    line = sale.lines[-1]
    return (
        item_event(sale.sale_id, line),
        sale_event(sale, desk.totals(sale), "line-added", line=line.line),
    )


async def void_line(desk: Desk, ask: VoidLine) -> SaleView:
    """Take a line out, with a reason; a voided line stays voided.

    Of an order that is collected all goes: what is still wanted of it is put in anew. A special
    order goes with its deposit.
    """
    sale = await desk.basket(ask.sale_id)
    if any(row.line == ask.line and row.voided for row in sale.lines):
        return desk.view(sale, ask.line)
    reason = required(ask.reason, "voiding a line")
    changed = rules.void_line(sale, ask.line, reason, desk.actor)
    out = {ask.line, *collected_with(sale, ask.line)}
    for line in out - {ask.line}:
        changed = rules.void_line(changed, line, reason, desk.actor)
    gone = replace(sale, lines=tuple(line for line in sale.lines if line.line in out))
    dropped = dropped_with(gone, desk.own.orders, desk.store.id, desk.clock.stamp())
    event = sale_event(changed, desk.totals(changed), "line-voided", line=ask.line)
    await desk.keep(changed, event, facts=dropped)
    return desk.view(changed, ask.line)


async def change_quantity(desk: Desk, ask: ChangeQuantity) -> SaleView:
    """Sell another quantity of a line.

    Raises:
        StateFault: `order-is-fixed`: it is of an order.
    """
    sale = await desk.basket(ask.sale_id)
    if any(line.line == ask.line and line.ordered for line in sale.lines):
        raise StateFault(
            f"line {ask.line} is as much of an order as was asked for",
            remedy="void it, and put in what is wanted of the order",
            name="order-is-fixed",
        )
    changed = rules.change_quantity(sale, ask.line, ask.quantity)
    return await _changed(desk, changed, "line-changed", ask.line)


async def price_line(desk: Desk, ask: PriceLine) -> SaleView:
    """Override a line's price, with a reason."""
    sale = await desk.basket(ask.sale_id)
    reason = required(ask.reason, "a price override")
    changed = rules.override_price(sale, ask.line, ask.unit_price, reason, desk.actor)
    return await _changed(desk, changed, "line-changed", ask.line)


async def discount_line(desk: Desk, ask: DiscountLine) -> SaleView:
    """Take an amount off a line, with a reason."""
    sale = await desk.basket(ask.sale_id)
    reason = required(ask.reason, "a discount")
    changed = rules.discount_line(sale, ask.line, ask.amount, reason, desk.actor)
    return await _changed(desk, changed, "line-changed", ask.line)


async def discount_sale(desk: Desk, ask: DiscountSale) -> SaleView:
    """Take an amount off the whole sale, with a reason."""
    sale = await desk.basket(ask.sale_id)
    reason = required(ask.reason, "a discount")
    changed = rules.discount_sale(sale, ask.amount, reason)
    return await _changed(desk, changed, "discounted", None)


async def set_customer(desk: Desk, ask: SetCustomer) -> SaleView:
    """Put a customer on the sale, or take them off.

    Raises:
        StateFault: `points-on-the-counter`.
    """
    sale = await desk.basket(ask.sale_id)
    if sale.party_id == ask.party_id:
        return desk.view(sale)
    if ask.party_id is not None and not desk.may_open(ask.party_id):
        # They are named now, and presented themselves hours ago, if at all.
        desk.meetings.forget(ask.party_id)
    changed = with_customer(desk, sale, ask.party_id)
    answer = "none" if ask.party_id is None else "found"
    await desk.keep(
        changed,
        customer_event(ask.party_id, answer, sale_id=sale.sale_id),
        sale_event(changed, desk.totals(changed), "customer-changed"),
    )
    return desk.view(changed)


def with_customer(desk: Desk, sale: Sale, party_id: PartyId | None) -> Sale:
    """Set the party and a pseudonym that no other sale has.

    Raises:
        StateFault: `points-on-the-counter`: those of whoever is on the sale pay for it.
    """
    if sale.party_id != party_id and any(each.kind == POINTS_TENDER for each in sale.tenders):
        raise StateFault(
            "this sale is being paid with the points of the customer who is on it",
            remedy="remove that tender first: their points are theirs again",
            name="points-on-the-counter",
        )
    if party_id is None:
        return rules.set_customer(sale, None, None)
    ref = CustomerRef(desk.clock.random(CUSTOMER_REF_BYTES).hex())
    return rules.set_customer(sale, party_id, ref)


async def park(desk: Desk, ask: ParkSale) -> SaleView:
    """Put the basket aside, so that the next customer can be served."""
    sale = await desk.basket(ask.sale_id)
    if sale.state == "parked":
        return desk.view(sale)
    return await _changed(desk, rules.park(sale), "parked", None)


async def resume(desk: Desk, ask: ResumeSale) -> SaleView:
    """Take a parked basket up again, while no other is open."""
    sale = await desk.basket(ask.sale_id)
    if sale.state == "open":
        return desk.view(sale)
    _require_none_open(desk)
    return await _changed(desk, rules.resume(sale), "resumed", None)


async def cancel(desk: Desk, ask: CancelSale) -> SaleView:
    """Give the basket up; one with lines leaves a fact."""
    known = desk.baskets.get(ask.sale_id)
    if known is not None and known.state == "cancelled":
        return desk.view(known)
    sale = await desk.basket(ask.sale_id)
    gone = rules.cancel(sale)
    stamp = desk.clock.stamp()
    body = facts.cancelled(
        gone,
        desk.totals(sale),
        store=desk.store.id,
        stamp=stamp,
        actor=desk.actor,
        reason=ask.reason,
    )
    await desk.keep(
        gone,
        sale_event(gone, desk.totals(gone), "cancelled"),
        facts=(body, *dropped_with(sale, desk.own.orders, desk.store.id, stamp))
        if sale.lines
        else (),
        also=lambda conn: given_up(conn, desk, sale.sale_id, stamp),
    )
    return desk.view(gone)


async def _changed(desk: Desk, sale: Sale, what: str, line: int | None) -> SaleView:
    more = {} if line is None else {"line": line}
    await desk.keep(sale, sale_event(sale, desk.totals(sale), what, **more))
    return desk.view(sale, line)


def _require_none_open(desk: Desk) -> None:
    current = desk.open_sale()
    if current is not None:
        raise StateFault(
            f"sale {current.sale_id} is open at till {desk.till.id}",
            remedy="complete, park or cancel it first",
            name="another-sale-open",
        )
