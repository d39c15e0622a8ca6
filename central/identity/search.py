"""Searching a person as staff do: a card, a phone, an e-mail, an order or receipt, part of a name.

What names exactly one person comes first; names are matched word by word, without case and accents.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from agent.core.faults import InputFault
from agent.core.identifiers import PartyId
from agent.core.recognition import normalise
from agent.core.recognition.means import IdentifierType
from central.identity.attributes import folded
from central.identity.parties import canonical, holders_of
from central.identity.views import FoundView, found_views
from central.ledger.customer_tables import ATTRIBUTES, ORDERS, PSEUDONYMS, SALES

FOUND_MAX = 20
"""Rows of an answer: whoever finds more needs a better question."""
TEXT_CHARACTERS_MIN = 2
TEXT_CHARACTERS_MAX = 100
_REGION = "DE"
_TYPES = (IdentifierType.LOYALTY_CARD, IdentifierType.EMAIL, IdentifierType.PHONE)


def search(conn: Connection, text: str, limit: int = FOUND_MAX) -> list[FoundView]:
    """Find persons by anything that names one, or by part of a name.

    Raises:
        InputFault: too short to mean somebody, or far too long.
    """
    asked = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    if not TEXT_CHARACTERS_MIN <= len(asked) <= TEXT_CHARACTERS_MAX:
        raise InputFault(
            f"a search for {len(asked)} characters finds everybody or nobody",
            remedy=f"type {TEXT_CHARACTERS_MIN} to {TEXT_CHARACTERS_MAX} characters of a card, "
            "phone, e-mail, order, receipt or name",
        )
    found: dict[PartyId, str] = {}
    for match, matched in _matches(conn, asked, limit):
        found.setdefault(canonical(conn, match), matched)
    return found_views(conn, dict(list(found.items())[:limit]))


def _matches(conn: Connection, text: str, limit: int) -> Iterator[tuple[str, str]]:
    for kind in _TYPES:
        try:
            identifier = normalise(kind, text, _REGION)
        except InputFault:
            continue
        yield from ((party_id, kind.value) for party_id in holders_of(conn, identifier))
    yield from _by_number(conn, text)
    for party_id in _by_name(conn, text, limit):
        yield party_id, "name"


def _by_number(conn: Connection, text: str) -> Iterator[tuple[str, str]]:
    """Find whose order or receipt it is."""
    query = select(ORDERS.c.party_id).where(
        ORDERS.c.order_no.in_({text, text.upper()}), ORDERS.c.party_id.is_not(None)
    )
    for party_id in conn.execute(query).scalars():
        yield str(party_id), "order"
    of_receipt = (
        select(PSEUDONYMS.c.party_id)
        .join(SALES, SALES.c.customer_ref == PSEUDONYMS.c.customer_ref)
        .where(SALES.c.receipt_no == text)
    )
    for party_id in conn.execute(of_receipt).scalars():
        yield party_id, "receipt"


def _by_name(conn: Connection, text: str, limit: int) -> list[str]:
    """Find names that hold every word, in any order; a text without a letter names nobody."""
    words = folded(text).split()
    if not words:
        return []
    query = select(ATTRIBUTES.c.party_id, ATTRIBUTES.c.folded).where(ATTRIBUTES.c.field == "name")
    for word in words:
        query = query.where(ATTRIBUTES.c.folded.contains(word, autoescape=True))
    query = query.order_by(ATTRIBUTES.c.folded, ATTRIBUTES.c.party_id).limit(limit * 2)
    return [row.party_id for row in conn.execute(query)]
