"""Some rows of customers at once: most are as they were, or of people nobody has met.

They share their statements, and so do those who changed. Who comes up twice, or is found by an
identifier that a store, the web or another row has told, is taken one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, or_, select, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Strength
from agent.core.history.graph_found import Said
from agent.core.history.readings import POINTS
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Problem
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED
from central.channels.person import NewId, anothers_note
from central.channels.slices import Kept
from central.identity.attributes import (
    attributes_of_all,
    consent,
    consent_all,
    consents_of_all,
    observe,
    observe_all,
    words,
)
from central.identity.cards import card_changes
from central.identity.holding import find, hold_all, hold_told
from central.identity.parties import (
    ACCOUNTS,
    Origin,
    ensure,
    ensure_all,
    identifiers_of_all,
    is_known,
)
from central.identity.reach import tell
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import IDENTIFIERS, PARTIES
from central.ledger.direct import Prepared
from central.ledger.value_tables import TONIGHT, wake

_REMEMBER: Any = (
    update(PARTIES)
    .where(PARTIES.c.party_id == bindparam("of_party"))
    .values(source_id=bindparam("from_source"))
)

_OF_SOURCES = Keyed(select(PARTIES.c.source_id, PARTIES.c.party_id), PARTIES.c.source_id)
# The index leads with the type.
_WITH_VALUES = Keyed(
    select(IDENTIFIERS.c.type, IDENTIFIERS.c.value, IDENTIFIERS.c.party_id).where(
        or_(*(IDENTIFIERS.c.type == each.value for each in IdentifierType))
    ),
    IDENTIFIERS.c.value,
)
_SOURCE_OF = Prepared(
    select(PARTIES.c.source_id).where(PARTIES.c.party_id == bindparam("of_party"))
)


class Told(msgspec.Struct, frozen=True):
    """What a row says of a customer, read before anything is looked up."""

    line: int
    source_id: str
    fields: dict[str, str | None]
    consents: tuple[ConsentGiven, ...]
    identifiers: tuple[Identifier, ...]
    unusable: tuple[str, ...]
    """Why an identifier could not be read."""


class _State(NamedTuple):
    """What an import can change of a party."""

    fields: dict[str, str]
    consents: tuple[ConsentGiven, ...]
    identifiers: tuple[Identifier, ...]


def keep_some(conn: Connection, told: Sequence[Told], origin: Origin, new_id: NewId) -> Kept:
    """Keep what some rows say, and publish the cards of those who changed."""
    some = _Some(conn, told, origin, new_id)
    problems: list[Problem] = []
    for each in told:
        taken = some.take(each)
        problems.extend(_field(each.line, note) for note in (*each.unusable, *taken))
    some.publish()
    return Kept(some.counts + Counter(rows=len(told)), problems)


class _Some:
    """The people of some rows: as they are held, then as they are to be."""

    def __init__(
        self, conn: Connection, told: Sequence[Told], origin: Origin, new_id: NewId
    ) -> None:
        """Read who the rows were before, what is held of them, and who has their identifiers."""
        self._conn, self._origin, self._new_id = conn, origin, new_id
        self._ids = _by_source(conn, [each.source_id for each in told])
        values = [identifier.value for each in told for identifier in each.identifiers]
        self._holders = _holders(conn, values)
        ids = list(self._ids.values())
        self._said = attributes_of_all(conn, ids, source=origin.source)
        self._states = _states(conn, ids)
        self.counts: Counter[str] = Counter()
        """People by what became of them."""
        self._pending: dict[str, Told] = {}
        """What is to be written yet; nothing of it is anybody else's."""
        self._written: set[str] = set()
        """What was read of them does not hold any more."""
        self._changed: dict[PartyId, None] = {}
        self._with_points: set[str] = set()

    def take(self, told: Told) -> list[str]:
        """Take a row; gives what was not linked to its party."""
        party_id = self._ids.get(told.source_id)
        holders = {each for named in told.identifiers for each in self._holders[named]}
        if party_id in self._written or holders - {party_id}:
            if not self._pending.keys().isdisjoint({*holders, party_id}):
                self._write()
            return self._join(told)
        if party_id is not None and self._says_nothing_new(party_id, told):
            self.counts[UNCHANGED] += 1
            return []
        party_id = party_id or self._new_id()
        self._pending[party_id] = told
        self._note(party_id, told)
        return []

    def publish(self) -> None:
        """Write who is new, and tell the tills of everybody who changed."""
        self._write()
        # Points that were told may end, too.
        wake(self._conn, self._with_points & {*self._changed}, TONIGHT)
        if self._changed:
            changes = card_changes(self._conn, list(self._changed))
            tell(self._conn, changes)

    def _says_nothing_new(self, party_id: str, told: Told) -> bool:
        said, (_, consents, held) = self._said.get(party_id, {}), self._states[party_id]
        return (
            all(name in said and said[name].value == text for name, text in _words(told))
            and set(told.consents) <= set(consents)
            and set(told.identifiers) <= set(held)
        )

    def _note(self, party_id: str, told: Told) -> None:
        if told.fields.get(POINTS):
            self._with_points.add(party_id)
        self._ids[told.source_id] = party_id
        self._written.add(party_id)
        for identifier in told.identifiers:
            self._holders[identifier].add(party_id)

    def _write(self) -> None:
        if not self._pending:
            return
        conn, origin, pending = self._conn, self._origin, self._pending
        ensure_all(conn, list(pending), origin)
        conn.execute(_REMEMBER, [_source(*each) for each in pending.items()])
        fields = {each: told.fields for each, told in pending.items()}
        observe_all(conn, fields, origin, Strength.RECORD)
        consent_all(conn, {each: told.consents for each, told in pending.items()}, origin)
        hold_all(conn, [(each, told.identifiers) for each, told in pending.items()], origin)
        known = [each for each in pending if each in self._states]
        self.counts[ADDED] += len(pending) - len(known)
        self._changed.update(dict.fromkeys(PartyId(e) for e in pending if e not in self._states))
        for party_id, state in _states(conn, known).items():
            self._became(party_id, self._states[party_id], state)
        self._pending = {}

    def _became(self, party_id: str, before: _State | None, after: _State) -> None:
        if before == after:
            self.counts[UNCHANGED] += 1
            return
        self.counts[CHANGED if before else ADDED] += 1
        self._changed[PartyId(party_id)] = None

    def _join(self, told: Told) -> list[str]:
        """Take a row of somebody who is known, or whose identifiers are somebody's."""
        conn, origin = self._conn, self._origin
        party_id = _party(conn, told) or self._new_id()
        before = _states(conn, [party_id])[party_id] if is_known(conn, party_id) else None
        ensure(conn, party_id, origin)
        conn.execute(_REMEMBER, _source(party_id, told))
        observe(conn, party_id, told.fields, origin, Strength.RECORD)
        consent(conn, party_id, told.consents, origin)
        anothers = hold_told(conn, party_id, told.identifiers, origin, trusted=ACCOUNTS)
        self._note(party_id, told)
        self._became(party_id, before, _states(conn, [party_id])[party_id])
        return [anothers_note(each) for each in anothers]


def _by_source(conn: Connection, sources: Sequence[str]) -> dict[str, str]:
    return {row.source_id: row.party_id for row in _OF_SOURCES.rows(conn, sources)}


def _holders(conn: Connection, values: Sequence[str]) -> defaultdict[Identifier, set[str]]:
    holders: defaultdict[Identifier, set[str]] = defaultdict(set)
    for row in _WITH_VALUES.rows(conn, values):
        holders[Identifier(IdentifierType(row.type), row.value)].add(row.party_id)
    return holders


def _words(told: Told) -> list[tuple[str, str]]:
    return list(words(told.fields).items())


def _source(party_id: str, told: Told) -> dict[str, str]:
    return {"of_party": party_id, "from_source": told.source_id}


def _party(conn: Connection, told: Told) -> str | None:
    """Find who this row was before; else who has its identifiers, no other row, and can be them."""
    known = _by_source(conn, [told.source_id]).get(told.source_id)
    party_id = known or find(conn, told.identifiers, _said(told))
    found = party_id and _SOURCE_OF.one_or_none(conn, {"of_party": party_id})
    return party_id if not found or found[0] in (None, told.source_id) else None


def _said(told: Told) -> Said:
    return Said(told.fields.get("name") or "", told.fields.get("birth_date") or "")


def _states(conn: Connection, party_ids: Sequence[str]) -> dict[str, _State]:
    """Give all that an import can change of parties, by their ids."""
    fields, consents = attributes_of_all(conn, party_ids), consents_of_all(conn, party_ids)
    names = identifiers_of_all(conn, party_ids)
    return {
        each: _State(
            {name: seen.value for name, seen in fields.get(each, {}).items()},
            consents.get(each, ()),
            tuple(held.identifier for held in names.get(each, ())),
        )
        for each in party_ids
    }


def _field(line: int, reason: str) -> Problem:
    remedy = "correct it and import the file again; the rest of the row was taken"
    return Problem(line, reason, remedy, skipped=False)
