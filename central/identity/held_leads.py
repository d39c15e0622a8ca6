"""What HQ holds of persons' leads, profiles, suggestions and tasks: listed, taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Column, Connection, Table, delete, select, update

from agent.core.consent.erasure import Holding
from agent.core.consent.retention import DataClass
from agent.core.leads import Booking, Lead, OpenLead
from central.ledger.bulk import among
from central.ledger.lead_tables import (
    CHANNEL_BOOKINGS,
    LEADS,
    LEADS_OPEN,
    PROFILES,
    SUGGESTION_ANSWERS,
    TASKS,
)

Parties = Sequence[str]
_json = msgspec.json.Encoder(order="deterministic")


def leads(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List leads."""
    for lead_id in _keys(conn, LEADS.c.lead_id, LEADS, parties):
        yield Holding(f"lead/{lead_id}", DataClass.LEAD)


def erase_leads(conn: Connection, keys: Sequence[str]) -> None:
    """Leave the lead, which others are credited for, and nobody in it."""
    for row in conn.execute(select(LEADS).where(among(conn, LEADS.c.lead_id, keys))).all():
        told = msgspec.json.decode(row.body, type=Lead)
        values = {"party_id": None, "body": _json.encode(_nameless(told))}
        same = (LEADS.c.lead_id == row.lead_id) & (LEADS.c.ver == row.ver)
        conn.execute(update(LEADS).where(same, LEADS.c.source == row.source).values(values))
    mine = among(conn, LEADS_OPEN.c.lead_id, keys)
    for row in conn.execute(select(LEADS_OPEN).where(mine)).all():
        lead = msgspec.json.decode(row.body, type=OpenLead)
        body = _json.encode(msgspec.structs.replace(lead, told=_nameless(lead.told)))
        values = {"party_id": None, "body": body}
        conn.execute(update(LEADS_OPEN).where(LEADS_OPEN.c.lead_id == row.lead_id).values(values))


def bookings(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List what ties a booking of another channel to the person."""
    for event in _keys(conn, CHANNEL_BOOKINGS.c.event, CHANNEL_BOOKINGS, parties):
        yield Holding(f"booking/{event}", DataClass.HISTORY)


def erase_bookings(conn: Connection, keys: Sequence[str]) -> None:
    """Leave what was sold, and nobody in it."""
    held = CHANNEL_BOOKINGS.c
    for row in conn.execute(select(CHANNEL_BOOKINGS).where(among(conn, held.event, keys))).all():
        booking = msgspec.json.decode(row.body, type=Booking)
        body = _json.encode(msgspec.structs.replace(booking, party_id=None))
        values = {"party_id": None, "body": body}
        conn.execute(update(CHANNEL_BOOKINGS).where(held.event == row.event).values(values))


def profiles(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List profiles."""
    for party_id in _keys(conn, PROFILES.c.party_id, PROFILES, parties):
        yield Holding(f"profile/{party_id}", DataClass.PROFILE)


def erase_profiles(conn: Connection, keys: Sequence[str]) -> None:
    """Take profiles out."""
    conn.execute(delete(PROFILES).where(among(conn, PROFILES.c.party_id, keys)))


def suggestions(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List answers to suggestions, all of a person as one piece."""
    for party_id in _keys(conn, SUGGESTION_ANSWERS.c.party_id, SUGGESTION_ANSWERS, parties):
        yield Holding(f"suggestion/{party_id}", DataClass.PROFILE)


def erase_suggestions(conn: Connection, keys: Sequence[str]) -> None:
    """Take answers out."""
    mine = among(conn, SUGGESTION_ANSWERS.c.party_id, keys)
    conn.execute(delete(SUGGESTION_ANSWERS).where(mine))


def tasks(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List tasks."""
    for task_id in _keys(conn, TASKS.c.task_id, TASKS, parties):
        yield Holding(f"task/{task_id}", DataClass.NOTE)


def erase_tasks(conn: Connection, keys: Sequence[str]) -> None:
    """Take tasks out."""
    conn.execute(delete(TASKS).where(among(conn, TASKS.c.task_id, keys)))


def _nameless(lead: Lead) -> Lead:
    return msgspec.structs.replace(lead, party_id=None)


def _keys(conn: Connection, column: Column[str], table: Table, parties: Parties) -> list[str]:
    query = select(column).distinct().where(among(conn, table.c.party_id, parties))
    return list(conn.execute(query.order_by(column)).scalars())
