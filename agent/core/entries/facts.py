"""From a decided sale to the fact of it: what goes into the journal, and what stays out.

The party stays out: a `sales` body carries the sale's own pseudonym alone (P9).
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.entries.bodies import Body, DayTotals, SaleCancelled, SaleCompleted, TillClosed
from agent.core.entries.day import day_totals, opening_of
from agent.core.identifiers import ActorId, StoreId, TillId
from agent.core.quantities import Minor
from agent.core.sale.model import Sale, SaleFault, Stamp, Totals
from agent.core.sale.returns import Original
from agent.core.sale.states import COMPLETED


def completed(sale: Sale, totals: Totals, *, store: StoreId, stamp: Stamp) -> SaleCompleted:
    """Make the fact of a completed sale.

    Args:
        sale: as `complete` gave it.
        totals: of that sale, with the store's cash rounding.
        store: the store's id.
        stamp: when it was completed.

    Raises:
        SaleFault: `sale-not-completed`: the sale has not gone through `complete`.
    """
    if sale.state != COMPLETED or sale.receipt_no is None:
        raise SaleFault(
            f"the sale is {sale.state}, so it is no fact yet",
            remedy="complete it first",
            name="sale-not-completed",
        )
    return SaleCompleted(
        sale_id=sale.sale_id,
        receipt_no=sale.receipt_no,
        store=store,
        till=sale.till,
        business_date=sale.business_date,
        currency=sale.currency,
        prices_include_tax=sale.prices_include_tax,
        opened=sale.opened,
        completed=stamp,
        lines=sale.lines,
        tenders=sale.tenders,
        taxes=totals.taxes,
        total=totals.total,
        net=totals.net,
        change=totals.change,
        cash_rounding=totals.cash_rounding,
        discount=sale.discount,
        discount_reason=sale.discount_reason,
        actor=sale.actor,
        customer_ref=sale.customer_ref,
        external_receipt_no=sale.external_receipt_no,
    )


def cancelled(
    sale: Sale,
    totals: Totals,
    *,
    store: StoreId,
    stamp: Stamp,
    actor: ActorId | None = None,
    reason: str | None = None,
) -> SaleCancelled:
    """Make the fact of a basket that was given up; `actor` is who did, else the sale's own."""
    return SaleCancelled(
        sale_id=sale.sale_id,
        store=store,
        till=sale.till,
        business_date=sale.business_date,
        opened=sale.opened,
        cancelled=stamp,
        lines=sale.lines,
        total=totals.total,
        actor=sale.actor if actor is None else actor,
        reason=reason,
    )


def original(body: SaleCompleted) -> Original:
    """Take from a fact what a return of its goods needs."""
    return Original(
        sale_id=body.sale_id,
        lines=body.lines,
        currency=body.currency,
        prices_include_tax=body.prices_include_tax,
        discount=body.discount,
    )


def till_closed(
    bodies: Sequence[Body],
    *,
    store: StoreId,
    till: TillId,
    currency: str,
    business_date: str,
    z_number: int,
    stamp: Stamp,
    counted_cash: Minor,
    actor: ActorId | None = None,
) -> TillClosed:
    """Make the Z report of everything since the till was closed last, in the journal's order."""
    totals: DayTotals = day_totals(bodies, currency)
    return TillClosed(
        store=store,
        till=till,
        business_date=business_date,
        z_number=z_number,
        opened=opening_of(bodies),
        at=stamp,
        currency=currency,
        totals=totals,
        counted_cash=counted_cash,
        difference=Minor(counted_cash - totals.expected_cash),
        actor=actor,
    )
