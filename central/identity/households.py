"""Households as HQ holds them: affiliations under the ids they were said of, and their ends.

An affiliation is never an edge of the identity graph: it joins nobody, and no rule reads it. Who
lives where is worked out at reading, from the affiliations and from who is one person at present,
so a merge and its undo write nothing here (see `core.history.households`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, delete, select

from agent.core.consent.erasure import Holding
from agent.core.consent.retention import DataClass
from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.history import Home
from agent.core.history.households import (
    Affiliation,
    AffiliationEnded,
    Household,
    Membership,
    affiliated,
    households,
    memberships,
)
from agent.core.history.unified import homes_of
from agent.core.identifiers import PartyId
from central.identity.merges import Asked
from central.identity.parties import (
    ACTIVE,
    PERSON,
    canonical,
    canonicals,
    members_of,
    members_of_all,
    require_living,
)
from central.ledger.bulk import among
from central.ledger.customer_tables import PARTIES
from central.ledger.graph_tables import AFFILIATION_ENDS, AFFILIATIONS
from central.ledger.upserts import upsert

HOUSEHOLD = "household"
"""The kind of a party that people belong to (ARTS `Household`)."""
HELD = "household"
"""What keys of pieces that are held of a person begin with."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_MAKE = upsert(PARTIES).on_conflict_do_nothing()
_KEEP = upsert(AFFILIATIONS).on_conflict_do_nothing()
_END = upsert(AFFILIATION_ENDS).on_conflict_do_nothing()


def affiliate(
    conn: Connection, party_id: str, household_id: str, role: str, asked: Asked, now: str
) -> Affiliation:
    """Have a person belong to a household, which is made where there is none.

    Args:
        conn: of a writing transaction.
        party_id: any id of the person; it is kept as it is named.
        household_id: of an existing household, or made by whoever asks.
        role: as the shop calls it.
        asked: who says so; its id is the affiliation's, and the same again is kept once.
        now: HQ's time.

    Raises:
        NotFoundFault: nobody ever had this party id.
        InputFault: a household in a household, or a person as one; or the id is none.
        StateFault: the person was erased, or the id is another affiliation's.
    """
    canonical(conn, party_id)
    _require_id(household_id)
    said = Affiliation(
        asked.decision_id, PartyId(party_id), PartyId(household_id), now, role, asked.actor
    )
    _sensible(conn, said)
    known = _said(conn, AFFILIATIONS.c.event == said.event)
    if known:
        return _same(known[0], said)
    conn.execute(_MAKE, _party(household_id, now))
    named = {"party_id": party_id, "household_id": household_id, "role": role}
    conn.execute(_KEEP, named | _by(asked, now) | {"event": said.event})
    return said


def end(conn: Connection, household_id: str, membership_id: str, asked: Asked, now: str) -> None:
    """End an affiliation; one that is over stays so.

    Raises:
        NotFoundFault: nobody was affiliated to the household under this id.
    """
    houses = members_of(conn, canonicals(conn, [household_id])[PartyId(household_id)])
    found = _said(conn, AFFILIATIONS.c.event == membership_id)
    if not found or found[0].household_id not in houses:
        raise NotFoundFault(
            f"nobody belongs to household {household_id} by {membership_id[:80]!r}",
            remedy="take one of the `memberships` of GET /v1/households/{household_id}",
            name="unknown-membership",
        )
    over = {"party_id": found[0].party_id, "affiliation": membership_id}
    conn.execute(_END, over | _by(asked, now))


def household(conn: Connection, household_id: str) -> Household:
    """Show a household with its people; one that everybody has left is empty.

    Raises:
        NotFoundFault: there is no such household.
    """
    query = select(PARTIES.c.kind).where(PARTIES.c.party_id == household_id)
    if conn.execute(query).scalar_one_or_none() != HOUSEHOLD:
        raise NotFoundFault(
            f"no household has the id {household_id!r}",
            remedy="make it with its first member: POST /v1/households/{household_id}/members",
            name="unknown-household",
        )
    chosen = canonicals(conn, [household_id])[PartyId(household_id)]
    said = _said(conn, among(conn, AFFILIATIONS.c.household_id, members_of(conn, chosen)))
    found = households(said, _ended(conn, said), _map(conn, said))
    return found.get(chosen, Household(chosen, ()))


def homes(conn: Connection, canonical_id: PartyId) -> tuple[Home, ...]:
    """Give the households of a person, by canonical id."""
    ids = members_of_all(conn, [canonical_id])[canonical_id]
    said = _said(conn, among(conn, AFFILIATIONS.c.party_id, ids))
    if not said:
        return ()
    living: tuple[Membership, ...] = memberships(said, _ended(conn, said), _map(conn, said))
    return homes_of((each for each in living if each.canonical_id == canonical_id), {})


def held(conn: Connection, party_ids: Sequence[str]) -> Iterator[Holding]:
    """List what is held of some people's households, for an erasure."""
    mine = among(conn, AFFILIATIONS.c.party_id, party_ids)
    query = select(AFFILIATIONS.c.party_id, AFFILIATIONS.c.event).where(mine)
    for row in conn.execute(query):
        yield Holding(f"{HELD}/{row.party_id}/{row.event}", DataClass.IDENTITY)


def erase(conn: Connection, keys: Sequence[str]) -> None:
    """Take affiliations and their ends out."""
    for party_id, event in (key.split("/", 1) for key in keys):
        mine = (AFFILIATIONS.c.party_id == party_id) & (AFFILIATIONS.c.event == event)
        conn.execute(delete(AFFILIATIONS).where(mine))
        ends = AFFILIATION_ENDS.c
        over = (ends.party_id == party_id) & (ends.affiliation == event)
        conn.execute(delete(AFFILIATION_ENDS).where(over))


def _require_id(household_id: str) -> None:
    if not _ID.fullmatch(household_id):
        raise InputFault(
            f"{household_id[:80]!r} cannot be the id of a household",
            remedy="make a UUID for a new household",
            name="bad-household-id",
        )


def _sensible(conn: Connection, said: Affiliation) -> None:
    ids = (said.party_id, said.household_id)
    rows = conn.execute(
        select(PARTIES.c.party_id, PARTIES.c.kind).where(among(conn, PARTIES.c.party_id, ids))
    ).all()
    kinds = {PartyId(row.party_id): row.kind for row in rows}
    affiliated(
        said,
        households=[each for each, kind in kinds.items() if kind == HOUSEHOLD],
        people=[each for each, kind in kinds.items() if kind == PERSON],
    )
    require_living(conn, ids)


def _same(known: Affiliation, said: Affiliation) -> Affiliation:
    if (known.party_id, known.household_id, known.role) != (
        said.party_id,
        said.household_id,
        said.role,
    ):
        raise StateFault(
            f"{said.event} is the id of another membership",
            remedy="make a new id for each, and send it again only to repeat it",
            name="membership-id-taken",
        )
    return known


def _said(conn: Connection, which: ColumnElement[bool]) -> list[Affiliation]:
    query = select(AFFILIATIONS).where(which).order_by(AFFILIATIONS.c.event)
    return [
        Affiliation(
            row.event,
            PartyId(row.party_id),
            PartyId(row.household_id),
            row.at,
            row.role,
            row.actor,
        )
        for row in conn.execute(query)
    ]


def _ended(conn: Connection, said: Sequence[Affiliation]) -> list[AffiliationEnded]:
    people = list({each.party_id for each in said})
    query = select(AFFILIATION_ENDS).where(among(conn, AFFILIATION_ENDS.c.party_id, people))
    return [
        AffiliationEnded(row.affiliation, row.affiliation, row.at) for row in conn.execute(query)
    ]


def _map(conn: Connection, said: Sequence[Affiliation]) -> dict[PartyId, PartyId]:
    return canonicals(conn, (end for each in said for end in (each.party_id, each.household_id)))


def _by(asked: Asked, now: str) -> dict[str, str]:
    return {"actor": asked.actor, "at": now, "reason": asked.reason}


def _party(household_id: str, now: str) -> dict[str, str | int]:
    return {
        "party_id": household_id,
        "kind": HOUSEHOLD,
        "state": ACTIVE,
        "origin": "hq",
        "created_at": now,
        "ver": 0,
    }
