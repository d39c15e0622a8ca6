"""What is known of a party, field by field, with who said it: survivorship is a choice at reading.

Every source keeps its own last word. Shown is the newest word of the strongest source, so that a
nightly import never overrules what the customer said, and the rule can change without losing data.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, Table, bindparam, func, insert, select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import merge_consents
from central.identity.parties import Origin
from central.ledger.bulk import among
from central.ledger.customer_tables import ATTRIBUTES, CONSENTS
from central.ledger.upserts import upsert

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_ALL_ATTRIBUTES = select(ATTRIBUTES).order_by(
    ATTRIBUTES.c.field, ATTRIBUTES.c.strength, ATTRIBUTES.c.ordinal
)
_ATTRIBUTES = _ALL_ATTRIBUTES.where(ATTRIBUTES.c.party_id == _OF_PARTY)
_ALL_CONSENTS = select(CONSENTS).order_by(CONSENTS.c.ordinal)
_CONSENTS = _ALL_CONSENTS.where(CONSENTS.c.party_id == _OF_PARTY)
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
    told = words(fields)
    if not told:
        return
    ordinal = conn.execute(_WORDS, {"of_party": party_id}).scalar_one() + 1
    conn.execute(_OBSERVE, _observed(party_id, told, origin, strength, ordinal))


def words(fields: Mapping[str, str | None]) -> dict[str, str]:
    """Give those fields that say something, without blanks around them."""
    return {field: value.strip() for field, value in fields.items() if value and value.strip()}


def observe_all(
    conn: Connection,
    told: Mapping[str, Mapping[str, str | None]],
    origin: Origin,
    strength: Strength = Strength.SAID,
) -> None:
    """Do what `observe` does for one party, for many: by their ids, what the source says."""
    ordinals = _ordinals(conn, ATTRIBUTES, list(told))
    rows = [
        row
        for party_id, fields in told.items()
        for row in _observed(
            party_id, words(fields), origin, strength, ordinals.get(party_id, 0) + 1
        )
    ]
    if rows:
        conn.execute(_OBSERVE, rows)


def _observed(
    party_id: str, told: Mapping[str, str], origin: Origin, strength: Strength, ordinal: int
) -> list[dict[str, str | int]]:
    return [
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
    ]


def attributes_of(conn: Connection, party_id: str) -> dict[str, Observed]:
    """Give each field's surviving value: of the strongest sources, the newest received."""
    rows = conn.execute(_ATTRIBUTES, {"of_party": party_id})
    return {row.field: _shown(row) for row in rows}


def attributes_of_all(
    conn: Connection, party_ids: Sequence[str], *, source: str | None = None
) -> dict[str, dict[str, Observed]]:
    """Give of many parties what `attributes_of` gives of one, or what one source says of them."""
    shown: defaultdict[str, dict[str, Observed]] = defaultdict(dict)
    query = _ALL_ATTRIBUTES.where(among(conn, ATTRIBUTES.c.party_id, party_ids))
    for row in conn.execute(query):
        if source in (None, row.source):
            shown[row.party_id][row.field] = _shown(row)
    return shown


def _shown(row: Row[Any]) -> Observed:
    return Observed(row.value, row.source, row.observed_at)


def consent(conn: Connection, party_id: str, given: Iterable[ConsentGiven], origin: Origin) -> None:
    """Write down answers as they were given; what was answered the same before is not repeated."""
    held = set(consents_of(conn, party_id))
    ordinal = conn.execute(_ANSWERS, {"of_party": party_id}).scalar_one() + 1
    new = (answer for answer in given if answer not in held)
    rows = [_answered(party_id, answer, origin, n) for n, answer in enumerate(new, ordinal)]
    if rows:
        conn.execute(insert(CONSENTS), rows)


def consent_all(
    conn: Connection, given: Mapping[str, Iterable[ConsentGiven]], origin: Origin
) -> None:
    """Do what `consent` does for one party, for many: by their ids, what they answered."""
    held, ordinals = consents_of_all(conn, list(given)), _ordinals(conn, CONSENTS, list(given))
    rows = []
    for party_id, answers in given.items():
        new = [answer for answer in answers if answer not in held.get(party_id, ())]
        first = ordinals.get(party_id, 0) + 1
        rows += [_answered(party_id, answer, origin, n) for n, answer in enumerate(new, first)]
    if rows:
        conn.execute(insert(CONSENTS), rows)


def _ordinals(conn: Connection, table: Table, party_ids: Sequence[str]) -> dict[str, int]:
    """Give the highest ordinal of each party that has any."""
    query = select(table.c.party_id, func.max(table.c.ordinal)).group_by(table.c.party_id)
    rows = conn.execute(query.where(among(conn, table.c.party_id, party_ids))).all()
    return dict(map(tuple, rows))


def _answered(
    party_id: str, answer: ConsentGiven, origin: Origin, ordinal: int
) -> dict[str, str | int]:
    return {
        "party_id": party_id,
        "ordinal": ordinal,
        "purpose": answer.purpose,
        "contact": answer.contact,
        "given": answer.given,
        "source": origin.source,
        "at": origin.at,
    }


def consents_of(conn: Connection, party_id: str) -> tuple[ConsentGiven, ...]:
    """Give the last answer to each purpose and contact."""
    rows = conn.execute(_CONSENTS, {"of_party": party_id})
    return merge_consents((), [_given(row) for row in rows])


def consents_of_all(
    conn: Connection, party_ids: Sequence[str]
) -> dict[str, tuple[ConsentGiven, ...]]:
    """Give of many parties what `consents_of` gives of one; of one who was not asked, nothing."""
    answers: defaultdict[str, list[ConsentGiven]] = defaultdict(list)
    for row in conn.execute(_ALL_CONSENTS.where(among(conn, CONSENTS.c.party_id, party_ids))):
        answers[row.party_id].append(_given(row))
    return {party_id: merge_consents((), given) for party_id, given in answers.items()}


def _given(row: Row[Any]) -> ConsentGiven:
    return ConsentGiven(row.purpose, row.contact, row.given)


def folded(text: str) -> str:
    """Write a text as it is searched: no case, no accents, single blanks.

    >>> folded("  Zoë  MÜLLER ")
    'zoe muller'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())
