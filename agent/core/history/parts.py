"""What is held under one id, as observed: nothing of it is chosen yet, and nothing re-keyed.

HQ keeps it in tables; `parts_of` rebuilds it from everything that ever happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce

import msgspec

from agent.core.consent.checking import compact
from agent.core.consent.record import Mark
from agent.core.entries.bodies import ConsentGiven
from agent.core.history.answers import last_answers
from agent.core.history.interactions import timeline
from agent.core.history.model import Happening, Interaction, Order
from agent.core.history.orders import advance
from agent.core.history.readings import POINTS
from agent.core.history.survivorship import Observation
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier


class Balance(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one owner has in one unit; a merge adds up balances, and books nothing."""

    owner: str
    """As booked: a party id, or what a gift card is called by."""
    value: int
    unit: str = POINTS


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """One identifier, and who named it."""

    identifier: Identifier
    party_id: PartyId
    """As observed."""
    source: str
    event: str
    at: str
    """UTC, ISO 8601; shown."""
    is_verified: bool = False


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything held under one id, as observed."""

    party_id: PartyId
    words: tuple[Observation, ...] = ()
    identifiers: tuple[Named, ...] = ()
    consents: tuple[ConsentGiven, ...] = ()
    """The answers that hold under this id."""
    marks: tuple[Mark, ...] = ()
    """What was answered under this id, as `consent.check` reads it."""
    balances: tuple[Balance, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    orders: tuple[Order, ...] = ()
    through: dict[str, int] = {}
    """Journal id, or channel → highest seq whose effect is in here."""


def part_of(party_id: PartyId, happenings: Iterable[Happening]) -> Part:
    """Rebuild what is held under one id from everything that ever happened, in any order.

    Args:
        party_id: as observed.
        happenings: of any parties, each any number of times; those of others are passed over.
    """
    theirs = [each for each in happenings if each.party_id == party_id]
    return parts_of(theirs).get(party_id, Part(party_id))


def parts_of(happenings: Iterable[Happening]) -> dict[PartyId, Part]:
    """Rebuild what is held under every id from everything that ever happened, in any order."""
    told: defaultdict[PartyId, dict[str, Happening]] = defaultdict(dict)
    for each in happenings:
        told[each.party_id][each.event] = each
    return {party_id: _part(party_id, list(told[party_id].values())) for party_id in sorted(told)}


def joined(told: Iterable[Order]) -> tuple[Order, ...]:
    """Give each order once, as it stands after everything told of it, by number."""
    orders: defaultdict[str, list[Order]] = defaultdict(list)
    for order in told:
        orders[order.order_no].append(order)
    return tuple(reduce(advance, orders[order_no]) for order_no in sorted(orders))


def reach(reaches: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Bring several reaches together: HQ has applied every journal without gaps up to each."""
    moved: dict[str, int] = {}
    for stream, seq in (place for reach in reaches for place in reach.items()):
        moved[stream] = max(seq, moved.get(stream, 0))
    return dict(sorted(moved.items()))


def _part(party_id: PartyId, happenings: Iterable[Happening]) -> Part:
    told = sorted(happenings, key=lambda each: (each.at, each.event))
    points = sum(each.points for each in told)
    return Part(
        party_id=party_id,
        words=tuple(dict.fromkeys(word for each in told for word in each.words)),
        consents=tuple(answer for answer, _ in last_answers(told).values()),
        marks=compact(mark for each in told for mark in each.marks),
        balances=(Balance(party_id, points),) if any(each.points for each in told) else (),
        interactions=timeline(each.interaction for each in told if each.interaction),
        orders=joined(each.order for each in told if each.order),
        through=reach(dict([place]) for each in told for place in each.places),
    )
