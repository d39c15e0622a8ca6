"""What of each party is compared with others: one record a person, read a slice at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, select

from agent.core.history.graph_rules import is_placeholder
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.attributes import attributes_of_all, consents_of_all, folded
from central.identity.parties import ACTIVE, identifiers_of_all
from central.ledger.customer_tables import PARTIES

PROFILING = "profiling"
SLICE = 2000
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_CONTACTS = frozenset({IdentifierType.EMAIL, IdentifierType.PHONE})


class Record(msgspec.Struct, frozen=True):
    """A party as a model sees it: folded texts, empty where nothing is known."""

    party_id: PartyId
    words: tuple[str, ...]
    """Of the name, in their order."""
    birth_date: str = ""
    """ISO 8601."""
    postcode: str = ""
    street: tuple[str, ...] = ()
    """Words of street and house number, in their order."""
    city: str = ""
    contacts: tuple[str, ...] = ()
    """`email:…` and `phone:…`, sorted."""


def records(conn: Connection) -> Iterator[Record]:
    """Read everybody who may be compared, by their ids.

    Left out is who was erased or never named, and whoever refused to be profiled: two records are
    put beside each other by what they say of a person (GDPR, Article 21).
    """
    after = ""
    while ids := _next_ids(conn, after):
        yield from _records(conn, ids)
        after = ids[-1]


def _next_ids(conn: Connection, after: str) -> list[PartyId]:
    query = select(PARTIES.c.party_id).where(PARTIES.c.party_id > after, PARTIES.c.state == ACTIVE)
    rows = conn.execute(query.order_by(PARTIES.c.party_id).limit(SLICE))
    return [PartyId(each) for each in rows.scalars()]


def _records(conn: Connection, ids: Sequence[PartyId]) -> Iterator[Record]:
    said, held = attributes_of_all(conn, ids), identifiers_of_all(conn, ids)
    answers = consents_of_all(conn, ids)
    for party_id in ids:
        refused = any(a.purpose == PROFILING and not a.given for a in answers.get(party_id, ()))
        fields = {name: seen.value for name, seen in said.get(party_id, {}).items()}
        if fields.get("name") and not refused:
            named = [each.identifier for each in held.get(party_id, ())]
            yield record_of(party_id, fields, named)


def record_of(
    party_id: PartyId, fields: dict[str, str], identifiers: Sequence[Identifier]
) -> Record:
    """Make the record of a party from what is known of it.

    >>> record_of(PartyId("p"), {"name": "Zoë Müller", "postcode": "sw1a 2aa"}, ()).words
    ('zoe', 'muller')
    """
    return Record(
        party_id,
        _words(fields.get("name", "")),
        fields.get("birth_date", ""),
        "".join(_words(fields.get("postcode", ""))),
        _words(fields.get("street", "")),
        "".join(_words(fields.get("city", ""))),
        tuple(sorted(_contacts(identifiers))),
    )


def _contacts(identifiers: Sequence[Identifier]) -> Iterator[str]:
    for each in identifiers:
        if each.type in _CONTACTS and not is_placeholder(each):
            yield f"{each.type.value}:{each.value}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(_BETWEEN_WORDS.sub(" ", folded(text)).split())
