"""What persons have allowed and forbidden, under each of their ids, and what decides of it.

A record is kept once, whoever brings it how often. Whether something may be done is computed at
reading, over every id the person has today; so a merge and its undo write nothing here. Objections
alone outlive the undo (P10's one exception): those of ids the person was once one with count, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, or_, select

from agent.core.consent import (
    Asked,
    ConsentRecord,
    Mark,
    answer_mark,
    check,
    compact,
    mark_of,
    person,
)
from agent.core.consent.record import told_event
from agent.core.entries.bodies import ConsentGiven
from agent.core.history import merge_consents
from agent.core.history.graph import Tie
from agent.core.identifiers import PartyId
from central.identity.insights import note_answered
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import CONSENTS
from central.ledger.graph_tables import DECISIONS, IDENTITY_EDGES, ONCE_ONE, SEPARATION
from central.ledger.privacy_tables import CONSENT_RECORDS
from central.ledger.upserts import upsert

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(ConsentRecord).decode
_TOLD = "told/"
"""What the id of an answer begins with that has no record of its own."""
_ANY_DAY = "0001-01-01"
"""Before which nothing runs out."""
_KEEP = upsert(CONSENT_RECORDS).on_conflict_do_nothing()
_RECORDS = Keyed(
    select(CONSENT_RECORDS.c.party_id, CONSENT_RECORDS.c.body).order_by(
        CONSENT_RECORDS.c.party_id, CONSENT_RECORDS.c.record_id
    ),
    CONSENT_RECORDS.c.party_id,
)
_ANSWERS = Keyed(
    select(CONSENTS).order_by(CONSENTS.c.party_id, CONSENTS.c.ordinal), CONSENTS.c.party_id
)
_PARTED = select(DECISIONS.c.decision_id).where(DECISIONS.c.kind == SEPARATION)
_TIES = Keyed(
    select(IDENTITY_EDGES.c.party_id, IDENTITY_EDGES.c.one, IDENTITY_EDGES.c.other).where(
        or_(
            IDENTITY_EDGES.c.kind == Tie.SAME.value,
            # Whom a rule had joined is said to be different only by who parts them.
            (IDENTITY_EDGES.c.kind == Tie.DIFFERENT.value) & IDENTITY_EDGES.c.event.in_(_PARTED),
        )
    ),
    IDENTITY_EDGES.c.party_id,
)


_ONCE = Keyed(
    select(ONCE_ONE.c.party_id, ONCE_ONE.c.party_id.label("one"), ONCE_ONE.c.other),
    ONCE_ONE.c.party_id,
)


def keep_record(conn: Connection, record: ConsentRecord, source: str, now: str) -> bool:
    """Keep an answer; False where it is kept already.

    Args:
        conn: of the caller's writing transaction.
        record: as it was given.
        source: who brought it: `journal/seq`, `channel/event` or `hq`.
        now: HQ's time.
    """
    row = {
        "party_id": record.party_id,
        "record_id": record.record_id,
        "purpose": record.purpose,
        "contact": record.contact,
        "state": record.state.value,
        "at": record.at,
        "source": source,
        "recorded_at": now,
        "body": _encode(record),
    }
    note_answered(conn, [(record.party_id, record.purpose)])
    return conn.execute(_KEEP, row).rowcount == 1


def records_of_all(
    conn: Connection, party_ids: Sequence[str]
) -> dict[PartyId, list[ConsentRecord]]:
    """List the records under some ids, by id."""
    found: defaultdict[PartyId, list[ConsentRecord]] = defaultdict(list)
    for row in _RECORDS.rows(conn, party_ids):
        found[PartyId(row.party_id)].append(_decode(row.body))
    return found


def marks_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[PartyId, tuple[Mark, ...]]:
    """Give what decides under each of some ids, those without anything left out.

    An answer told on enrolling, imported or sent with an order is a mark, too: the last one to one
    purpose over one contact under that id.
    """
    marks: defaultdict[PartyId, list[Mark]] = defaultdict(list)
    for party_id, records in records_of_all(conn, party_ids).items():
        marks[party_id] += map(mark_of, records)
    for party_id, told in _answers(conn, party_ids).items():
        marks[party_id] += told
    return {party_id: compact(theirs) for party_id, theirs in marks.items()}


def former_marks(
    conn: Connection, persons: Mapping[PartyId, Sequence[PartyId]]
) -> dict[PartyId, tuple[Mark, ...]]:
    """Give the objections of ids some persons were once one with and are no longer.

    Args:
        conn: any transaction.
        persons: canonical id → all ids of the person.

    Returns:
        By canonical id; whoever was never taken for anybody is left out.
    """
    tied = _tied(conn, [each for ids in persons.values() for each in ids])
    found = {
        chosen: _former(conn, frozenset(ids))
        for chosen, ids in persons.items()
        if not tied.isdisjoint(ids)
    }
    return {chosen: marks for chosen, marks in found.items() if marks}


def marks_of_person(conn: Connection, members: Sequence[PartyId]) -> tuple[Mark, ...]:
    """Give everything that decides for one person, by all their ids."""
    own = marks_of_all(conn, members).values()
    former = former_marks(conn, {members[0]: members}).get(members[0], ())
    return compact((*former, *(mark for theirs in own for mark in theirs)))


def shown_consents(
    answers: Iterable[ConsentGiven], marks: Iterable[Mark]
) -> tuple[ConsentGiven, ...]:
    """Give the answers as they are shown under one id: where there are records, they decide.

    A yes that has run out is shown as it was given; whether it still counts is asked for, by day.
    """
    held = tuple(marks)
    if all(mark.record_id.startswith(_TOLD) for mark in held):
        return tuple(answers)
    spoken = {(mark.purpose, mark.contact) for mark in held}
    decided = [
        ConsentGiven(purpose, contact, check(held, Asked(purpose, contact), today=_ANY_DAY).allowed)
        for purpose, contact in sorted(spoken)
    ]
    return merge_consents(answers, decided)


def _answers(conn: Connection, party_ids: Sequence[str]) -> dict[PartyId, list[Mark]]:
    """Give the last answer to each question under each id; it names those before it."""
    before: defaultdict[tuple[str, str, str], list[Row[Any]]] = defaultdict(list)
    for row in _ANSWERS.rows(conn, party_ids):
        before[row.party_id, row.purpose, row.contact].append(row)
    marks: defaultdict[PartyId, list[Mark]] = defaultdict(list)
    for (party_id, purpose, contact), rows in before.items():
        *older, last = rows
        names = tuple(f"{_event(row)}#0" for row in older)
        marks[PartyId(party_id)].append(
            answer_mark(
                _event(last),
                0,
                purpose=purpose,
                contact=contact,
                given=last.given,
                replaces=tuple(sorted(set(names) - {f"{_event(last)}#0"})),
            )
        )
    return marks


def _event(row: Row[Any]) -> str:
    return told_event(
        PartyId(row.party_id),
        row.source,
        row.at,
        purpose=row.purpose,
        contact=row.contact,
        given=bool(row.given),
    )


def _tied(conn: Connection, party_ids: Sequence[PartyId]) -> frozenset[PartyId]:
    """Give those who were ever one person with somebody, or were said to be."""
    return frozenset(PartyId(row.party_id) for row in _ties(conn, party_ids))


def _ties(conn: Connection, party_ids: Sequence[PartyId]) -> list[Row[Any]]:
    return [row for ties in (_TIES, _ONCE) for row in ties.rows(conn, party_ids)]


def _former(conn: Connection, members: frozenset[PartyId]) -> tuple[Mark, ...]:
    others = sorted(_ever_one_with(conn, members) - members)
    records = records_of_all(conn, others).values() if others else ()
    return person((), (each for theirs in records for each in theirs))


def _ever_one_with(conn: Connection, members: frozenset[PartyId]) -> frozenset[PartyId]:
    """Give every id that ever was, or was said to be, this person, taken back or not."""
    found, new = members, members
    while new:
        rows = _ties(conn, sorted(new))
        ends = {PartyId(end) for row in rows for end in (row.one, row.other)}
        new = frozenset(ends - found)
        found |= new
    return found
