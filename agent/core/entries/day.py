"""The figures of a till's day, folded from its facts: the same for an X report, a Z report and HQ.

Nothing is counted beside the journal, so a report cannot disagree with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.core.entries.bodies import (
    Body,
    CashMoved,
    DayTotals,
    SaleCancelled,
    SaleCompleted,
    TenderTotal,
    TillOpened,
)
from agent.core.quantities import BasisPoints, Minor
from agent.core.sale.bounds import live
from agent.core.sale.model import Line, Stamp, TaxAmount
from agent.core.sale.totals import CASH


def day_totals(bodies: Sequence[Body], currency: str) -> DayTotals:
    """Fold the facts of one till since it was closed last.

    Args:
        bodies: of the `sales` journal, in its order; other kinds are passed over.
        currency: the report's; facts in another one are left out, since a shop that changes its
            currency in the middle of a day reports each by itself.
    """
    sales = [
        body for body in bodies if isinstance(body, SaleCompleted) and body.currency == currency
    ]
    moves = [body for body in bodies if isinstance(body, CashMoved) and body.currency == currency]
    opened = [body for body in bodies if isinstance(body, TillOpened) and body.currency == currency]
    lines = [line for sale in sales for line in live(sale.lines)]
    tenders = _tenders(sales)
    float_amount = sum(body.float_amount for body in opened)
    paid_in = sum(max(0, body.amount) for body in moves)
    paid_out = sum(max(0, -body.amount) for body in moves)
    cash = sum(total.amount for total in tenders if total.kind == CASH)
    return DayTotals(
        sales=len(sales),
        cancelled=sum(isinstance(body, SaleCancelled) for body in bodies),
        items=sum(line.quantity > 0 for line in lines),
        gross=_sum(sale.total for sale in sales),
        net=_sum(sale.net for sale in sales),
        returns=_sum(min(0, line.extension) for line in lines),
        discounts=_discounts(sales, lines),
        taxes=_taxes(sales),
        tenders=tenders,
        float_amount=Minor(float_amount),
        paid_in=Minor(paid_in),
        paid_out=Minor(paid_out),
        expected_cash=Minor(float_amount + cash + paid_in - paid_out),
        first_receipt=sales[0].receipt_no if sales else None,
        last_receipt=sales[-1].receipt_no if sales else None,
        cash_rounding=_sum(sale.cash_rounding for sale in sales),
    )


def opening_of(bodies: Sequence[Body]) -> Stamp | None:
    """Tell when the till was opened, or None where it never was."""
    return next((body.at for body in bodies if isinstance(body, TillOpened)), None)


def _sum(amounts: Iterable[int]) -> Minor:
    return Minor(sum(amounts))


def _discounts(sales: Sequence[SaleCompleted], lines: Sequence[Line]) -> Minor:
    """Line and receipt discounts; one that a return gives back counts against them."""
    return _sum([line.discount for line in lines] + [sale.discount for sale in sales])


def _taxes(sales: Sequence[SaleCompleted]) -> tuple[TaxAmount, ...]:
    """Add the receipts' tax up per rate: what was printed is what is owed."""
    rates: dict[tuple[int, str], list[TaxAmount]] = {}
    for sale in sales:
        for amount in sale.taxes:
            rates.setdefault((-amount.basis_points, amount.name), []).append(amount)
    return tuple(
        TaxAmount(
            name=name,
            basis_points=BasisPoints(-negative_rate),
            net=_sum(amount.net for amount in amounts),
            tax=_sum(amount.tax for amount in amounts),
            gross=_sum(amount.gross for amount in amounts),
        )
        for (negative_rate, name), amounts in sorted(rates.items())
    )


def _tenders(sales: Sequence[SaleCompleted]) -> tuple[TenderTotal, ...]:
    """Add tenders up per kind, cash first, then by name; change comes off cash."""
    tenders = [tender for sale in sales for tender in sale.tenders]
    change = sum(sale.change for sale in sales)
    kinds = sorted({tender.kind for tender in tenders}, key=lambda kind: (kind != CASH, kind))
    return tuple(
        TenderTotal(
            kind=kind,
            amount=_sum(
                [tender.amount for tender in tenders if tender.kind == kind]
                + ([-change] if kind == CASH else [])
            ),
            count=sum(tender.kind == kind for tender in tenders),
        )
        for kind in kinds
    )
