"""What a completed sale tells of orders: goods handed over or given back in it, and money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.core.identifiers import ActorId, SaleId, StoreId, TillId
from agent.core.orders import (
    By,
    OrderId,
    OrderNoted,
    Part,
    Stage,
    Step,
    Told,
    gathered,
    of_sale,
    paid_in_sale,
    taxes_on_top,
    view,
)
from agent.core.orders.states import DRAFT
from agent.core.quantities import Minor, Thousandths
from agent.core.sale.bounds import live
from agent.core.sale.model import Line, Sale, Stamp
from agent.core.stock import Bucket
from agent.till.own_orders import OwnOrders


def orders_in(lines: Iterable[Line]) -> list[str]:
    """List the orders that lines of a sale belong to."""
    return sorted({line.ordered.order_id for line in lines if line.ordered is not None})


def collected_with(sale: Sale, number: int) -> list[int]:
    """List the lines that hand goods of one order over, and settle them, together with a line.

    What was paid before is taken off for all of them at once: one alone out of the basket would
    leave money that is nobody's.
    """
    tied = [line for line in live(sale.lines) if line.ordered is not None and line.returns is None]
    of = {line.ordered.order_id for line in tied if line.ordered and line.line == number}
    return [line.line for line in tied if line.ordered and line.ordered.order_id in of]


def told_in(sale: Sale, store: StoreId, stamp: Stamp) -> tuple[Told, ...]:
    """Tell what a sale does for orders, under ids that follow from the sale: told once each.

    Args:
        sale: the basket, or the sale it became.
        store: whose shelf the goods come from or go to.
        stamp: when.
    """
    by = By(stamp.wall, f"{store}/{sale.till}", sale.actor)
    taxes = taxes_on_top(sale.lines, sale.discount, included=sale.prices_include_tax)
    return tuple(
        each
        for order_id in orders_in(live(sale.lines))
        for each in _told_of(OrderId(order_id), sale, store, taxes, by)
    )


def noted_in(sale: Sale, store: StoreId, stamp: Stamp) -> tuple[OrderNoted, ...]:
    """Make the fact that goes into the journal beside the sale; none where it is of no order."""
    told = told_in(sale, store, stamp)
    return (noted_by(store, sale.till, stamp, told, sale.actor),) if told else ()


def dropped_with(
    sale: Sale, own: OwnOrders, store: StoreId, stamp: Stamp
) -> tuple[OrderNoted, ...]:
    """Give up the special orders whose deposit would have been paid by lines given up."""
    by = By(stamp.wall, f"{store}/{sale.till}", sale.actor)
    told = tuple(
        Step(
            event=f"{order_id}/given-up",
            order_id=OrderId(order_id),
            stage=Stage.CANCELLED,
            reason="its deposit was taken out of the basket, or the basket given up",
            at=by.at,
            touch_point=by.touch_point,
            actor=by.actor,
        )
        for order_id in orders_in(live(sale.lines))
        if _is_unpaid_draft(OrderId(order_id), own)
    )
    return (noted_by(store, sale.till, stamp, told, sale.actor),) if told else ()


def _is_unpaid_draft(order_id: OrderId, own: OwnOrders) -> bool:
    order = view(gathered(order_id, own.of(order_id)))
    return order.placed is not None and order.state == DRAFT and not order.money.settled


def noted_by(
    store: StoreId, till: TillId, stamp: Stamp, told: tuple[Told, ...], actor: ActorId | None
) -> OrderNoted:
    """Make the fact of something told at a till."""
    return OrderNoted(store=store, till=till, at=stamp, told=told, actor=actor)


def _told_of(
    order_id: OrderId, sale: Sale, store: StoreId, taxes: Mapping[int, Minor], by: By
) -> tuple[Told, ...]:
    lines = [
        line
        for line in live(sale.lines)
        if line.ordered is not None and line.ordered.order_id == order_id
    ]
    put = {
        line.line: Bucket(line.ordered.put)
        for line in lines
        if line.ordered is not None and line.ordered.put
    }
    back = of_sale(
        order_id,
        sale.sale_id,
        tuple(lines),
        location=store,
        taxes=taxes,
        put=put,
        kind=_kind(sale),
        by=by,
    )
    out = [line for line in lines if line.returns is None]
    return (
        *_collected(order_id, sale, store, out, by),
        *_paid(order_id, sale, out, taxes, by),
        *back,
    )


def _collected(
    order_id: OrderId, sale: Sale, store: StoreId, lines: list[Line], by: By
) -> tuple[Step, ...]:
    parts: dict[int, int] = {}
    for line in lines:
        if line.ordered is not None and line.ordered.line:
            parts[line.ordered.line] = parts.get(line.ordered.line, 0) + line.quantity
    if not parts:
        return ()
    return (
        Step(
            event=f"{sale.sale_id}/collected/{order_id}",
            order_id=order_id,
            stage=Stage.COLLECTED,
            parts=tuple(Part(number, Thousandths(parts[number])) for number in sorted(parts)),
            location=store,
            sale_id=SaleId(sale.sale_id),
            at=by.at,
            touch_point=by.touch_point,
            actor=by.actor,
        ),
    )


def _paid(
    order_id: OrderId, sale: Sale, lines: list[Line], taxes: Mapping[int, Minor], by: By
) -> tuple[Told, ...]:
    amount = sum(line.extension + taxes.get(line.line, 0) for line in lines)
    if amount <= 0:
        return ()
    return (paid_in_sale(order_id, sale.sale_id, Minor(amount), kind=_kind(sale), by=by),)


def _kind(sale: Sale) -> str:
    kinds = {tender.kind for tender in sale.tenders}
    return kinds.pop() if len(kinds) == 1 else ""
