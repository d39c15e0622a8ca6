"""Credit rules as data: which lead is credited for a sale, and how much is left to the seller.

A rule is valid from a business date until the next one begins, so that a change of the rules
never rewrites the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from agent.core.leads.opened import OpenLead
from agent.core.quantities import WHOLE, BasisPoints

DAY_S = 86_400


class CreditRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a purchase is shared out among the leads that were open for it."""

    name: str
    credit: Literal["first", "last", "split", "window"]
    """`first`: the lead that was begun first; `last`: the one touched last; `split`: all alike;
    `window`: all, each by how much of its window was still left."""
    version: int = 1
    valid_from: str = ""
    """Business date."""
    days: int = 7
    """How long after it was last touched a lead counts, its last second included."""
    days_of: dict[str, int] = {}
    """The same for single kinds of lead; 0 leaves a kind out."""
    kept: BasisPoints = BasisPoints(0)
    """What the channel that makes the sale keeps of what a lead brought, 0 to `WHOLE`."""

    @property
    def label(self) -> str:
        """Name and version, as credits say it.

        >>> CreditRule("web-first", "first", version=2).label
        'web-first@2'
        """
        return f"{self.name}@{self.version}"


NOBODY = CreditRule("nobody", "first", days=0)
"""Credits no lead: what counts before the first rule begins."""


def rule_on(rules: Sequence[CreditRule], business_date: str) -> CreditRule:
    """Find the rule of a day: of those begun by then, the latest; of equal ones the newest.

    >>> rule_on([CreditRule("later", "last", valid_from="2026-02-01")], "2026-01-31").label
    'nobody@1'
    """
    begun = [rule for rule in rules if rule.valid_from <= business_date]
    return max(begun, key=lambda rule: (rule.valid_from, rule.version, rule.name), default=NOBODY)


def window_s(rule: CreditRule, kind: str) -> int:
    """Tell how many seconds a lead of this kind counts after it was last touched."""
    return max(0, rule.days_of.get(kind, rule.days)) * DAY_S


def counts(rule: CreditRule, lead: OpenLead, at: int) -> bool:
    """Tell whether a lead is within its window at a moment, in seconds since 1970."""
    window = window_s(rule, lead.told.kind)
    return window > 0 and lead.age(at) <= window and not lead.over(at)


def weights(rule: CreditRule, leads: Sequence[OpenLead], at: int) -> list[int]:
    """Weigh leads that count against each other; at least one weight is above zero.

    Args:
        rule: of the day.
        leads: one at least.
        at: the moment of the sale, in seconds since 1970.
    """
    if rule.credit == "split":
        return [1] * len(leads)
    if rule.credit == "window":
        return [_left(window_s(rule, lead.told.kind), lead.age(at)) for lead in leads]
    if rule.credit == "first":
        chosen = min(leads, key=lambda lead: (lead.begun, lead.told.lead_id))
    else:
        chosen = max(leads, key=lambda lead: (lead.touched, lead.told.lead_id))
    return [int(lead is chosen) for lead in leads]


def _left(window: int, age: int) -> int:
    """Give what is left of a window, in basis points; the last moment still weighs one."""
    return max(1, WHOLE - age * WHOLE // window)
