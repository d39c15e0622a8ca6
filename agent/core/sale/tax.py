"""Tax of a receipt: one amount per rate, rounded once on the receipt's total of that rate.

Rounding line by line would let the tax of a long receipt drift from its total. Lines with the same
set of rates are added first; the rates of one line stand beside each other, none taxes another.
All sums before the one rounding are exact fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from agent.core.quantities import WHOLE, Minor, allot, divide_half_away
from agent.core.sale.bounds import live
from agent.core.sale.model import Line, TaxAmount, TaxRate


class Part(msgspec.Struct, frozen=True):
    """A line that counts, and what it costs after its share of the receipt discount."""

    line: Line
    amount: Minor


def spread(lines: tuple[Line, ...], discount: Minor) -> tuple[Part, ...]:
    """Share a receipt discount out over the lines that are sold, in proportion to their price.

    Lines that come back keep their amount: what was paid for them is no matter of this receipt's
    discount. A discount without anything sold is not shared out (and `discount_sale` refuses it).
    """
    counting = live(lines)
    weights = [max(0, line.extension) for line in counting]
    shares = allot(discount, weights) if sum(weights) else [Minor(0)] * len(weights)
    return tuple(
        Part(line, Minor(line.extension - part))
        for line, part in zip(counting, shares, strict=True)
    )


def tax_amounts(parts: Sequence[Part], *, included: bool) -> tuple[TaxAmount, ...]:
    """Compute net, tax and gross of each rate, the highest rate first.

    Args:
        parts: the lines that count.
        included: whether their amounts include the tax.

    Returns:
        One amount per rate. A line with several rates stands in each of them, so nets add up to
        the receipt's net only where each line has exactly one rate.
    """
    nets = _nets(parts, included=included)
    rates = sorted(nets, key=lambda rate: (-rate.basis_points, rate.name))
    return tuple(_amount(rate, nets[rate]) for rate in rates)


def line_taxes(parts: Sequence[Part], *, included: bool) -> dict[int, Minor]:
    """Share the receipt's tax out over its lines, for reports by item: line number to tax.

    Each rate's tax is split as the lines make it, rounded; the remainder goes to the line with
    the largest amount of that rate, so that the lines add up to the receipt.
    """
    taxes = {part.line.line: 0 for part in parts}
    for amount in tax_amounts(parts, included=included):
        rate = TaxRate(amount.name, amount.basis_points)
        taxed = [part for part in parts if rate in part.line.taxes]
        largest = max(taxed, key=lambda part: abs(part.amount)).line.line
        taxes[largest] += amount.tax
        for part in taxed:
            tax = _rounded(_net(part.amount, part.line.taxes, included=included) * _share(rate))
            taxes[part.line.line] += tax
            taxes[largest] -= tax
    return {line: Minor(tax) for line, tax in taxes.items()}


def _nets(parts: Sequence[Part], *, included: bool) -> dict[TaxRate, Fraction]:
    """Add the exact net amounts up under each of the rates on them."""
    amounts: dict[tuple[TaxRate, ...], int] = {}
    for part in parts:
        amounts[part.line.taxes] = amounts.get(part.line.taxes, 0) + part.amount
    nets: dict[TaxRate, Fraction] = {}
    for rates, amount in amounts.items():
        for rate in set(rates):
            nets[rate] = nets.get(rate, Fraction(0)) + _net(amount, rates, included=included)
    return nets


def _net(amount: int, rates: tuple[TaxRate, ...], *, included: bool) -> Fraction:
    if not included:
        return Fraction(amount)
    return Fraction(amount * WHOLE, WHOLE + sum(rate.basis_points for rate in set(rates)))


def _amount(rate: TaxRate, net: Fraction) -> TaxAmount:
    """Round the tax once; the gross is exact where every line has one rate, the net is the rest."""
    tax = _rounded(net * _share(rate))
    gross = _rounded(net * (1 + _share(rate)))
    return TaxAmount(rate.name, rate.basis_points, Minor(gross - tax), tax, gross)


def _share(rate: TaxRate) -> Fraction:
    return Fraction(rate.basis_points, WHOLE)


def _rounded(exact: Fraction) -> Minor:
    return Minor(divide_half_away(exact.numerator, exact.denominator))
