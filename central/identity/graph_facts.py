"""The facts of the identity graph as HQ's tables hold them: what `core.history.graph_*` asks for.

Identifiers are edges of `identifier`, names and birth dates those of `attribute`, objections stand
in `consent_record`, and what people or models said of two parties in `identity_edge`. Nothing is
read that is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, exists, or_, select

from agent.core.consent import ANY, Asked, State, check
from agent.core.consent.purposes import PROFILING
from agent.core.history.graph import (
    Fact,
    IdentifierEdge,
    Key,
    PartyEdge,
    Tie,
    Trait,
    TraitKind,
)
from agent.core.history.graph_near import Holders
from agent.core.history.graph_rules import BOOK, RuleBook
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.consents import marks_of_all
from central.identity.parties import EVIDENCE
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import ATTRIBUTES, IDENTIFIERS
from central.ledger.direct import Prepared
from central.ledger.graph_tables import BLOCKS, IDENTITY_EDGES, IDENTITY_RETRACTIONS
from central.ledger.privacy_tables import CONSENT_RECORDS

TRAITS = {"name": TraitKind.NAME, "birth_date": TraitKind.BIRTH_DATE}
"""Fields of `attribute` that a rule asks for; what somebody objects to is no attribute."""
_TYPES = tuple(IdentifierType)
_OF_PARTY: BindParameter[str] = bindparam("of_party")
_TAKEN_BACK = exists().where(
    IDENTITY_RETRACTIONS.c.event == IDENTITY_EDGES.c.event,
    IDENTITY_RETRACTIONS.c.line == IDENTITY_EDGES.c.line,
)
_EDGES = Prepared(
    select(IDENTITY_EDGES).where(IDENTITY_EDGES.c.party_id == _OF_PARTY, ~_TAKEN_BACK)
)
_TOLD = Keyed(select(IDENTITY_EDGES).where(~_TAKEN_BACK), IDENTITY_EDGES.c.party_id)
_HELD = Prepared(select(IDENTIFIERS).where(IDENTIFIERS.c.party_id == _OF_PARTY))
_HEARD = Prepared(
    select(ATTRIBUTES).where(
        ATTRIBUTES.c.party_id == _OF_PARTY, or_(*(ATTRIBUTES.c.field == each for each in TRAITS))
    )
)
_PROFILING = PROFILING.purpose
_OBJECTED = Prepared(
    select(CONSENT_RECORDS.c.record_id)
    .where(
        CONSENT_RECORDS.c.party_id == _OF_PARTY,
        or_(CONSENT_RECORDS.c.purpose == _PROFILING, CONSENT_RECORDS.c.purpose == ANY),
        CONSENT_RECORDS.c.state == State.OBJECTED.value,
    )
    .order_by(CONSENT_RECORDS.c.record_id)
)
_ANY_DAY = "0001-01-01"
"""An objection does not run out."""
_HOLDERS = Prepared(
    select(IDENTIFIERS.c.party_id, IDENTIFIERS.c.evidence)
    .where(IDENTIFIERS.c.type == bindparam("of_type"), IDENTIFIERS.c.value == bindparam("of_value"))
    .order_by(IDENTIFIERS.c.evidence.desc())
    .limit(bindparam("at_most"))
)
_BLOCKED = Prepared(
    select(BLOCKS.c.type).where(
        BLOCKS.c.type == bindparam("of_type"), BLOCKS.c.value == bindparam("of_value")
    )
)


class HeldFacts:
    """A `core.history.graph_near.Facts` over an open connection, as they are when first asked for.

    A preview asks three times, so everything is read once; after a write, make a new one.
    """

    def __init__(self, conn: Connection) -> None:
        """Read nothing yet."""
        self._conn = conn
        self.of_party = cache(self._of_party)
        self.holders = cache(self._holders)
        self.blocked = cache(self._blocked)

    def _of_party(self, party_id: PartyId) -> Collection[Fact]:
        """Give the facts about a party, at either end of an edge."""
        of_party = {"of_party": party_id}
        return [
            *map(identifier_edge, _HELD.all(self._conn, of_party)),
            *map(_trait, _HEARD.all(self._conn, of_party)),
            *self._objected(party_id),
            *map(party_edge, _EDGES.all(self._conn, of_party)),
        ]

    def _objected(self, party_id: PartyId) -> Iterator[Trait]:
        """Say that a party does not want to be profiled; an objection that was lifted is over."""
        said = _OBJECTED.all(self._conn, {"of_party": party_id})
        if not said:
            return
        marks = marks_of_all(self._conn, [party_id]).get(party_id, ())
        if check(marks, Asked(_PROFILING), today=_ANY_DAY, purposes={}).state == State.OBJECTED:
            kind = TraitKind.OBJECTED
            yield Trait(kind, party_id, _PROFILING, event=said[0].record_id, line=_line(kind))

    def _holders(self, identifier: Key, most: int) -> Holders:
        """Give who holds an identifier, the strongest first, and `most + 1` of them at most."""
        asked = _named(identifier) | {"at_most": most + 1}
        found = [(PartyId(row.party_id), row.evidence) for row in _HOLDERS.all(self._conn, asked)]
        candidate, observed, verified = (
            frozenset(party_id for party_id, shown in found if shown >= least)
            for least in range(len(EVIDENCE))
        )
        return Holders(candidate, observed, verified)

    def _blocked(self, identifier: Key) -> bool:
        """Tell whether somebody has said that the identifier names nobody."""
        return _BLOCKED.one_or_none(self._conn, _named(identifier)) is not None


def book_of(_conn: Connection) -> RuleBook:
    """Give the rules of the chain."""
    return BOOK


def identifier_edge(row: Row[Any]) -> IdentifierEdge:
    """Read an edge of an identifier; of the facts of one event each type has a line of its own."""
    kind = IdentifierType(row.type)
    return IdentifierEdge(
        EVIDENCE[row.evidence],
        PartyId(row.party_id),
        Identifier(kind, row.value),
        event=row.event,
        line=_TYPES.index(kind),
        at=row.observed_at,
    )


def party_edge(row: Row[Any]) -> PartyEdge:
    """Read what was said of two parties."""
    return PartyEdge(
        Tie(row.kind),
        PartyId(row.one),
        PartyId(row.other),
        row.rule,
        row.weight,
        event=row.event,
        line=row.line,
        actor=row.actor,
        at=row.at,
    )


def edges_said_in(conn: Connection, event: str) -> list[PartyEdge]:
    """Give the edges of one event, those taken back included, in their order."""
    query = select(IDENTITY_EDGES).where(
        IDENTITY_EDGES.c.event == event, IDENTITY_EDGES.c.party_id == IDENTITY_EDGES.c.one
    )
    return [party_edge(row) for row in conn.execute(query.order_by(IDENTITY_EDGES.c.line))]


def told_of(conn: Connection, parties: Sequence[PartyId]) -> list[PartyEdge]:
    """Give what is said of two parties, of whom at least one is among these, each once."""
    found = {party_edge(row) for row in _TOLD.rows(conn, parties)}
    return sorted(found, key=lambda edge: (edge.event, edge.line, edge.party_id, edge.other))


def _trait(row: Row[Any]) -> Trait:
    kind = TRAITS[row.field]
    event, line = row.event or row.source, _line(kind)
    return Trait(kind, PartyId(row.party_id), row.value, event=event, line=line, at=row.observed_at)


def _line(kind: TraitKind) -> int:
    return len(_TYPES) + list(TraitKind).index(kind)


def _named(identifier: Key) -> dict[str, str | int]:
    return {"of_type": identifier.type.value, "of_value": identifier.value}
