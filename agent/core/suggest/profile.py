"""A customer's profile, made from their bookings on every channel; only if they said yes."""

from __future__ import annotations

from collections.abc import Container, Iterable

import msgspec

from agent.core.consent import Verdict
from agent.core.consent.purposes import PROFILING
from agent.core.days import day
from agent.core.leads import BookedLine, Booking
from agent.core.quantities import Minor, Thousandths
from agent.core.suggest.calendar import number, written
from agent.core.suggest.model import Day, Profile, TopItem
from agent.core.suggest.rhythm import middle_gap


class ProfileRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much of the past a profile looks at, and how little it keeps."""

    horizon_days: int = 730
    lately_days: int = 14
    """How long something that was bought is not suggested again: days for groceries, months for
    clothes."""
    top: int = 5
    often: int = 2
    """Purchases of an item from which on it is one the customer buys again."""


def may(verdict: Verdict) -> bool:
    """Tell whether this is a yes to profiling, and not one to something else."""
    return verdict.allowed and verdict.purpose == PROFILING.purpose


def profile_of(
    verdict: Verdict,
    bookings: Iterable[Booking],
    *,
    today: str,
    rule: ProfileRule | None = None,
    withheld: Container[str] = (),
    once: Container[str] = (),
) -> Profile | None:
    """Make a profile; None without the customer's yes.

    The same bookings give the same profile, whatever their order. A merge of customers makes it of
    the bookings of both, its undo of those of one.

    Args:
        verdict: the answer of the consent check, for profiling.
        bookings: of this customer alone, on all channels; each event once.
        today: business date. A booking without a readable day, or with a later one, counts as of
            today: so it is at least not suggested.
        rule: see there.
        withheld: items of which nothing is to be kept or said: medicines, and what else touches
            health, belief or the like (GDPR, Article 9).
        once: items one has once: who has it needs no other.

    Raises:
        InputFault: `bad-day`: `today` is no day.
    """
    if not may(verdict):
        return None
    chosen = rule or ProfileRule()
    until = day(today).toordinal()
    seen = [
        _Seen(booking, on)
        for booking in bookings
        for on in [min(until, number(booking.business_date, until))]
        if until - on <= chosen.horizon_days
    ]
    seen.sort(key=lambda each: (each.day, each.booking.event))
    return _profile(seen, today, chosen, withheld, once)


class _Seen(msgspec.Struct, frozen=True):
    """A booking and the number of its day."""

    booking: Booking
    day: int

    @property
    def bought(self) -> list[BookedLine]:
        return [line for line in self.booking.lines if line.quantity > 0]


def _profile(
    seen: list[_Seen],
    today: str,
    rule: ProfileRule,
    withheld: Container[str],
    once: Container[str],
) -> Profile:
    purchases = [each for each in seen if each.bought]
    days = sorted({each.day for each in purchases})
    kept = _kept(seen, withheld)
    return Profile(
        as_of=today,
        first=written(days[0]) if days else "",
        last=written(days[-1]) if days else "",
        days=len(days),
        visits=_counted((each.booking.channel, 1) for each in purchases),
        spent=_spent(seen),
        top=_top(kept, rule),
        lately=_lately(seen, number(today) - rule.lately_days, withheld),
        lately_days=rule.lately_days,
        owned=tuple(
            sorted(item for item, lines in kept.items() if item in once and lines.left > 0)
        ),
    )


class _Lines(msgspec.Struct):
    """What became of one item over time."""

    days: list[int] = []
    """One per booking it was bought in."""
    left: int = 0
    """Thousandths bought, less what came back."""


def _kept(seen: Iterable[_Seen], withheld: Container[str]) -> dict[str, _Lines]:
    kept: dict[str, _Lines] = {}
    for each in seen:
        bought = {line.item for line in each.bought}
        for line in each.booking.lines:
            if line.item is not None and line.item not in withheld:
                lines = kept.setdefault(line.item, _Lines())
                lines.left += line.quantity
        for item in kept.keys() & bought:
            kept[item].days.append(each.day)
    return kept


def _top(kept: dict[str, _Lines], rule: ProfileRule) -> tuple[TopItem, ...]:
    """Choose what is bought most often; what came back altogether is not liked."""
    found = [
        TopItem(
            item=item,
            visits=len(lines.days),
            quantity=Thousandths(lines.left),
            last=written(lines.days[-1]),
            every_days=middle_gap(lines.days),
        )
        for item, lines in kept.items()
        if len(lines.days) >= rule.often and lines.left > 0
    ]
    found.sort(key=lambda top: (-top.visits, -number(top.last), -top.quantity, top.item))
    return tuple(found[: rule.top])


def _lately(seen: Iterable[_Seen], since: int, withheld: Container[str]) -> tuple[Day, ...]:
    """Gather what was bought, ordered or brought back since a day, each item on its last day."""
    last: dict[str, int] = {}
    for each in seen:
        for line in each.booking.lines:
            if line.item is not None and line.item not in withheld and each.day >= since:
                last[line.item] = max(each.day, last.get(line.item, each.day))
    days: dict[int, list[str]] = {}
    for item in sorted(last):
        days.setdefault(last[item], []).append(item)
    return tuple(Day(written(on), tuple(days[on])) for on in sorted(days, reverse=True))


def _spent(seen: Iterable[_Seen]) -> dict[str, Minor]:
    spent = _counted(
        (each.booking.currency, line.net) for each in seen for line in each.booking.lines
    )
    return {currency: Minor(net) for currency, net in spent.items()}


def _counted(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, amount in amounts:
        sums[key] = sums.get(key, 0) + amount
    return dict(sorted(sums.items()))
