"""Parties and the identifiers that name them: an id is given once and resolves for ever.

A till gives an id to whom it enrols, the web intake and the import to whom they meet first. Two
parties may turn out to be one person; until merges exist, each is its own canonical party, and
whoever asks goes through `canonical` already.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, bindparam, select, update

from agent.core.faults import NotFoundFault
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.ledger.bulk import among
from central.ledger.customer_tables import IDENTIFIERS, PARTIES
from central.ledger.upserts import upsert

PERSON = "person"
ACTIVE = "active"
PROVISIONAL = "provisional"
"""Met in a sale or an event that names an id nobody has enrolled yet."""

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_KNOWN = select(PARTIES.c.party_id).where(PARTIES.c.party_id == _OF_PARTY)
_MAKE = upsert(PARTIES).on_conflict_do_nothing()
_ACTIVATE = (
    update(PARTIES)
    .where(PARTIES.c.party_id == _OF_PARTY, PARTIES.c.state == PROVISIONAL)
    .values(state=ACTIVE)
)
_ALL_IDENTIFIERS = select(IDENTIFIERS).order_by(IDENTIFIERS.c.type, IDENTIFIERS.c.value)
_HOLD = upsert(IDENTIFIERS).on_conflict_do_nothing()
_HOLDERS = select(IDENTIFIERS.c.party_id).where(
    IDENTIFIERS.c.type == bindparam("of_type"), IDENTIFIERS.c.value == bindparam("of_value")
)
_IDENTIFIERS = (
    select(IDENTIFIERS)
    .where(IDENTIFIERS.c.party_id == _OF_PARTY)
    .order_by(IDENTIFIERS.c.type, IDENTIFIERS.c.value)
)


class Origin(NamedTuple):
    """Where and when something about a party was said."""

    source: str
    """A touch point (`store-0001/till-1`), a channel (`webshop`) or `import`."""
    at: str
    """UTC, ISO 8601; only shown."""


class Held(NamedTuple):
    """One identifier of a party, and who named it first."""

    identifier: Identifier
    source: str
    observed_at: str


def canonical(conn: Connection, party_id: str) -> PartyId:
    """Give the id under which everything about this party is shown.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    if not is_known(conn, party_id):
        raise NotFoundFault(
            f"no party has the id {party_id!r}",
            remedy="search by card, phone, e-mail or name: POST /v1/parties/search",
            name="unknown-party",
        )
    return PartyId(party_id)


def is_known(conn: Connection, party_id: str) -> bool:
    """Tell whether a party with this id was ever met."""
    return conn.execute(_KNOWN, {"of_party": party_id}).first() is not None


def ensure(conn: Connection, party_id: str, origin: Origin, *, state: str = ACTIVE) -> bool:
    """Make the party under this id where there is none; tells whether it was made.

    A provisional party becomes active as soon as somebody says who it is.
    """
    made = conn.execute(_MAKE, _new(party_id, origin, state)).rowcount == 1
    if not made and state == ACTIVE:
        conn.execute(_ACTIVATE, {"of_party": party_id})
    return made


def ensure_all(conn: Connection, party_ids: Sequence[str], origin: Origin) -> None:
    """Do for many parties, at least one, what `ensure` does for one."""
    conn.execute(_MAKE, [_new(party_id, origin, ACTIVE) for party_id in party_ids])
    conn.execute(_ACTIVATE, [{"of_party": party_id} for party_id in party_ids])


def find(conn: Connection, identifiers: Sequence[Identifier]) -> PartyId | None:
    """Find the party that one of these identifiers names; the first that names any decides.

    Where several parties hold it, the one with the smallest SHA-256 of its id is given: the same
    one on every machine and after every rebuild.
    """
    for identifier in identifiers:
        if holders := holders_of(conn, identifier):
            return min(holders, key=_canonical_rank)
    return None


def holders_of(conn: Connection, identifier: Identifier) -> list[PartyId]:
    """List the parties that hold an identifier."""
    named = {"of_type": identifier.type.value, "of_value": identifier.value}
    return [PartyId(party_id) for party_id in conn.execute(_HOLDERS, named).scalars()]


def hold(
    conn: Connection, party_id: str, identifiers: Iterable[Identifier], origin: Origin
) -> None:
    """Write down that these identifiers name the party; who named one first is kept."""
    hold_all(conn, [(party_id, identifiers)], origin)


def hold_all(
    conn: Connection, named: Iterable[tuple[str, Iterable[Identifier]]], origin: Origin
) -> None:
    """Do for many parties what `hold` does for one."""
    rows = [
        {
            "party_id": party_id,
            "type": identifier.type.value,
            "value": identifier.value,
            "source": origin.source,
            "observed_at": origin.at,
        }
        for party_id, identifiers in named
        for identifier in identifiers
    ]
    if rows:
        conn.execute(_HOLD, rows)


def hold_free(
    conn: Connection, party_id: str, identifiers: Iterable[Identifier], origin: Origin
) -> list[Identifier]:
    """Link those identifiers that name nobody else; gives the others, for a person to decide."""
    told = list(identifiers)
    taken = [each for each in told if set(holders_of(conn, each)) - {party_id}]
    hold(conn, party_id, [each for each in told if each not in taken], origin)
    return taken


def identifiers_of(conn: Connection, party_id: str) -> list[Held]:
    """List the identifiers of a party, by type and value."""
    return [_held(row) for row in conn.execute(_IDENTIFIERS, {"of_party": party_id})]


def identifiers_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[str, list[Held]]:
    """List the identifiers of many parties, by type and value; of one without any, nothing."""
    held: defaultdict[str, list[Held]] = defaultdict(list)
    theirs = among(conn, IDENTIFIERS.c.party_id, party_ids)
    for row in conn.execute(_ALL_IDENTIFIERS.where(theirs)):
        held[row.party_id].append(_held(row))
    return held


def _held(row: Row[Any]) -> Held:
    return Held(Identifier(IdentifierType(row.type), row.value), row.source, row.observed_at)


def _new(party_id: str, origin: Origin, state: str) -> dict[str, str | int]:
    return {
        "party_id": party_id,
        "kind": PERSON,
        "state": state,
        "origin": origin.source,
        "created_at": origin.at,
        "ver": 0,
    }


def _canonical_rank(party_id: str) -> bytes:
    return hashlib.sha256(party_id.encode()).digest()
