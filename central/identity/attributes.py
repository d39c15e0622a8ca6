"""What is known of a party, field by field, with who said it: survivorship is a choice at reading.

Every source keeps its own last word. Shown is the newest word of the strongest source, so that a
nightly import never overrules what the customer said, and the rule can change without losing data.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import merge_consents
from central.identity.parties import Origin
from central.ledger.customer_tables import ATTRIBUTES, CONSENTS
from central.ledger.upserts import upsert

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_ATTRIBUTES = (
    select(ATTRIBUTES)
    .where(ATTRIBUTES.c.party_id == _OF_PARTY)
    .order_by(ATTRIBUTES.c.field, ATTRIBUTES.c.strength, ATTRIBUTES.c.ordinal)
)
_CONSENTS = select(CONSENTS).where(CONSENTS.c.party_id == _OF_PARTY).order_by(CONSENTS.c.ordinal)
# Words are counted per party as they arrive: no clock decides which is newer.
_WORDS = select(func.coalesce(func.max(ATTRIBUTES.c.ordinal), 0)).where(
    ATTRIBUTES.c.party_id == _OF_PARTY
)
_ANSWERS = select(func.coalesce(func.max(CONSENTS.c.ordinal), 0)).where(
    CONSENTS.c.party_id == _OF_PARTY
)
_NEW_WORD = upsert(ATTRIBUTES)
_OBSERVE = _NEW_WORD.on_conflict_do_update(
    index_elements=["party_id", "field", "source"],
    set_={
        column: _NEW_WORD.excluded[column]
        for column in ("value", "folded", "strength", "ordinal", "observed_at")
    },
)


class Strength(IntEnum):
    """How much a word weighs."""

    RECORD = 1
    """From another system's records."""
    SAID = 2
    """By the customer, at a till or on the web."""


class Observed(NamedTuple):
    """One field as it is shown, and where it comes from."""

    value: str
    source: str
    observed_at: str


def observe(
    conn: Connection,
    party_id: str,
    fields: Mapping[str, str | None],
    origin: Origin,
    strength: Strength = Strength.SAID,
) -> None:
    """Write down what a source says; empty fields say nothing and remove nothing."""
    told = {field: value.strip() for field, value in fields.items() if value and value.strip()}
    if not told:
        return
    ordinal = conn.execute(_WORDS, {"of_party": party_id}).scalar_one() + 1
    conn.execute(
        _OBSERVE,
        [
            {
                "party_id": party_id,
                "field": field,
                "source": origin.source,
                "value": value,
                "folded": folded(value),
                "strength": strength.value,
                "ordinal": ordinal,
                "observed_at": origin.at,
            }
            for field, value in told.items()
        ],
    )


def attributes_of(conn: Connection, party_id: str) -> dict[str, Observed]:
    """Give each field's surviving value: of the strongest sources, the newest received."""
    rows = conn.execute(_ATTRIBUTES, {"of_party": party_id})
    return {row.field: Observed(row.value, row.source, row.observed_at) for row in rows}


def consent(conn: Connection, party_id: str, given: Iterable[ConsentGiven], origin: Origin) -> None:
    """Write down answers as they were given; what was answered the same before is not repeated."""
    held = set(consents_of(conn, party_id))
    ordinal = conn.execute(_ANSWERS, {"of_party": party_id}).scalar_one() + 1
    rows = [
        {
            "party_id": party_id,
            "ordinal": ordinal + n,
            "purpose": answer.purpose,
            "contact": answer.contact,
            "given": answer.given,
            "source": origin.source,
            "at": origin.at,
        }
        for n, answer in enumerate(answer for answer in given if answer not in held)
    ]
    if rows:
        conn.execute(insert(CONSENTS), rows)


def consents_of(conn: Connection, party_id: str) -> tuple[ConsentGiven, ...]:
    """Give the last answer to each purpose and contact."""
    rows = conn.execute(_CONSENTS, {"of_party": party_id})
    return merge_consents((), [ConsentGiven(row.purpose, row.contact, row.given) for row in rows])


def folded(text: str) -> str:
    """Write a text as it is searched: no case, no accents, single blanks.

    >>> folded("  Zoë  MÜLLER ")
    'zoe muller'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())
