"""Some rows of customers at once: most are as they were, or of people nobody has met.

Those two are told by a handful of look-ups for all rows together, and cost no statement of their
own. Whoever is in between, known by another row, a store or the web, is taken one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Problem
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED
from central.channels.person import NewId, taken_note
from central.channels.slices import Kept
from central.identity.attributes import (
    Strength,
    attributes_of,
    attributes_of_all,
    consent,
    consent_first,
    consents_of,
    consents_of_all,
    observe,
    observe_first,
    words,
)
from central.identity.cards import card_changes
from central.identity.parties import (
    Origin,
    canonical,
    ensure,
    find,
    hold_all,
    hold_free,
    identifiers_of,
    identifiers_of_all,
    is_known,
    make_all,
)
from central.ledger.bulk import among
from central.ledger.customer_tables import IDENTIFIERS, PARTIES
from central.ledger.outbox import GLOBAL, publish_many

_REMEMBER: Any = (
    update(PARTIES)
    .where(PARTIES.c.party_id == bindparam("of_party"))
    .values(source_id=bindparam("from_source"))
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


def keep_some(conn: Connection, told: Sequence[Told], origin: Origin, new_id: NewId) -> Kept:
    """Keep what some rows say, and publish the cards of those who changed."""
    kept, some = Kept(Counter(), []), _Some(conn, told, origin, new_id)
    for each in told:
        became, taken = some.take(each)
        kept.counts.update(("rows", became))
        kept.problems.extend(_field(each.line, note) for note in (*each.unusable, *taken))
    some.publish()
    return kept


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
        self._fields = attributes_of_all(conn, ids, source=origin.source)
        self._consents, self._held = consents_of_all(conn, ids), identifiers_of_all(conn, ids)
        self._new: list[tuple[str, Told]] = []
        """Met in these rows, and not written yet."""
        self._written: set[str] = set()
        """What was read of them does not hold any more."""
        self._changed: dict[PartyId, None] = {}

    def take(self, told: Told) -> tuple[str, list[str]]:
        """Take a row; gives what became of it, and what was not linked to its party."""
        party_id = self._ids.get(told.source_id)
        if party_id is None and not any(self._holders[each] for each in told.identifiers):
            return self._meet(told), []
        if party_id is not None and self._says_nothing_new(party_id, told):
            return UNCHANGED, []
        return self._join(told)

    def publish(self) -> None:
        """Write who is new, and tell the tills of everybody who changed."""
        self._write()
        if self._changed:
            changes = card_changes(self._conn, list(self._changed))
            publish_many(self._conn, GLOBAL, changes)

    def _says_nothing_new(self, party_id: str, told: Told) -> bool:
        if party_id in self._written:
            return False
        shown = self._fields.get(party_id, {})
        return (
            all(name in shown and shown[name].value == text for name, text in _words(told))
            and set(told.consents) <= set(self._consents.get(party_id, ()))
            and set(told.identifiers) <= {held.identifier for held in self._held.get(party_id, ())}
        )

    def _meet(self, told: Told) -> str:
        party_id = self._new_id()
        self._new.append((party_id, told))
        self._note(party_id, told)
        self._changed[PartyId(party_id)] = None
        return ADDED

    def _note(self, party_id: str, told: Told) -> None:
        self._ids[told.source_id] = party_id
        self._written.add(party_id)
        for identifier in told.identifiers:
            self._holders[identifier].add(party_id)

    def _write(self) -> None:
        if not self._new:
            return
        conn, origin, new = self._conn, self._origin, self._new
        make_all(conn, [party_id for party_id, _ in new], origin)
        conn.execute(_REMEMBER, [_source(party_id, told) for party_id, told in new])
        hold_all(conn, [(party_id, told.identifiers) for party_id, told in new], origin)
        fields = [(party_id, told.fields) for party_id, told in new]
        observe_first(conn, fields, origin, Strength.RECORD)
        consent_first(conn, [(party_id, told.consents) for party_id, told in new], origin)
        self._new = []

    def _join(self, told: Told) -> tuple[str, list[str]]:
        """Take a row of somebody who is known, or whose identifiers are somebody's."""
        self._write()
        conn, origin = self._conn, self._origin
        party_id = _party(conn, told) or self._new_id()
        before = _state(conn, party_id)
        ensure(conn, party_id, origin)
        conn.execute(_REMEMBER, _source(party_id, told))
        taken = [taken_note(each) for each in hold_free(conn, party_id, told.identifiers, origin)]
        observe(conn, party_id, told.fields, origin, Strength.RECORD)
        consent(conn, party_id, told.consents, origin)
        self._note(party_id, told)
        if before == _state(conn, party_id):
            return UNCHANGED, taken
        self._changed[canonical(conn, party_id)] = None
        return (CHANGED if before else ADDED), taken


def _by_source(conn: Connection, sources: Sequence[str]) -> dict[str, str]:
    theirs = among(conn, PARTIES.c.source_id, sources)
    rows = conn.execute(select(PARTIES.c.source_id, PARTIES.c.party_id).where(theirs))
    return {row.source_id: row.party_id for row in rows}


def _holders(conn: Connection, values: Sequence[str]) -> defaultdict[Identifier, set[str]]:
    # The index leads with the type.
    of_types = IDENTIFIERS.c.type.in_([each.value for each in IdentifierType])
    query = select(IDENTIFIERS).where(of_types, among(conn, IDENTIFIERS.c.value, values))
    holders: defaultdict[Identifier, set[str]] = defaultdict(set)
    for row in conn.execute(query):
        holders[Identifier(IdentifierType(row.type), row.value)].add(row.party_id)
    return holders


def _words(told: Told) -> list[tuple[str, str]]:
    return list(words(told.fields).items())


def _source(party_id: str, told: Told) -> dict[str, str]:
    return {"of_party": party_id, "from_source": told.source_id}


def _party(conn: Connection, told: Told) -> str | None:
    """Find who this row was before; else who has its identifiers and no other row."""
    known = select(PARTIES.c.party_id).where(PARTIES.c.source_id == told.source_id)
    party_id = conn.execute(known).scalars().first() or find(conn, told.identifiers)
    query = select(PARTIES.c.source_id).where(PARTIES.c.party_id == party_id)
    source = conn.execute(query).scalars().first()
    return party_id if source in (None, told.source_id) else None


def _state(conn: Connection, party_id: str) -> tuple[object, ...] | None:
    """Give all that an import can change of a party; None of one nobody has met."""
    if not is_known(conn, party_id):
        return None
    fields = {name: seen.value for name, seen in attributes_of(conn, party_id).items()}
    holds = [held.identifier for held in identifiers_of(conn, party_id)]
    return fields, consents_of(conn, party_id), holds


def _field(line: int, reason: str) -> Problem:
    remedy = "correct it and import the file again; the rest of the row was taken"
    return Problem(line, reason, remedy, skipped=False)
