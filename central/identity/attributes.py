"""What is known of a party, field by field, with who said it: survivorship is a choice at reading.

Every source keeps its own last word, whatever its clock said. Which of them is shown is chosen by
`core.history.survivors`, so that a nightly import never overrules what the customer said, a merge
shows the best of all ids, and the rule can change without losing data.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select

from agent.core.card_numbers import TYPED, masked
from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Observation, Strength, merge_consents, survivors
from agent.core.identifiers import PartyId
from central.identity.insights import note_answered
from central.identity.parties import Origin
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import ATTRIBUTES, CONSENTS
from central.ledger.upserts import upsert

_STRENGTHS = {each.value: each for each in Strength}
_WORDS = Keyed(select(ATTRIBUTES), ATTRIBUTES.c.party_id)
_CONSENTS = Keyed(select(CONSENTS).order_by(CONSENTS.c.ordinal), CONSENTS.c.party_id)
_ORDINALS = Keyed(
    select(CONSENTS.c.party_id, func.max(CONSENTS.c.ordinal).label("last")).group_by(
        CONSENTS.c.party_id
    ),
    CONSENTS.c.party_id,
)
_NEW_WORD = upsert(ATTRIBUTES)
_OBSERVE = _NEW_WORD.on_conflict_do_update(
    index_elements=["party_id", "field", "source"],
    set_={
        column: _NEW_WORD.excluded[column]
        for column in ("value", "folded", "strength", "event", "observed_at", "heard_at")
    },
)


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
    observe_all(conn, {party_id: fields}, origin, strength)


def words(fields: Mapping[str, str | None]) -> dict[str, str]:
    """Give those fields that say something, without blanks around them and without card numbers."""
    said = {field: value.strip() for field, value in fields.items() if value and value.strip()}
    return {field: text if field in TYPED else masked(text) for field, text in said.items()}


def observe_all(
    conn: Connection,
    told: Mapping[str, Mapping[str, str | None]],
    origin: Origin,
    strength: Strength = Strength.SAID,
) -> None:
    """Do what `observe` does for one party, for many: by their ids, what the source says."""
    rows = [
        row
        for party_id, fields in told.items()
        for row in _observed(party_id, words(fields), origin, strength)
    ]
    if rows:
        conn.execute(_OBSERVE, rows)


def _observed(
    party_id: str, told: Mapping[str, str], origin: Origin, strength: Strength
) -> list[dict[str, str | int]]:
    return [
        {
            "party_id": party_id,
            "field": field,
            "source": origin.source,
            "value": value,
            "folded": folded(value),
            "strength": strength.value,
            "event": origin.event,
            "observed_at": origin.at,
            "heard_at": origin.heard_at,
        }
        for field, value in told.items()
    ]


def words_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[str, list[Observation]]:
    """Give every word that is held of some parties, by their ids; of one nobody spoke of, none."""
    said: defaultdict[str, list[Observation]] = defaultdict(list)
    for row in _WORDS.rows(conn, party_ids):
        said[row.party_id].append(_word(row))
    return said


def attributes_of(conn: Connection, party_id: str) -> dict[str, Observed]:
    """Give each field's surviving value of what was said under this very id."""
    return attributes_of_all(conn, [party_id]).get(party_id, {})


def attributes_of_all(
    conn: Connection, party_ids: Sequence[str], *, source: str | None = None
) -> dict[str, dict[str, Observed]]:
    """Give of many parties what `attributes_of` gives of one, or what one source says of them."""
    return {
        party_id: shown([word for word in said if source in (None, word.source)])
        for party_id, said in words_of_all(conn, party_ids).items()
    }


def shown(said: Iterable[Observation]) -> dict[str, Observed]:
    """Choose of some words what is shown of each field."""
    return {
        field: Observed(each.shown.value, each.shown.source, each.shown.at)
        for field, each in survivors(said).items()
    }


def _word(row: Row[Any]) -> Observation:
    return Observation(
        party_id=PartyId(row.party_id),
        field=row.field,
        value=row.value,
        source=row.source,
        event=row.event or row.source,
        at=row.observed_at,
        strength=_STRENGTHS[row.strength],
        heard_at=row.heard_at,
    )


def consent(conn: Connection, party_id: str, given: Iterable[ConsentGiven], origin: Origin) -> None:
    """Write down answers as they were given; what was answered the same before is not repeated."""
    held = set(consents_of(conn, party_id))
    ordinal = _ordinals(conn, [party_id]).get(party_id, 0) + 1
    new = (answer for answer in given if answer not in held)
    rows = [_answered(party_id, answer, origin, n) for n, answer in enumerate(new, ordinal)]
    if rows:
        conn.execute(insert(CONSENTS), rows)
        note_answered(conn, [(party_id, row["purpose"]) for row in rows])


def consent_all(
    conn: Connection, given: Mapping[str, Iterable[ConsentGiven]], origin: Origin
) -> None:
    """Do what `consent` does for one party, for many: by their ids, what they answered."""
    held, ordinals = consents_of_all(conn, list(given)), _ordinals(conn, list(given))
    rows = []
    for party_id, answers in given.items():
        new = [answer for answer in answers if answer not in held.get(party_id, ())]
        first = ordinals.get(party_id, 0) + 1
        rows += [_answered(party_id, answer, origin, n) for n, answer in enumerate(new, first)]
    if rows:
        conn.execute(insert(CONSENTS), rows)
        # A no ends a profile at once; a yes of many at once counts from the next purchase on.
        noes = [(row["party_id"], row["purpose"]) for row in rows if not row["given"]]
        note_answered(conn, noes)


def _ordinals(conn: Connection, party_ids: Sequence[str]) -> dict[str, int]:
    """Give the highest ordinal of each party that has any."""
    return {row.party_id: row.last for row in _ORDINALS.rows(conn, party_ids)}


def _answered(party_id: str, answer: ConsentGiven, origin: Origin, ordinal: int) -> dict[str, Any]:
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
    return consents_of_all(conn, [party_id]).get(party_id, ())


def consents_of_all(
    conn: Connection, party_ids: Sequence[str]
) -> dict[str, tuple[ConsentGiven, ...]]:
    """Give of many parties what `consents_of` gives of one; of one who was not asked, nothing."""
    answers: defaultdict[str, list[ConsentGiven]] = defaultdict(list)
    for row in _CONSENTS.rows(conn, party_ids):
        answers[row.party_id].append(_given(row))
    return {party_id: merge_consents((), given) for party_id, given in answers.items()}


def _given(row: Row[Any]) -> ConsentGiven:
    return ConsentGiven(row.purpose, row.contact, bool(row.given))


def folded(text: str) -> str:
    """Write a text as it is searched: no case, no accents, single blanks.

    >>> folded("  Zoë  MÜLLER ")
    'zoe muller'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())
