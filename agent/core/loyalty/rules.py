"""The rules of a programme as data: what earns how much, and what it is worth.

Rules are published by HQ like prices: days are business days of the store, compared as written. A
changed rule is the same rule in its next version, so that every earning names what it came from.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.core.days import FOREVER, day
from agent.core.faults import InputFault
from agent.core.quantities import Minor

AMOUNT = "amount"
"""So many points for each so much paid."""
QUANTITY = "quantity"
"""So many points for each so many thousandths of the goods."""
VISIT = "visit"
"""So many points for the receipt, once."""
BY = (AMOUNT, QUANTITY, VISIT)
DOWN = "down"
"""A point for each *full* euro."""
HALF = "half"
"""Half away from zero."""
POINTS_TENDER = "points"
"""Kind of the tender that points pay with."""
GIFT_TENDER = "gift_card"
"""Kind of the tender that gift cards pay with."""
VALUE_MAX = 1_000_000_000
"""Points of a rule, and what they are counted for: sums of years of sales fit 64 bits."""

MONTHS_MAX = 1200


class EarnRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What earns points. An empty condition holds for everything."""

    rule_id: str
    version: int
    points: int
    per: int
    """`points` are given for each so much: minor units, thousandths of goods; 1 of a visit."""
    unit: str = "points"
    """Of the programme."""
    by: str = AMOUNT
    """`amount`, `quantity` or `visit`."""
    rounding: str = DOWN
    """`down` or `half`, once on the whole receipt."""
    first_day: str = ""
    """Business date, `YYYY-MM-DD`."""
    last_day: str = ""
    items: tuple[str, ...] = ()
    """Item ids or GTINs."""
    groups: tuple[str, ...] = ()
    """Departments, brands: whatever the caller knows the goods by."""
    except_items: tuple[str, ...] = ()
    except_groups: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    """Of the customer; a customer without one is in none."""
    not_paid_by: tuple[str, ...] = (POINTS_TENDER,)
    """Kinds of tender: what is paid with them earns nothing."""
    least: Minor = Minor(0)
    """The goods it counts must come to so much, discounts taken off."""
    most: int = 0
    """Points of one receipt; 0: no limit."""
    one_of: str = ""
    """Of the rules with the same word here only the one that gives most counts."""


class Worth(msgspec.Struct, frozen=True):
    """What value pays: so many `points` are `minor` units of money."""

    points: int
    minor: Minor

    def points_for(self, money: Minor) -> int:
        """Tell what paying so much takes, rounded up.

        >>> Worth(100, Minor(50)).points_for(Minor(1))
        2
        """
        return -(-money * self.points // self.minor)

    def money_for(self, points: int) -> Minor:
        """Tell how much can be paid with so many, rounded down.

        >>> Worth(100, Minor(50)).money_for(3)
        1
        """
        return Minor(points * self.minor // self.points)


class Expiry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When points end that nobody spends."""

    months: int
    """After the day they were earned; on the last day there still are."""
    since: str = ""
    """What was earned before this day counts as earned on it, so that nothing ends overnight; left
    out, HQ writes the day on which the period began to hold."""


FACE_VALUE = Worth(1, Minor(1))
"""Of a gift card: its unit is the currency itself."""


def require_rules(rules: Iterable[EarnRule]) -> None:
    """Refuse rules that cannot be meant, before any till works by them.

    Raises:
        InputFault: `earn-rule`: two versions of one rule, a number out of range, or a word that
            means nothing.
    """
    seen: set[str] = set()
    for rule in rules:
        if rule.rule_id in seen:
            raise _refused(rule, "stands there twice", "publish one version of each rule at a time")
        seen.add(rule.rule_id)
        _require_numbers(rule)
        _require_words(rule)
        _require_days(rule)


def require_worth(worth: Worth) -> None:
    """Refuse a worth that nothing can be paid by.

    Raises:
        InputFault: `worth`: one of its numbers is out of range.
    """
    if not (1 <= worth.points <= VALUE_MAX and 1 <= worth.minor <= VALUE_MAX):
        raise InputFault(
            f"{worth.points} points cannot be worth {worth.minor}",
            remedy=f"write two whole numbers from 1 to {VALUE_MAX}: so many points are worth so "
            "many minor units",
            name="worth",
        )


def require_expiry(expiry: Expiry) -> None:
    """Refuse a period that nothing could be told to end by.

    Raises:
        InputFault: `expiry`: no number of months, or no day.
    """
    try:
        day(expiry.since or FOREVER)
        said = f"{expiry.months} months"
        is_meant = 1 <= expiry.months <= MONTHS_MAX
    except InputFault:
        said, is_meant = f"since {expiry.since[:40]!r}", False
    if not is_meant:
        raise InputFault(
            f"points cannot end by {said}",
            remedy=f"write months from 1 to {MONTHS_MAX}, and since, if at all, as 2026-11-22; "
            "leave expiry out where points do not end",
            name="expiry",
        )


def _require_numbers(rule: EarnRule) -> None:
    bounds = {
        "version": (rule.version, 1),
        "points": (rule.points, 1),
        "per": (rule.per, 1),
        "least": (rule.least, 0),
        "most": (rule.most, 0),
    }
    for field, (value, least) in bounds.items():
        if not least <= value <= VALUE_MAX:
            raise _refused(
                rule, f"has {field} = {value}", f"write a whole number from {least} to {VALUE_MAX}"
            )


def _require_words(rule: EarnRule) -> None:
    if not (rule.rule_id and rule.unit):
        raise _refused(rule, "has no rule_id or no unit", "give it both")
    for field, word, known in (("by", rule.by, BY), ("rounding", rule.rounding, (DOWN, HALF))):
        if word not in known:
            raise _refused(rule, f"has {field} = {word!r}", f"write one of {', '.join(known)}")


def _require_days(rule: EarnRule) -> None:
    for field, text in (("first_day", rule.first_day), ("last_day", rule.last_day)):
        try:
            day(text or FOREVER)
        except InputFault as fault:
            raise _refused(rule, f"has {field} = {text!r}", fault.remedy) from fault
    if rule.last_day and rule.last_day < rule.first_day:
        raise _refused(rule, "ends before it begins", "exchange first_day and last_day")


def _refused(rule: EarnRule, what: str, remedy: str) -> InputFault:
    return InputFault(f"the earn rule {rule.rule_id!r} {what}", remedy=remedy, name="earn-rule")
