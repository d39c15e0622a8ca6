"""One line's net, divided exactly: among leads and seller when it is sold, back when it returns.

Rounding happens once per line sold, in `quantities.allot`. What a return takes back is the
difference of two running divisions of the line's credits. So whatever comes back, in however many
parts and in whatever order, takes from each channel what it was credited for it and no more, and
no return ever gives anyone a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import NamedTuple

from agent.core.leads.opened import OpenLead
from agent.core.leads.rules import CreditRule, weights
from agent.core.quantities import WHOLE, Minor, Thousandths, allot, divide_half_away


class Cover(NamedTuple):
    """A lead that had asked for some of a line: for the first `quantity` of it."""

    lead: OpenLead
    quantity: Thousandths
    why: str


class Shares(NamedTuple):
    """What becomes of a line's net; the parts add up to it."""

    sold: Minor
    """For the seller, of what no lead had asked for."""
    kept: Minor
    """For the seller, by the rule, of what a lead brought."""
    leads: tuple[Minor, ...]
    """One per cover."""


def divide(
    net: Minor, quantity: Thousandths, covers: Sequence[Cover], rule: CreditRule, at: int
) -> Shares:
    """Divide what a line brought in.

    Leads that asked for the same pieces share those; pieces nobody asked for are the seller's.

    Args:
        net: of the line.
        quantity: of the line, above zero.
        covers: the leads that count, one at least, none for more than `quantity`.
        rule: of the day.
        at: the moment of the sale, in seconds since 1970.
    """
    stretches = _stretches(covers)
    weighed = [weights(rule, [covers[each].lead for each in on], at) for _, on in stretches]
    scale = lcm(*map(sum, weighed))
    kept = min(max(rule.kept, 0), WHOLE)
    parts = [0] * len(covers)
    for (length, on), weight in zip(stretches, weighed, strict=True):
        unit = length * (WHOLE - kept) * (scale // sum(weight))
        for index, each in zip(on, weight, strict=True):
            parts[index] += unit * each
    led = max(cover.quantity for cover in covers)
    shares = allot(net, [(quantity - led) * WHOLE * scale, led * kept * scale, *parts])
    return Shares(shares[0], shares[1], shares[2:])


def _stretches(covers: Sequence[Cover]) -> list[tuple[int, list[int]]]:
    """Cut a line where one lead's wish ends: each stretch's length, and which covers reach it."""
    ends = sorted({cover.quantity for cover in covers})
    return [
        (end - begin, [index for index, cover in enumerate(covers) if cover.quantity >= end])
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


def taken_back(before: int, back: int, credited: Sequence[int]) -> list[Minor]:
    """Divide what a return takes back among those who were credited for the line.

    Args:
        before: what earlier returns of this line took back.
        back: what this one takes back: the net given for the goods.
        credited: what the line brought each, all of one sign and none of them zero.

    Returns:
        One amount per credit, adding up to `back`.

    >>> taken_back(0, 50, [67, 33]), taken_back(50, 50, [67, 33])
    ([34, 16], [33, 17])
    """
    earlier, later = _running(before, credited), _running(before + back, credited)
    return [Minor(until - was) for was, until in zip(earlier, later, strict=True)]


def _running(amount: int, credited: Sequence[int]) -> list[int]:
    """Divide a running sum in proportion, so that no part ever falls while the sum grows.

    One after the other takes its rounded share of what those before it left. A division by largest
    remainders would give a unit back here and there as the sum grows.
    """
    parts, whole = [], sum(credited)
    for credit in credited:
        part = divide_half_away(amount * credit, whole)
        parts.append(part)
        amount, whole = amount - part, whole - credit
    return parts
