"""At most three things to point out, each with its reason; nothing without the customer's yes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from itertools import islice

import msgspec

from agent.core.consent import Verdict
from agent.core.leads import Booking, OpenLead
from agent.core.quantities import WHOLE, BasisPoints
from agent.core.suggest.calendar import number
from agent.core.suggest.model import (
    DUE_AGAIN,
    GOES_WITH_BASKET,
    GOES_WITH_USUAL,
    REASONS,
    SHOWN_MAX,
    WISHED,
    WORDS,
    Profile,
    Reason,
    Suggestion,
)
from agent.core.suggest.pairings import Pairing, Pairings
from agent.core.suggest.profile import may


class Shop(msgspec.Struct, frozen=True):
    """What the shop knows without knowing the customer."""

    pairings: Pairings
    sellable: Callable[[str], bool]
    """Whether an item can be had here and now, and may be pointed out to anyone at all."""


class Visit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the customer's visit, beside the profile."""

    today: str
    """Business date."""
    in_step: str
    """The day on which this program last heard all there is to hear from the other channels."""
    basket: tuple[str, ...] = ()
    """Items in the open sale, in the order they were added."""
    since: tuple[Booking, ...] = ()
    """The customer's bookings that the profile does not have yet: this till's own."""
    wished: tuple[OpenLead, ...] = ()
    """The customer's open leads."""
    declined: frozenset[str] = frozenset()
    """Items the customer has said no to, for as long as the shop lets a no last."""


BLIND_DAYS = 1
"""How long what was bought elsewhere may be unknown here before nothing is suggested any more."""
DUE_TIMES_MAX = 3
"""After so many times its rhythm, something is not due but given up."""


def suggest(
    verdict: Verdict, profile: Profile | None, visit: Visit, shop: Shop
) -> tuple[Suggestion, ...]:
    """Choose what to point out.

    Args:
        verdict: the answer of the consent check for profiling, as it stands now.
        profile: of `profile_of`; None says nothing.
        visit: what goes on now.
        shop: what is the same for everyone.

    Returns:
        At most `SHOWN_MAX`, the best first, each item once. Never what the customer bought, ordered
        or brought back within `Profile.lately_days` on any channel, has in the basket, has already
        of what one has once, or has said no to; nothing at all where what was bought elsewhere may
        not be known here.
    """
    blind = number(visit.today) - number(visit.in_step) > BLIND_DAYS
    if profile is None or blind or not may(verdict):
        return ()
    barred = _barred(profile, visit)
    best: dict[str, Suggestion] = {}
    for each in _candidates(profile, visit, shop.pairings):
        if each.item not in barred:
            best[each.item] = min(best.get(each.item, each), each, key=_rank)
    ranked = sorted(best.values(), key=_rank)
    return tuple(islice((each for each in ranked if shop.sellable(each.item)), SHOWN_MAX))


def bought_before(profile: Profile | None, item: str) -> str:
    """Tell when the customer last bought an item, as far as the profile has it; else nothing."""
    if profile is None:
        return ""
    days = [top.last for top in profile.top if top.item == item]
    days += [day.day for day in profile.lately if item in day.items]
    return max(days, default="")


def sentence(
    reason: Reason, name_of: Callable[[str], str], words: Mapping[str, str] = WORDS
) -> str:
    """Say a reason in the words of a language.

    Args:
        reason: of a suggestion.
        name_of: gives the name of an item by its key.
        words: sentence per key, with the values of `REASONS` in braces.
    """
    named = {
        key: name_of(str(value)) if key in ("item", "with") else value
        for key, value in reason.values.items()
    }
    return words[reason.key].format_map(named)


def _barred(profile: Profile, visit: Visit) -> Container[str]:
    """Name what is not suggested; a day that cannot be read, or is yet to come, is lately."""
    today = number(visit.today)
    recent = [
        item
        for day in profile.lately
        if today - number(day.day, today) <= profile.lately_days
        for item in day.items
    ]
    since = [line.item for booking in visit.since for line in booking.lines if line.item]
    return {*recent, *since, *visit.basket, *visit.declined, *profile.owned}


def _candidates(profile: Profile, visit: Visit, pairings: Pairings) -> Iterator[Suggestion]:
    yield from _wished(visit.wished)
    for item in visit.basket:
        for pairing in pairings.get(item, ()):
            yield _paired(GOES_WITH_BASKET, pairing, {})
    yield from _due(profile, number(visit.today))
    for top in profile.top:
        for pairing in pairings.get(top.item, ()):
            yield _paired(GOES_WITH_USUAL, pairing, {"visits": top.visits})


def _wished(leads: Collection[OpenLead]) -> Iterator[Suggestion]:
    """Remind of what the customer put aside, the freshest first."""
    ordered = sorted(leads, key=lambda lead: (-lead.touched, lead.told.lead_id))
    for place, lead in enumerate(ordered):
        for item, left in (lead.left or {}).items():
            if left:
                told = lead.told
                values: dict[str, str | int] = {"item": item, "channel": told.channel}
                values |= {"kind": told.kind, "day": told.at[:10]}
                yield Suggestion(item, Reason(WISHED, values), BasisPoints(WHOLE - place))


def _paired(key: str, pairing: Pairing, more: dict[str, int]) -> Suggestion:
    values: dict[str, str | int] = {"item": pairing.other, "with": pairing.item}
    values |= {"together": pairing.together, "baskets": pairing.baskets, **more}
    return Suggestion(pairing.other, Reason(key, values), pairing.confidence)


def _due(profile: Profile, today: int) -> Iterator[Suggestion]:
    for top in profile.top:
        age, every = today - number(top.last, today), top.every_days
        if every and every <= age <= every * DUE_TIMES_MAX:
            values: dict[str, str | int] = {"item": top.item, "visits": top.visits}
            values |= {"every_days": every, "last": top.last}
            late = BasisPoints(WHOLE * every // age)
            yield Suggestion(top.item, Reason(DUE_AGAIN, values), late)


_ORDER = {key: place for place, key in enumerate(REASONS)}


def _rank(suggestion: Suggestion) -> tuple[int, int, str, str]:
    """Order by kind of reason, then by its strength; equal ones by their words."""
    key = suggestion.reason.key
    return _ORDER[key], -suggestion.strength, suggestion.item, repr(suggestion.reason.values)
