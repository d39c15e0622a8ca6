"""What staff may see of a party: the card, the unified view with its sources, search results."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Card, Order
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.attributes import attributes_of, consents_of
from central.identity.cards import card_of, orders_of
from central.identity.parties import canonical, identifiers_of
from central.ledger.customer_tables import PARTIES

_TAIL = 4
"""Digits of a phone or card that are shown: enough to compare, too few to use."""


class PartyView(msgspec.Struct, frozen=True):
    """A party, by whichever of its ids it was asked for."""

    party_id: str
    """As asked for."""
    canonical_id: str
    merged_from: tuple[str, ...]
    """Other ids of the same person; none while parties are not merged."""
    state: str
    """`active`, or `provisional`: met, but nobody has said who it is."""
    origin: str
    created_at: str
    card: Card


class FieldView(msgspec.Struct, frozen=True):
    """One thing known of a party, and who said it."""

    value: str
    source: str
    """A touch point (`store-0001/till-1`), a channel (`web`) or `import`."""
    observed_at: str


class IdentifierView(msgspec.Struct, frozen=True):
    """One way to find the party, and who named it first."""

    type: str
    value: str
    source: str
    observed_at: str


class UnifiedView(msgspec.Struct, frozen=True):
    """Everything held of a party, over all channels, field by field with its source."""

    party_id: str
    canonical_id: str
    merged_from: tuple[str, ...]
    state: str
    fields: dict[str, FieldView]
    identifiers: tuple[IdentifierView, ...]
    consents: tuple[ConsentGiven, ...]
    orders: tuple[Order, ...]


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
    row = conn.execute(select(PARTIES).where(PARTIES.c.party_id == party_id)).one()
    return PartyView(
        party_id=any_id,
        canonical_id=party_id,
        merged_from=(),
        state=row.state,
        origin=row.origin,
        created_at=row.created_at,
        card=card_of(conn, party_id),
    )


def unified_view(conn: Connection, any_id: str) -> UnifiedView:
    """Show everything held of a party, with who said it.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    party_id = canonical(conn, any_id)
    row = conn.execute(select(PARTIES).where(PARTIES.c.party_id == party_id)).one()
    fields = attributes_of(conn, party_id)
    held = identifiers_of(conn, party_id)
    return UnifiedView(
        party_id=any_id,
        canonical_id=party_id,
        merged_from=(),
        state=row.state,
        fields={name: FieldView(*observed) for name, observed in fields.items()},
        identifiers=tuple(
            IdentifierView(each.identifier.type, each.identifier.value, *each[1:]) for each in held
        ),
        consents=consents_of(conn, party_id),
        orders=tuple(orders_of(conn, party_id)),
    )


def found_view(conn: Connection, party_id: PartyId, matched: str) -> FoundView:
    """Show a party in a list, what could be misused masked."""
    fields = attributes_of(conn, party_id)
    masked = {
        each.identifier.type: mask(each.identifier) for each in identifiers_of(conn, party_id)
    }
    return FoundView(
        party_id=party_id,
        name=fields["name"].value if "name" in fields else "",
        tier=fields["tier"].value if "tier" in fields else None,
        phone=masked.get(IdentifierType.PHONE),
        email=masked.get(IdentifierType.EMAIL),
        card=masked.get(IdentifierType.LOYALTY_CARD),
        postcode=fields["postcode"].value if "postcode" in fields else None,
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
