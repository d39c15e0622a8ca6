"""Made-up leads, bookings, returns and rules: all that can go on between channels, by a seed."""

from __future__ import annotations

import random
from typing import NamedTuple

from agent.core.leads import BookedLine, Booking, CreditRule, Lead, LeadItem, LineRef

CHANNELS = ("store", "web", "partner")
ITEMS = ("coffee", "milk", "shirt", "shoes")
KINDS = ("cart", "wishlist", "quote")
CREDITS = ("first", "last", "split", "window")


class World(NamedTuple):
    """What one derivation is given."""

    leads: tuple[Lead, ...]
    bookings: tuple[Booking, ...]
    rules: tuple[CreditRule, ...]
    canonical: dict[str, str]


def a_world(seed, *, size=8):
    """Make one up: `size` leads of one to three versions, twice as many bookings, half returns."""
    rng = random.Random(seed)
    parties = [f"party-{n}" for n in range(rng.randrange(1, 5))]
    leads = [lead for n in range(size) for lead in _versions(rng, n, parties)]
    sales = [_sale(rng, n, parties, size) for n in range(size)]
    returns = [_return(rng, n, sales) for n in range(size)]
    bookings = sales + [each for each in returns if each.lines]
    canonical = {party: rng.choice(parties) for party in parties if rng.random() < 0.3}
    rng.shuffle(leads)
    rng.shuffle(bookings)
    return World(tuple(leads), tuple(bookings), _rules(rng), canonical)


def _rules(rng):
    return tuple(
        CreditRule(
            name=f"rule-{n}",
            credit=rng.choice(CREDITS),
            valid_from=rng.choice(("", "2026-11-05", "2026-11-12")),
            days=rng.choice((0, 1, 7, 30)),
            days_of={"quote": rng.choice((0, 2, 90))} if rng.random() < 0.5 else {},
            kept=rng.choice((0, 0, 2500, 5000, 10_000)),
        )
        for n in range(rng.randrange(4))
    )


def _at(rng):
    """Make a time up; now and then one that nobody can read, or of a clock that is far off."""
    if rng.random() < 0.05:
        return rng.choice(("", "soon", "1970-01-01T00:00:00.000Z", "2199-01-01"))
    return f"2026-11-{rng.randrange(1, 29):02}T{rng.randrange(24):02}:00:00.000Z"


def _versions(rng, n, parties):
    party = rng.choice([None, *parties])
    for ver in range(1, rng.randrange(2, 5)):
        chosen = [LeadItem(item, 1000 * rng.randrange(4)) for item in ITEMS if rng.random() < 0.4]
        yield Lead(
            lead_id=f"lead-{n}",
            kind=rng.choice(KINDS),
            channel=rng.choice(CHANNELS),
            at=_at(rng),
            ver=ver,
            owner=rng.choice((None, "ann", "ben")),
            party_id=party if ver > 1 or rng.random() < 0.5 else None,
            items=None if rng.random() < 0.2 else tuple(chosen),
            valid_until=_at(rng) if rng.random() < 0.2 else None,
        )


def _sale(rng, n, parties, size):
    lines = tuple(
        BookedLine(
            line=number,
            quantity=rng.choice((0, 1000, 1000, 2000, 345)),
            net=rng.choice((0, 1, 2, 99, 1001, -7, rng.randrange(10**7))),
            item=rng.choice((None, *ITEMS, *ITEMS)),
        )
        for number in range(1, rng.randrange(1, 6))
    )
    shown = tuple(f"lead-{rng.randrange(size + 1)}" for _ in range(rng.choice((0, 0, 1, 2))))
    at = _at(rng)
    return Booking(
        event=f"sale-{n}",
        channel=rng.choice(CHANNELS),
        at=at,
        business_date=at[:10],
        currency="EUR" if rng.random() < 0.9 else "CHF",
        lines=lines,
        party_id=rng.choice([None, *parties]),
        redeemed=shown,
    )


def _return(rng, n, sales):
    """Give goods back: parts of lines, more than was sold, or what nobody sold; mixed with new."""
    of = rng.choice(sales)
    lines = [
        BookedLine(
            line=number,
            quantity=-rng.choice((1000, 345)),
            net=-rng.choice((0, 1, 17, line.net, line.net // 2, line.net - line.net // 2)),
            item=line.item,
            returns=rng.choice((None, LineRef("never", 1), *[LineRef(of.event, line.line)] * 8)),
        )
        for number, line in enumerate(of.lines, 1)
    ]
    at = _at(rng)
    return Booking(
        event=f"return-{n}",
        channel=rng.choice(CHANNELS),
        at=at,
        business_date=at[:10],
        currency=of.currency,
        lines=tuple(rng.sample(lines, rng.randrange(len(lines) + 1))),
    )
