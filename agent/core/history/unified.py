"""The single view of a person: everything held under every id they are known by, chosen at reading.

What is held stays with the id it was observed under, as a `Part`. Who is one person is a map
beside it. The view is a function of both and of nothing else: a merge is another map, and with the
old map the old views are back, to the last byte (P10). Nothing is re-posted, re-keyed or dropped:

- fields: the word that survives, with where it comes from, and every other word with it;
- identifiers, interactions, balances: those of all ids together; points are their sum;
- consents: under one id the last answer, over several ids the most restrictive;
- households: as they were, see `households`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from hashlib import sha256
from types import MappingProxyType

import msgspec

from agent.core.consent.checking import compact
from agent.core.consent.record import Mark
from agent.core.entries.bodies import ConsentGiven
from agent.core.history.answers import most_restrictive
from agent.core.history.canonical import members_of
from agent.core.history.fold import last
from agent.core.history.households import Membership
from agent.core.history.interactions import timeline
from agent.core.history.model import NAME, SHOWN, Card, Interaction, Order
from agent.core.history.orders import with_order
from agent.core.history.parts import Balance, Named, Part, joined, reach
from agent.core.history.readings import POINTS
from agent.core.history.survivorship import (
    Decided,
    Strength,
    Survivor,
    alike,
    survivors,
)
from agent.core.identifiers import PartyId

TIER = "tier"
"""The field of an observation that says how the chain ranks a customer."""


class Home(msgspec.Struct, frozen=True, omit_defaults=True):
    """A household of a person, and what it owns together."""

    household_id: PartyId
    role: str
    since: str
    points: int = 0
    """The household's: never in the sum of a person's own."""


class Unified(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person, over all ids and channels."""

    canonical_id: PartyId
    merged_from: tuple[PartyId, ...] = ()
    """Every other id of theirs, in order: each resolves to this person for ever."""
    fields: dict[str, Survivor] = {}
    identifiers: tuple[Named, ...] = ()
    """By type and value; who proved one comes first, then who named it first."""
    consents: tuple[ConsentGiven, ...] = ()
    answers: dict[PartyId, tuple[ConsentGiven, ...]] = {}
    """Under which id what was answered: why `consents` are as they are."""
    marks: tuple[Mark, ...] = ()
    """The answers under all ids together, as `consent.check` reads them."""
    balances: tuple[Balance, ...] = ()
    points: int = 0
    orders: tuple[Order, ...] = ()
    """All of them, whatever their state, by number."""
    timeline: tuple[Interaction, ...] = ()
    """Newest first."""
    homes: tuple[Home, ...] = ()
    through: dict[str, int] = {}
    """How fresh this is: journal id, or channel → highest seq whose effect is in here."""


def unified_of(
    canonical_id: PartyId,
    parts: Iterable[Part],
    *,
    members: Iterable[PartyId] = (),
    former: Iterable[Mark] = (),
    homes: Iterable[Home] = (),
    priority: Sequence[str] = (),
) -> Unified:
    """Show one person.

    Args:
        canonical_id: the id to show them under.
        parts: what is held under each of their ids, in any order; of an id nothing is held of,
            none.
        members: all their ids; those of the parts need not be repeated.
        former: marks of parties they were once taken for, see `consent.person`.
        homes: their households, see `homes_of`.
        priority: of sources, see `survivors`.
    """
    held = sorted(parts, key=lambda part: part.party_id)
    ids = {*members, *(part.party_id for part in held)}
    balances = _balances(held)
    return Unified(
        canonical_id=canonical_id,
        merged_from=tuple(sorted(ids - {canonical_id})),
        fields=survivors((word for part in held for word in part.words), priority),
        identifiers=_named(named for part in held for named in part.identifiers),
        consents=most_restrictive(part.consents for part in held),
        answers={part.party_id: part.consents for part in held if part.consents},
        marks=compact((*former, *(mark for part in held for mark in part.marks))),
        balances=balances,
        points=_points(balances),
        orders=joined(order for part in held for order in part.orders),
        timeline=timeline(line for part in held for line in part.interactions),
        homes=tuple(homes),
        through=reach(part.through for part in held),
    )


def unify(
    parts: Iterable[Part],
    canonical: Mapping[PartyId, PartyId],
    *,
    former: Mapping[PartyId, Iterable[Mark]] = MappingProxyType({}),
    memberships: Iterable[Membership] = (),
    priority: Sequence[str] = (),
) -> dict[PartyId, Unified]:
    """Show everybody, by canonical id.

    Args:
        parts: what is held, each id once.
        canonical: party id → canonical id; an id that is not in it stands for itself.
        former: canonical id → marks of parties they were once taken for, see `consent.person`.
        memberships: who lives in which household, under the same map.
        priority: of sources, see `survivors`.
    """
    held = {part.party_id: part for part in parts}
    people = members_of({**{each: each for each in held}, **canonical})
    theirs = {each: [held[one] for one in ids if one in held] for each, ids in people.items()}
    points = {each: _points(_balances(theirs[each])) for each in people}
    living: defaultdict[PartyId, list[Membership]] = defaultdict(list)
    for membership in memberships:
        living[membership.canonical_id].append(membership)
    return {
        each: unified_of(
            each,
            theirs[each],
            members=ids,
            former=former.get(each, ()),
            homes=homes_of(living[each], points),
            priority=priority,
        )
        for each, ids in people.items()
    }


def homes_of(memberships: Iterable[Membership], points: Mapping[PartyId, int]) -> tuple[Home, ...]:
    """List a person's households, by id.

    Args:
        memberships: of that person.
        points: canonical id of a household → what it owns.
    """
    return tuple(
        Home(each.household_id, each.role, each.since, points.get(each.household_id, 0))
        for each in sorted(memberships, key=lambda each: each.household_id)
    )


def card_of(unified: Unified, *, ver: int = 0) -> Card:
    """Take from everything known the little that a till is to hold: see `Card`."""
    name, tier = unified.fields.get(NAME), unified.fields.get(TIER)
    ids = (unified.canonical_id, *unified.merged_from)
    card = Card(
        party_id=unified.canonical_id,
        name=name.value if name else "",
        tier=tier.value if tier else None,
        points=unified.points,
        consents=unified.consents,
        marks=unified.marks,
        last=last(unified.timeline),
        through=unified.through,
        ver=ver,
        name_strength=name.shown.strength if name else Strength.SAID,
        members=tuple(sorted(ids)) if unified.merged_from else (),
        known=tuple(sorted(unified.fields.keys() - SHOWN)),
    )
    return reduce(with_order, unified.orders, card)


def conflicts(unified: Unified) -> dict[str, tuple[str, ...]]:
    """List the fields of which different things are said: what a steward looks at before a merge.

    Returns:
        By field, each value once, the one that is shown first.
    """
    return {
        field: _values(survivor)
        for field, survivor in unified.fields.items()
        if survivor.why is not Decided.ALONE
    }


def digest(views: Iterable[Unified]) -> str:
    """Sum views up: equal exactly when these 64 hexadecimal digits (SHA-256) are."""
    lines = sorted(_encode(view) for view in views)
    return sha256(b"\n".join(lines)).hexdigest()


_encode = msgspec.json.Encoder(order="deterministic").encode


def _values(survivor: Survivor) -> tuple[str, ...]:
    values: dict[str, str] = {}
    for word in (survivor.shown, *survivor.rest):
        values.setdefault(alike(word.value), word.value.strip())
    return tuple(values.values())


def _balances(parts: Iterable[Part]) -> tuple[Balance, ...]:
    """List the balances, each once: two ids may hold one and the same gift card."""
    held = {(each.owner, each.unit): each for part in parts for each in part.balances}
    return tuple(held[key] for key in sorted(held))


def _points(balances: Iterable[Balance]) -> int:
    return sum(each.value for each in balances if each.unit == POINTS)


def _named(named: Iterable[Named]) -> tuple[Named, ...]:
    return tuple(
        sorted(
            dict.fromkeys(named),
            key=lambda each: (
                each.identifier.type,
                each.identifier.value,
                not each.is_verified,
                each.at,
                each.event,
                each.party_id,
            ),
        )
    )
