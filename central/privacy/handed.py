"""What channels, desks and the points of a programme hold of a person, for an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, select

from agent.core.consent.export import Row, Value
from agent.core.leads import Lead
from agent.core.loyalty import POINTS
from agent.core.suggest import Profile
from central.identity.insights import insights_of
from central.ledger.bulk import among
from central.ledger.lead_tables import LEADS, LEADS_OPEN, NOTES, SUGGESTION_ANSWERS, TASKS
from central.ledger.value_tables import VALUE_POSTINGS
from central.value.balances import view_of
from central.value.expiring import upcoming

_COUNTED = "counted from your purchases, as you allowed"
_BOOKED = ("issued", "redeemed", "forfeited")


def loyalty(conn: Connection, members: Sequence[str], now: str) -> Iterator[Row]:
    """List every booking of points and money of theirs, the oldest first, with what it came to.

    What of it ends stands behind, each with its last day.
    """
    held, balance = VALUE_POSTINGS.c, dict[str, int]()
    query = select(VALUE_POSTINGS).where(
        among(conn, held.owner, members), held.kind.in_(_BOOKED), held.amount != 0
    )
    for row in conn.execute(query.order_by(held.at, held.event, held.line)):
        balance[row.unit] = balance.get(row.unit, 0) - row.amount
        yield {
            "account": row.unit,
            "at": row.at,
            "ref": row.event,
            "kind": row.kind,
            "points": -row.amount,
            "balance": balance[row.unit],
        }
    for unit in view_of(conn, members).units:
        yield {"account": unit.unit, "kind": "balance", "balance": unit.value}
    for ends in upcoming(conn, members, now[:10]):
        yield {"account": POINTS, "at": ends.last_day, "kind": "ends", "points": -ends.points}


def leads(conn: Connection, members: Sequence[str], now: str) -> Iterator[Row]:
    """List carts, wish lists and quotes, each version as it was told."""
    mine = among(conn, LEADS_OPEN.c.party_id, members)
    standing = select(LEADS_OPEN.c.lead_id, LEADS_OPEN.c.valid_until).where(mine)
    until = {row.lead_id: row.valid_until for row in conn.execute(standing)}
    query = select(LEADS).where(among(conn, LEADS.c.party_id, members))
    for row in conn.execute(query.order_by(LEADS.c.at, LEADS.c.lead_id, LEADS.c.ver)):
        told = msgspec.json.decode(row.body, type=Lead)
        yield {
            "kind": row.kind,
            "channel": row.channel,
            "at": row.at,
            "about": _about(told),
            "state": "open" if until.get(row.lead_id, "") > now else "over",
        }


def service(conn: Connection, members: Sequence[str]) -> Iterator[Row]:
    """List what was written down for colleagues: notes, tasks and how they ended."""
    notes = select(NOTES).where(among(conn, NOTES.c.party_id, members))
    for row in conn.execute(notes.order_by(NOTES.c.at, NOTES.c.note_id)):
        yield {"at": row.at, "channel": row.touch_point, "topic": "note", "text": row.text}
    tasks = select(TASKS).where(among(conn, TASKS.c.party_id, members))
    for row in conn.execute(tasks.order_by(TASKS.c.opened_at, TASKS.c.task_id)):
        if row.opened_at:
            said = {"at": row.opened_at, "channel": row.touch_point}
            yield said | {"topic": "task", "text": row.text}
        if row.closed_at:
            said = {"at": row.closed_at, "channel": row.closed_touch_point}
            yield said | {"topic": "done", "text": row.outcome}


def profile(conn: Connection, members: Sequence[str]) -> Iterator[Row]:
    """List what was concluded from what they bought, and what they said to suggestions."""
    for insight in insights_of(conn, members).values():
        of = insight.profile
        for what, value in _concluded(of):
            yield {"what": what, "value": value, "why": _COUNTED, "at": of.as_of}
    held = SUGGESTION_ANSWERS.c
    query = select(SUGGESTION_ANSWERS).where(among(conn, held.party_id, members))
    for row in conn.execute(query.order_by(held.at, held.source)):
        said = "taken" if row.taken else "declined"
        yield {"what": f"suggestion: {row.item}", "value": said, "why": row.reason, "at": row.at}


def _concluded(of: Profile) -> Iterator[tuple[str, Value]]:
    yield "first purchase", of.first or None
    yield "last purchase", of.last or None
    yield "days with a purchase", of.days
    yield from ((f"purchases: {channel}", count) for channel, count in of.visits.items())
    yield from ((f"spent, in minor units of {each}", net) for each, net in of.spent.items())
    yield from ((f"bought often: {each.item}", each.visits) for each in of.top)
    yield from ((f"bought on {each.day}", item) for each in of.lately for item in each.items)
    yield from (("owned", item) for item in of.owned)


def _about(lead: Lead) -> str:
    """Name what a lead is about; empty where it is anything, or nothing any more."""
    return ", ".join(each.item for each in lead.items or ())
