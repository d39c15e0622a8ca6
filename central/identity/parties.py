"""Parties and the identifiers that name them: an id is given once and resolves for ever.

A till gives an id to whom it enrols, the web intake and the import to whom they meet first. Several
of them may be one person, see `graph`: whoever shows something asks `canonical` under which id, and
`members_of` whose ids it is gathered from; whoever writes something down writes it under the id it
was observed with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, bindparam, or_, select, update

from agent.core.faults import StateFault
from agent.core.history.canonical import unknown_party
from agent.core.history.graph_rules import BOOK
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import IDENTIFIERS, PARTIES
from central.ledger.direct import Prepared
from central.ledger.graph_tables import CANONICAL
from central.ledger.upserts import upsert

PERSON = "person"
ACTIVE = "active"
PROVISIONAL = "provisional"
"""Met in a sale or an event that names an id nobody has enrolled yet."""
ERASED = "erased"
"""Was erased: the id stays, and names nobody any more."""
EVIDENCE = tuple(Evidence)
"""As the tables number them, weakest first."""
ACCOUNTS = frozenset(kind for kind in IdentifierType if kind.value in BOOK.accounts)
"""Types whose numbers the chain gives out itself: two who are seen with one are one person."""

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_KNOWN = Prepared(select(PARTIES.c.party_id).where(PARTIES.c.party_id == _OF_PARTY))
_CANONICAL = Prepared(
    select(PARTIES.c.party_id, CANONICAL.c.canonical_id)
    .outerjoin(CANONICAL, CANONICAL.c.party_id == PARTIES.c.party_id)
    .where(PARTIES.c.party_id == _OF_PARTY)
)
_CANONICALS = Keyed(select(CANONICAL), CANONICAL.c.party_id)
_MEMBERS = Prepared(select(CANONICAL.c.party_id).where(CANONICAL.c.canonical_id == _OF_PARTY))
_ALL_MEMBERS = Keyed(select(CANONICAL), CANONICAL.c.canonical_id)
_GONE = Keyed(select(PARTIES.c.party_id).where(PARTIES.c.state == ERASED), PARTIES.c.party_id)
_MAKE = upsert(PARTIES).on_conflict_do_nothing()
_ACTIVATE = (
    update(PARTIES)
    .where(PARTIES.c.party_id == _OF_PARTY, PARTIES.c.state == PROVISIONAL)
    .values(state=ACTIVE)
)
_ALL_IDENTIFIERS = Keyed(
    select(IDENTIFIERS).order_by(IDENTIFIERS.c.type, IDENTIFIERS.c.value), IDENTIFIERS.c.party_id
)
_HOLDERS = select(IDENTIFIERS.c.party_id).where(
    IDENTIFIERS.c.type == bindparam("of_type"),
    IDENTIFIERS.c.value == bindparam("of_value"),
    IDENTIFIERS.c.evidence >= bindparam("at_least"),
)
# The index leads with the type.
_SEEN = Keyed(
    select(IDENTIFIERS.c.type, IDENTIFIERS.c.value).where(
        or_(*(IDENTIFIERS.c.type == each.value for each in sorted(ACCOUNTS))),
        IDENTIFIERS.c.evidence >= EVIDENCE.index(Evidence.OBSERVED),
    ),
    IDENTIFIERS.c.value,
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
    event: str = ""
    """Id of the fact it was said in, unique over all channels; empty: none but the source."""
    heard_at: str = ""
    """HQ's own time of hearing it; empty: not known to differ."""


class Held(NamedTuple):
    """One identifier of a party, and who named it first."""

    identifier: Identifier
    source: str
    observed_at: str
    party_id: PartyId = PartyId("")
    """As observed."""
    event: str = ""
    """Where the most was shown of it."""
    evidence: Evidence = Evidence.OBSERVED


def canonical(conn: Connection, party_id: str) -> PartyId:
    """Give the id under which everything about this party is shown.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    found = _CANONICAL.one_or_none(conn, {"of_party": party_id})
    if found is None:
        raise unknown_party(party_id)
    held, canonical_id = found
    return PartyId(canonical_id or held)


def observed(conn: Connection, party_id: str) -> PartyId:
    """Give the id under which something of this party is written down: the one it was named by.

    So it stays with them when a merge that stood meanwhile is undone.

    Raises:
        NotFoundFault: no party ever had this id.
        StateFault: `party-erased`.
    """
    canonical(conn, party_id)
    require_living(conn, [party_id])
    return PartyId(party_id)


def require_living(conn: Connection, party_ids: Sequence[str]) -> None:
    """Refuse to write down anything more of somebody who was erased.

    Raises:
        StateFault: `party-erased`.
    """
    gone = next((row.party_id for row in _GONE.rows(conn, party_ids)), None)
    if gone is not None:
        raise StateFault(
            f"party {gone} was erased: nothing is known of it that could be anybody's",
            remedy="leave it out; its id goes on resolving to itself",
            name="party-erased",
        )


def canonicals(conn: Connection, party_ids: Iterable[str]) -> dict[PartyId, PartyId]:
    """Do for many parties what `canonical` does; an id nobody had stands for itself."""
    asked = [PartyId(each) for each in dict.fromkeys(party_ids)]
    rows = _CANONICALS.rows(conn, asked)
    merged = {row.party_id: PartyId(row.canonical_id) for row in rows}
    return {each: merged.get(each, each) for each in asked}


def members_of(conn: Connection, canonical_id: str) -> tuple[PartyId, ...]:
    """List every id of a person, by id; of one who has a single one, that."""
    found = _MEMBERS.all(conn, {"of_party": canonical_id})
    return tuple(sorted(PartyId(row.party_id) for row in found)) or (PartyId(canonical_id),)


def members_of_all(
    conn: Connection, canonical_ids: Sequence[str]
) -> dict[PartyId, tuple[PartyId, ...]]:
    """Do for many persons what `members_of` does for one."""
    held: defaultdict[str, list[PartyId]] = defaultdict(list)
    for row in _ALL_MEMBERS.rows(conn, canonical_ids):
        held[row.canonical_id].append(PartyId(row.party_id))
    return {
        PartyId(each): tuple(sorted(held[each])) if each in held else (PartyId(each),)
        for each in canonical_ids
    }


def is_known(conn: Connection, party_id: str) -> bool:
    """Tell whether a party with this id was ever met."""
    return _KNOWN.one_or_none(conn, {"of_party": party_id}) is not None


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


def holders_of(
    conn: Connection, identifier: Identifier, least: Evidence = Evidence.CANDIDATE
) -> list[PartyId]:
    """List the parties that hold an identifier, and have shown at least so much of it."""
    named = {
        "of_type": identifier.type.value,
        "of_value": identifier.value,
        "at_least": EVIDENCE.index(least),
    }
    return [PartyId(party_id) for party_id in conn.execute(_HOLDERS, named).scalars()]


def seen_with_somebody(conn: Connection, accounts: Iterable[Identifier]) -> set[Identifier]:
    """Give those of some numbers of accounts that anybody was ever met with, or has proved."""
    asked = set(accounts)
    values = sorted({each.value for each in asked})
    rows = _SEEN.rows(conn, values) if values else ()
    return asked.intersection(Identifier(IdentifierType(row.type), row.value) for row in rows)


def identifiers_of(conn: Connection, party_id: str) -> list[Held]:
    """List the identifiers of a party, by type and value."""
    return [_held(row) for row in conn.execute(_IDENTIFIERS, {"of_party": party_id})]


def identifiers_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[str, list[Held]]:
    """List the identifiers of many parties, by type and value; of one without any, nothing."""
    held: defaultdict[str, list[Held]] = defaultdict(list)
    for row in _ALL_IDENTIFIERS.rows(conn, party_ids):
        held[row.party_id].append(_held(row))
    return held


def _held(row: Row[Any]) -> Held:
    return Held(
        Identifier(IdentifierType(row.type), row.value),
        row.source,
        row.observed_at,
        PartyId(row.party_id),
        row.event,
        EVIDENCE[row.evidence],
    )


def _new(party_id: str, origin: Origin, state: str) -> dict[str, str | int]:
    return {
        "party_id": party_id,
        "kind": PERSON,
        "state": state,
        "origin": origin.source,
        "created_at": origin.at,
        "ver": 0,
    }
