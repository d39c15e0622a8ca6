"""What a sale earns: each rule once on the whole receipt, then shared out over its lines.

Shared out, so that a line that comes back takes with it what it has earned, and all lines together
exactly what the receipt was given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

import msgspec

from agent.core.loyalty.rules import HALF, QUANTITY, VISIT, EarnRule
from agent.core.quantities import Minor, Thousandths, allot, divide_half_away
from agent.core.sale.model import Line, ReturnOf, Tender
from agent.core.sale.tax import line_taxes, spread


class EarnLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a receipt or of a web order, as far as rules look at it."""

    line: int
    quantity: Thousandths
    amount: Minor
    """What it costs, its share of the receipt's discount taken off; negative of what came back."""
    names: tuple[str, ...] = ()
    """What `EarnRule.items` may call it: item id, GTIN."""
    groups: tuple[str, ...] = ()


class Basis(msgspec.Struct, frozen=True):
    """What rules are held against."""

    lines: tuple[EarnLine, ...]
    """Without those that give back goods of a known sale: these are reversed, see `goods_back`."""
    business_date: str
    store: str = ""
    channel: str = ""
    tier: str = ""
    tenders: dict[str, Minor] = {}
    """Kind → what was paid with it."""
    total: Minor | None = None
    """What the lines sold cost in money, where that is more than they add up to: tax on top."""


class EarnedLine(msgspec.Struct, frozen=True):
    """What one line has earned; negative where goods came back without their receipt."""

    line: int
    value: int
    quantity: Thousandths


class Earning(msgspec.Struct, frozen=True):
    """What a receipt earns in one unit."""

    unit: str
    lines: tuple[EarnedLine, ...]
    rules: tuple[tuple[str, int], ...]
    """(rule id, version) of those that gave something."""

    @property
    def value(self) -> int:
        """Give the sum."""
        return sum(line.value for line in self.lines)


class GoodsBack(msgspec.Struct, frozen=True):
    """Goods of a known sale that came back on a line of this one."""

    line: int
    of: ReturnOf
    quantity: Thousandths


def basis_of(
    lines: tuple[Line, ...],
    *,
    discount: Minor,
    tenders: Iterable[Tender],
    prices_include_tax: bool,
    business_date: str,
    store: str,
    channel: str,
    tier: str = "",
    groups: Callable[[Line], tuple[str, ...]] = lambda _: (),
    without: Collection[int] = (),
) -> Basis:
    """Read a receipt as rules see it.

    Args:
        lines: of the sale, voided ones and returns included.
        discount: off the whole receipt.
        tenders: of the sale; change need not be taken off.
        prices_include_tax: as in the sale.
        business_date: of the sale.
        store: its id.
        channel: its id.
        tier: of the customer.
        groups: what the goods of a line belong to.
        without: numbers of lines that never earn, such as the loading of a gift card.
    """
    parts = [part for part in spread(lines, discount) if part.line.returns is None]
    sold = [part for part in parts if part.line.quantity > 0]
    tax = {} if prices_include_tax else line_taxes(sold, included=False)
    paid: dict[str, Minor] = {}
    for tender in tenders:
        paid[tender.kind] = Minor(paid.get(tender.kind, 0) + tender.amount)
    return Basis(
        lines=tuple(
            EarnLine(
                part.line.line,
                part.line.quantity,
                part.amount,
                tuple(name for name in (part.line.item_id, part.line.gtin) if name),
                groups(part.line),
            )
            for part in parts
            if part.line.line not in without
        ),
        business_date=business_date,
        store=store,
        channel=channel,
        tier=tier,
        tenders=paid,
        total=Minor(sum(part.amount for part in sold) + sum(tax.values())),
    )


def goods_back(lines: Iterable[Line]) -> tuple[GoodsBack, ...]:
    """List what a sale gives back of known sales: each takes back what it has earned."""
    return tuple(
        GoodsBack(line.line, line.returns, Thousandths(-line.quantity))
        for line in lines
        if line.returns is not None and not line.voided
    )


def earn(rules: Iterable[EarnRule], basis: Basis) -> tuple[Earning, ...]:
    """Tell what a receipt earns, unit by unit; the order of the rules does not matter.

    Goods that came back without their receipt take with them what such goods earn, by the rules
    that count goods or money without a threshold.
    """
    given = [each for rule in rules if (each := _given(rule, basis)).lines]
    counting = [each for each in given if _best(each, given)]
    units = sorted({each.rule.unit for each in counting})
    return tuple(_earning(unit, basis, counting) for unit in units)


def promised_beyond(promised: Earning, rules: Iterable[EarnRule], basis: Basis) -> int | None:
    """Tell how much more was promised on a receipt than its own rules give; for HQ's worklist.

    A promise is kept: what a customer was told at the till is booked, and a difference is looked
    into by a person.

    Returns:
        The difference; None where a rule it names is not here in that version.
    """
    known = {(rule.rule_id, rule.version): rule for rule in rules}
    if not known.keys() >= set(promised.rules):
        return None
    meant = earn([known[rule] for rule in promised.rules], basis)
    return promised.value - sum(each.value for each in meant if each.unit == promised.unit)


class _Given(msgspec.Struct, frozen=True):
    """What one rule gives."""

    rule: EarnRule
    lines: dict[int, int]
    """Line number → value, where there is any."""

    @property
    def rank(self) -> tuple[int, str]:
        return -sum(self.lines.values()), self.rule.rule_id


def _given(rule: EarnRule, basis: Basis) -> _Given:
    lines = [line for line in _paid(rule, basis) if _counts(rule, line)]
    sold = [line for line in lines if line.quantity > 0]
    back = [line for line in lines if line.quantity < 0]
    values: dict[int, int] = {}
    if _applies(rule, basis):
        if sold and sum(line.amount for line in sold) >= rule.least:
            values |= _shared(rule, sold, 1)
        if back and rule.by != VISIT and not rule.least:
            values |= _shared(rule, back, -1)
    return _Given(rule, {line: value for line, value in values.items() if value})


def _applies(rule: EarnRule, basis: Basis) -> bool:
    listed = (
        (rule.stores, basis.store),
        (rule.channels, basis.channel),
        (rule.tiers, basis.tier),
    )
    day = basis.business_date
    in_time = rule.first_day <= day and (not rule.last_day or day <= rule.last_day)
    return in_time and all(not names or name in names for names, name in listed)


def _counts(rule: EarnRule, line: EarnLine) -> bool:
    wanted = not rule.items or not set(rule.items).isdisjoint(line.names)
    grouped = not rule.groups or not set(rule.groups).isdisjoint(line.groups)
    excepted = {*rule.except_items} & {*line.names} or {*rule.except_groups} & {*line.groups}
    return wanted and grouped and not excepted


def _paid(rule: EarnRule, basis: Basis) -> Sequence[EarnLine]:
    """Take off each line its share of what was paid by tenders that earn nothing."""
    weights = [max(0, line.amount) for line in basis.lines]
    whole = sum(weights)
    total = whole if basis.total is None else max(whole, basis.total)
    kinds = set(rule.not_paid_by)
    paid = sum(amount for kind, amount in basis.tenders.items() if kind in kinds)
    off = divide_half_away(min(max(0, paid), total) * whole, total) if total else 0
    shares = allot(Minor(off), weights) if off else [Minor(0)] * len(weights)
    return [
        msgspec.structs.replace(line, amount=Minor(line.amount - share))
        for line, share in zip(basis.lines, shares, strict=True)
    ]


def _shared(rule: EarnRule, lines: Sequence[EarnLine], sign: int) -> dict[int, int]:
    """Give a rule's value on these lines, all sold (1) or come back (-1): rounded once, shared."""
    counts = [sign * (line.quantity if rule.by == QUANTITY else line.amount) for line in lines]
    counted = rule.per if rule.by == VISIT else max(0, sum(counts))
    value = rule.points * counted
    value = divide_half_away(value, rule.per) if rule.rounding == HALF else value // rule.per
    value = min(value, rule.most) if rule.most else value
    # A line of a negative price among those sold (a deposit taken back) has no share to lose.
    weights = [max(0, count) for count in counts]
    shares = allot(Minor(sign * value), weights if any(weights) else [1] * len(lines))
    return {line.line: share for line, share in zip(lines, shares, strict=True)}


def _best(each: _Given, given: Iterable[_Given]) -> bool:
    word = each.rule.one_of
    rivals = [other.rank for other in given if other.rule.one_of == word]
    return not word or each.rank == min(rivals)


def _earning(unit: str, basis: Basis, counting: Iterable[_Given]) -> Earning:
    of_unit = [each for each in counting if each.rule.unit == unit]
    value = partial(_value, of_unit)
    return Earning(
        unit=unit,
        lines=tuple(
            EarnedLine(line.line, value(line.line), line.quantity)
            for line in basis.lines
            if value(line.line)
        ),
        rules=tuple(sorted((each.rule.rule_id, each.rule.version) for each in of_unit)),
    )


def _value(given: Iterable[_Given], line: int) -> int:
    return sum(each.lines.get(line, 0) for each in given)
