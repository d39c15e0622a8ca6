"""Made-up customers, baskets and shops, by a seed."""

from __future__ import annotations

import random
from datetime import date
from functools import cache
from typing import NamedTuple

from agent.core.consent import Asked, Mark, State, check
from agent.core.leads import BookedLine, Booking, CreditRule, Lead, LeadItem, OpenLead, credit
from agent.core.suggest import (
    Basket,
    PairingRule,
    Profile,
    ProfileRule,
    Shop,
    Visit,
    pair_up,
    profile_of,
)

ITEMS = tuple(f"item-{n}" for n in range(12))
CHANNELS = ("store", "web", "phone")
TODAY = "2026-11-22"


def answered(purpose, *, given, asked="profiling"):
    """Ask the consent check after the customer has given one answer."""
    mark = Mark("record-1", purpose, State.GIVEN if given else State.REFUSED)
    return check([mark], Asked(asked), today=TODAY)


YES = answered("profiling", given=True)
NOES = (
    answered("profiling", given=False),
    answered("marketing", given=True),
    answered("marketing", given=True, asked="marketing"),
    check([], Asked("profiling"), today=TODAY),
)


def day(ago, today=TODAY):
    """Write the day so many days ago."""
    return date.fromordinal(date.fromisoformat(today).toordinal() - ago).isoformat()


def a_booking(ago, *items, event=None, channel="store", pieces=1, net=100, **fields):
    """Book some items on one day."""
    lines = tuple(
        BookedLine(number, 1000 * pieces, net, item) for number, item in enumerate(items, 1)
    )
    return Booking(
        event=event or f"{channel}-{ago}-{'-'.join(map(str, items))}",
        channel=channel,
        at=f"{day(ago)}T10:00:00.000Z",
        business_date=day(ago),
        currency="EUR",
        lines=lines,
        party_id="ada",
        **fields,
    )


class World(NamedTuple):
    """A customer on a visit, and all that is true of them."""

    bookings: tuple[Booking, ...]
    profile: Profile
    visit: Visit
    shop: Shop


@cache
def a_world(seed):
    """Make a customer up who has been here and elsewhere, on most days for a quarter of a year."""
    rng = random.Random(seed)
    bookings = tuple(_bookings(rng))
    rule = ProfileRule(lately_days=rng.choice((0, 3, 14, 30)), often=rng.choice((1, 2)))
    once = frozenset(rng.sample(ITEMS, 2))
    profile = profile_of(YES, bookings, today=TODAY, rule=rule, once=once)
    since = tuple(_bookings(rng))[: rng.randrange(2)]
    visit = Visit(
        today=TODAY,
        in_step=TODAY,
        basket=tuple(rng.sample(ITEMS, rng.randrange(4))),
        since=since,
        wished=wished(*rng.sample(ITEMS, rng.randrange(3))),
        declined=frozenset(rng.sample(ITEMS, rng.randrange(2))),
    )
    gone = rng.choice(ITEMS)
    shop = Shop(pair_up(some_baskets(rng), PairingRule(3, 10_000)), lambda item: item != gone)
    return World(bookings, profile, visit, shop)


def _bookings(rng):
    for n in range(rng.randrange(30)):
        items = rng.choices((None, *ITEMS), k=rng.randrange(1, 4))
        yield a_booking(
            rng.randrange(-1, 90),
            *items,
            event=f"{rng.random()}-{n}",
            channel=rng.choice(CHANNELS),
            pieces=rng.choice((1, 1, 1, 2, -1)),
        )


def some_baskets(rng, count=120):
    """Make baskets up in which some things really go together."""
    return [
        Basket(f"buyer-{rng.randrange(40)}", (*rng.sample(ITEMS, 2), *pair))
        for pair in rng.choices((ITEMS[:2], ITEMS[2:4], ITEMS[4:6], ()), k=count)
    ]


def wished(*items, ago=5, channel="web"):
    """Open a wish list."""
    lead = Lead(
        f"{channel}/wish-{ago}",
        "wishlist",
        channel,
        f"{day(ago)}T08:00:00Z",
        items=tuple(map(LeadItem, items)),
    )
    found: tuple[OpenLead, ...] = credit([lead], [], [CreditRule("r", "first")]).leads
    return found
