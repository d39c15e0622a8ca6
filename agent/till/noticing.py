"""What happens beside the till: devices, print jobs, sync, and news from HQ about who is here."""

from __future__ import annotations

from agent.core.faults import InputFault
from agent.core.identifiers import PartyId
from agent.till.commands import Announce, DirectoryChanged
from agent.till.desk import Desk
from agent.till.replies import Noted
from agent.till.telling import EVENT_TYPES, Event, customer_event

KEYS_TOLD = 50
"""Keys an event names; a whole new catalogue is told as a number."""


async def announce(desk: Desk, ask: Announce) -> Noted:
    """Store and push an event of something that is not the till's own doing.

    Raises:
        InputFault: `unknown-event-type`.
    """
    if ask.type not in EVENT_TYPES:
        raise InputFault(
            f"{ask.type!r} is no type of event",
            remedy=f"use one of: {', '.join(sorted(EVENT_TYPES))}",
            name="unknown-event-type",
        )
    wall = desk.clock.stamp().wall
    cursor = await desk.commit(lambda conn: desk.tell(conn, Event(ask.type, ask.data), wall))
    return Noted(cursor)


async def directory_changed(desk: Desk, ask: DirectoryChanged) -> Noted:
    """Tell that HQ's feed brought news; apart, where they are about a customer who is here."""
    wall = desk.clock.stamp().wall
    data: dict[str, object] = {
        "what": "directory-changed",
        "scope": ask.scope,
        "keys": list(ask.keys[:KEYS_TOLD]),
        "count": len(ask.keys),
    }
    told = set(ask.keys)
    here = [party for party in sorted(desk.here()) if not told.isdisjoint(_keys(desk, party))]
    news = [customer_event(party, "found", why=("news from HQ",)) for party in here]
    cursor = await desk.commit(lambda conn: desk.tell(conn, Event("sync", data), wall), tell=news)
    return Noted(cursor)


def _keys(desk: Desk, party_id: PartyId) -> set[str]:
    """Name what HQ's feed tells of somebody under: merged meanwhile, it is another id as well."""
    card = desk.directory.card(party_id)
    return {f"party:{party_id}"} | ({f"party:{card.party_id}"} if card else set())
