"""What staff may see of a party: the card, the unified view with its sources, search results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Card, Home, Named, Observation, Order, Survivor, Unified
from agent.core.history.graph_links import Link
from agent.core.history.graph_settle import settle
from agent.core.history.unified import TIER
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.cards import card_of
from central.identity.graph_facts import HeldFacts, book_of
from central.identity.households import homes
from central.identity.parties import ACTIVE, canonical
from central.identity.persons import persons_of
from central.ledger.bulk import among
from central.ledger.customer_tables import PARTIES

_TAIL = 4
"""Digits of a phone or card that are shown: enough to compare, too few to use."""


class WhyView(msgspec.Struct, frozen=True):
    """Why two ids are one person."""

    one: str
    other: str
    rule: str
    """`steward`, or a rule of the book: `R1` …"""
    version: int
    means: str
    """The type of the identifier both hold; empty where somebody said so."""
    evidence: tuple[str, ...]
    """Ids of the facts: `event#line`. Of a steward's word the event is the merge id."""


class PartyView(msgspec.Struct, frozen=True):
    """A party, by whichever of its ids it was asked for."""

    party_id: str
    """As asked for."""
    canonical_id: str
    merged_from: tuple[str, ...]
    """Other ids of the same person; each resolves for ever."""
    why: tuple[WhyView, ...]
    """What makes these ids one person."""
    state: str
    """`active`, or `provisional`: met, but nobody has said who it is."""
    origin: str
    created_at: str
    card: Card


class WordView(msgspec.Struct, frozen=True):
    """Another word on a field that is not shown."""

    value: str
    source: str
    party_id: str
    observed_at: str


class FieldView(msgspec.Struct, frozen=True):
    """One thing known of a party, who said it, and what else was said."""

    value: str
    source: str
    """A touch point (`store-0001/till-1`), a channel (`web`) or `import`."""
    observed_at: str
    event: str
    """Id of the fact it was said in."""
    party_id: str
    """The id it was said of."""
    strength: str
    """`record`, `said`, `verified` or `confirmed`."""
    why: str
    """What decided against other words: `alone` where nobody says otherwise."""
    others: tuple[WordView, ...]
    """The next best first."""


class IdentifierView(msgspec.Struct, frozen=True):
    """One way to find the party, and who named it first."""

    type: str
    value: str
    source: str
    observed_at: str
    event: str
    """Where the most was shown of it."""
    party_id: str
    """The id it was met with."""
    verified: bool


class UnifiedView(msgspec.Struct, frozen=True):
    """Everything held of a party, over all channels and ids, field by field with its source."""

    party_id: str
    canonical_id: str
    merged_from: tuple[str, ...]
    state: str
    fields: dict[str, FieldView]
    identifiers: tuple[IdentifierView, ...]
    consents: tuple[ConsentGiven, ...]
    """Under one id the last answer, over several ids the most restrictive."""
    answers: dict[str, tuple[ConsentGiven, ...]]
    """Under which id what was answered."""
    points: int
    orders: tuple[Order, ...]
    through: dict[str, int]
    """How fresh this is: journal id → highest seq whose effect is in here."""
    households: tuple[Home, ...] = ()
    """Whom they live with makes nobody one person with them."""


class FoundView(msgspec.Struct, frozen=True):
    """One row of a search: enough to choose, and no more."""

    party_id: str
    name: str
    tier: str | None
    phone: str | None
    """Masked."""
    email: str | None
    """Masked."""
    card: str | None
    """Masked."""
    postcode: str | None
    matched: str
    """What of the person matched: `name`, `phone`, `email`, `loyalty_card`, `order` …"""


def party_view(conn: Connection, any_id: str) -> PartyView:
    """Show a party with its card.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    party_id = canonical(conn, any_id)
    person = persons_of(conn, [party_id])[party_id]
    met = _met(conn, person)
    return PartyView(
        party_id=any_id,
        canonical_id=party_id,
        merged_from=person.merged_from,
        why=why_one(conn, person) if person.merged_from else (),
        state=met.state,
        origin=met.origin,
        created_at=met.created_at,
        # Whoever knows what a pass is checked by can make one.
        card=msgspec.structs.replace(card_of(conn, party_id), passes=()),
    )


def why_one(conn: Connection, person: Unified) -> tuple[WhyView, ...]:
    """Say what makes the ids of a person one."""
    ids = {person.canonical_id, *person.merged_from}
    links = settle(HeldFacts(conn), ids, book_of(conn)).links
    return tuple(_why(link) for link in sorted(links) if link.one in ids)


def unified_view(conn: Connection, any_id: str) -> UnifiedView:
    """Show everything held of a party, with who said it.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    party_id = canonical(conn, any_id)
    person = persons_of(conn, [party_id])[party_id]
    return UnifiedView(
        party_id=any_id,
        canonical_id=party_id,
        merged_from=person.merged_from,
        state=_met(conn, person).state,
        fields={name: field_view(each) for name, each in person.fields.items()},
        identifiers=tuple(map(_identifier, person.identifiers)),
        consents=person.consents,
        answers={str(each): given for each, given in person.answers.items()},
        points=person.points,
        orders=person.orders,
        through=person.through,
        households=homes(conn, party_id),
    )


def field_view(survivor: Survivor) -> FieldView:
    """Show what survives of a field, and what does not."""
    word = survivor.shown
    return FieldView(
        value=survivor.value,
        source=word.source,
        observed_at=word.at,
        event=word.event,
        party_id=word.party_id,
        strength=word.strength.name.lower(),
        why=survivor.why.value,
        others=tuple(map(_other, survivor.rest)),
    )


def found_views(conn: Connection, found: Mapping[PartyId, str]) -> list[FoundView]:
    """Show persons in a list, what could be misused masked.

    Args:
        conn: any open connection.
        found: canonical id → what of them matched.
    """
    people = persons_of(conn, list(found))
    return [found_view(people[party_id], matched) for party_id, matched in found.items()]


def found_view(person: Unified, matched: str) -> FoundView:
    """Show a person in a list, what could be misused masked."""
    known_by = masked(person.identifiers)
    return FoundView(
        party_id=person.canonical_id,
        name=_value(person, "name") or "",
        tier=_value(person, TIER),
        phone=known_by.get(IdentifierType.PHONE),
        email=known_by.get(IdentifierType.EMAIL),
        card=known_by.get(IdentifierType.LOYALTY_CARD),
        postcode=_value(person, "postcode"),
        matched=matched,
    )


def mask(identifier: Identifier) -> str:
    """Hide most of an identifier.

    >>> mask(Identifier(IdentifierType.EMAIL, "ada@example.com"))
    'a•••@example.com'
    >>> mask(Identifier(IdentifierType.PHONE, "+491701234567"))
    '•••4567'
    """
    if identifier.type is IdentifierType.EMAIL:
        local, _, domain = identifier.value.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••{identifier.value[-_TAIL:]}"


class _Met(NamedTuple):
    """How a person stands, and where they were met first, over all ids."""

    state: str
    origin: str
    created_at: str


def _met(conn: Connection, person: Unified) -> _Met:
    ids = (person.canonical_id, *person.merged_from)
    query = select(PARTIES).where(among(conn, PARTIES.c.party_id, ids))
    rows = sorted(conn.execute(query), key=lambda row: (row.created_at, row.party_id))
    state = ACTIVE if any(row.state == ACTIVE for row in rows) else rows[0].state
    return _Met(state, rows[0].origin, rows[0].created_at)


def _value(person: Unified, field: str) -> str | None:
    found = person.fields.get(field)
    return found.value if found else None


def masked(identifiers: Sequence[Named]) -> dict[IdentifierType, str]:
    """Give one identifier of each type, masked: who has proved theirs goes first."""
    shown: dict[IdentifierType, str] = {}
    for named in identifiers:
        shown.setdefault(named.identifier.type, mask(named.identifier))
    return shown


def _identifier(named: Named) -> IdentifierView:
    return IdentifierView(
        type=named.identifier.type.value,
        value=named.identifier.value,
        source=named.source,
        observed_at=named.at,
        event=named.event,
        party_id=named.party_id,
        verified=named.is_verified,
    )


def _other(word: Observation) -> WordView:
    return WordView(word.value, word.source, word.party_id, word.at)


def _why(link: Link) -> WhyView:
    return WhyView(link.one, link.other, link.rule, link.version, link.means, link.evidence)
