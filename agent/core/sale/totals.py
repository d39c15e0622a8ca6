"""What a sale adds up to, and what is still to be paid, by whom and how.

Cash rounding (Swiss five-centime coins and the like) touches only what is settled in cash: the
rest that cards and vouchers leave, once any cash lies on the counter.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.quantities import Minor, divide_half_away
from agent.core.sale.model import Sale, Tender, Totals
from agent.core.sale.tax import spread, tax_amounts

CASH = "cash"
"""The only kind of tender that gives change, and the one that cash rounding is for."""


class Settlement(msgspec.Struct, frozen=True):
    """How the tenders meet a total."""

    tendered: Minor
    cash_rounding: Minor
    due: Minor
    change: Minor


def totals(sale: Sale, cash_rounding: int = 1) -> Totals:
    """Add a sale up.

    Args:
        sale: in any state; voided lines count nothing.
        cash_rounding: the smallest coin, in minor units; 1 or less rounds nothing.
    """
    parts = spread(sale.lines, sale.discount)
    taxes = tax_amounts(parts, included=sale.prices_include_tax)
    tax = sum(amount.tax for amount in taxes)
    amount = sum(part.amount for part in parts)
    total = Minor(amount if sale.prices_include_tax else amount + tax)
    settled = settle(total, sale.tenders, cash_rounding)
    return Totals(
        total=total,
        net=Minor(total - tax),
        taxes=taxes,
        tendered=settled.tendered,
        cash_rounding=settled.cash_rounding,
        due=settled.due,
        change=settled.change,
    )


def settle(total: Minor, tenders: Sequence[Tender], cash_rounding: int) -> Settlement:
    """Hold tenders against a total.

    Change is given only of cash that was tendered. What is owed to the customer beyond that (a
    refund, or a card charged for more than the basket still holds) is a negative `due`: it takes
    a tender with a negative amount.
    """
    cash = [tender.amount for tender in tenders if tender.kind == CASH]
    tendered = sum(tender.amount for tender in tenders)
    rest = total - (tendered - sum(cash))
    rounding = round_cash(Minor(rest), cash_rounding) - rest if cash else 0
    balance = rest + rounding - sum(cash)
    change = max(0, min(-balance, sum(amount for amount in cash if amount > 0)))
    return Settlement(Minor(tendered), Minor(rounding), Minor(balance + change), Minor(change))


def round_cash(amount: Minor, cash_rounding: int) -> Minor:
    """Round to a multiple of the smallest coin, half away from zero.

    >>> round_cash(Minor(998), 5), round_cash(Minor(-997), 5), round_cash(Minor(998), 1)
    (1000, -995, 998)
    """
    if cash_rounding <= 1:
        return amount
    return Minor(divide_half_away(amount, cash_rounding) * cash_rounding)
