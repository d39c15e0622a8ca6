"""Who is credited, derived for one group and kept: the same facts give the same rows.

Of most bookings whoever made the sale is credited, and nothing is kept: reports take those from the
bookings. Rows are written only for a booking of which anybody else is credited with a part, all of
its credits then, so that what they add up to can be checked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import Connection, delete, insert, select

from agent.core.consent import State
from agent.core.identifiers import PartyId
from agent.core.leads import (
    Conversion,
    Credit,
    Lead,
    LeadItem,
    OpenLead,
    credit,
)
from central.leads.allowed import profiling
from central.leads.bookings import SaleOf, bookings_of
from central.leads.gathering import Group
from central.leads.items import Names, names_for
from central.leads.rules import rules_held
from central.ledger.bulk import Keyed, among
from central.ledger.customer_tables import SALES
from central.ledger.lead_tables import (
    CHANNEL_BOOKINGS,
    LEAD_CONVERSIONS,
    LEAD_CREDITS,
    LEADS,
    LEADS_OPEN,
)

_json = msgspec.json.Encoder(order="deterministic")
_NOES = (State.OBJECTED, State.REFUSED, State.WITHDRAWN)
"""Who said no to being followed is credited by a code alone."""

_ORDERED = Keyed(select(CHANNEL_BOOKINGS.c.event).limit(1), CHANNEL_BOOKINGS.c.event)
_SOLD = Keyed(select(SALES.c.sale_id).limit(1), SALES.c.sale_id)


def derive(conn: Connection, group: Group, sale_of: SaleOf, today: str) -> None:
    """Derive the credits of a group anew, and replace what was kept of it.

    Args:
        conn: of `writing`.
        group: all of what hangs together.
        sale_of: reads a sale as it was sealed.
        today: the day, ISO 8601, for consents given for a time.
    """
    _forget(conn, group)
    if not group.leads and not _crosses(conn, group):
        return
    leads = leads_told(conn, group.leads)
    bookings = bookings_of(conn, group.events, sale_of)
    canonical = {PartyId(one): PartyId(other) for one, other in group.parties.items()}
    followed = _followed(conn, group, today)
    heard = (each if each.party_id in followed else _unnamed(each) for each in leads)
    found = credit(heard, bookings, rules_held(conn), canonical)
    _keep_credits(conn, found.credits)
    _keep_conversions(conn, found.conversions)
    _keep_leads(conn, found.leads, {lead.lead_id: lead.party_id for lead in leads})


def leads_told(conn: Connection, lead_ids: Iterable[str]) -> list[Lead]:
    """Read all versions of leads, with what they are about named as the catalogue does."""
    query = select(LEADS.c.body).where(among(conn, LEADS.c.lead_id, sorted(lead_ids)))
    told = [msgspec.json.decode(body, type=Lead) for body in conn.execute(query).scalars()]
    names = names_for(conn, (item.item for lead in told for item in lead.items or ()))
    return [_named(lead, names) for lead in told]


def _named(lead: Lead, names: Names) -> Lead:
    if lead.items is None:
        return lead
    items = tuple(LeadItem(names.of(each.item) or each.item, each.quantity) for each in lead.items)
    return msgspec.structs.replace(lead, items=items)


def _unnamed(lead: Lead) -> Lead:
    return msgspec.structs.replace(lead, party_id=None)


def _followed(conn: Connection, group: Group, today: str) -> frozenset[str]:
    """Tell whose leads may meet their purchases without a code being shown."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for party_id, person in group.parties.items():
        members[person].append(party_id)
    return frozenset(
        party_id
        for ids in members.values()
        for party_id in ids
        if profiling(conn, ids, today).state not in _NOES
    )


def _crosses(conn: Connection, group: Group) -> bool:
    """Tell whether channels' bookings and stores' are among them: one may come back at another."""
    events = sorted(group.events)
    return bool(_ORDERED.rows(conn, events)) and bool(_SOLD.rows(conn, events))


def _forget(conn: Connection, group: Group) -> None:
    events, leads = sorted(group.events), sorted(group.leads)
    conn.execute(delete(LEAD_CREDITS).where(among(conn, LEAD_CREDITS.c.event, events)))
    converted = LEAD_CONVERSIONS.c
    conn.execute(delete(LEAD_CONVERSIONS).where(among(conn, converted.event, events)))
    if leads:
        conn.execute(delete(LEAD_CONVERSIONS).where(among(conn, converted.lead_id, leads)))
        conn.execute(delete(LEADS_OPEN).where(among(conn, LEADS_OPEN.c.lead_id, leads)))


def _keep_credits(conn: Connection, credits_: Iterable[Credit]) -> None:
    of_event: defaultdict[str, list[Credit]] = defaultdict(list)
    for each in credits_:
        of_event[each.event].append(each)
    rows = [
        msgspec.structs.asdict(each) | {"number": number}
        for some in of_event.values()
        if any(each.channel != each.booked or each.lead_id for each in some)
        for number, each in enumerate(some)
    ]
    if rows:
        conn.execute(insert(LEAD_CREDITS), rows)


def _keep_conversions(conn: Connection, conversions: Iterable[Conversion]) -> None:
    rows = [msgspec.structs.asdict(each) for each in conversions]
    if rows:
        conn.execute(insert(LEAD_CONVERSIONS), rows)


def _keep_leads(
    conn: Connection, leads: Iterable[OpenLead], parties: dict[str, PartyId | None]
) -> None:
    rows = list(_standing(leads, parties))
    if rows:
        conn.execute(insert(LEADS_OPEN), rows)


def _standing(
    leads: Iterable[OpenLead], parties: dict[str, PartyId | None]
) -> Iterator[dict[str, object]]:
    for lead in leads:
        told = msgspec.structs.replace(lead.told, party_id=parties[lead.told.lead_id])
        yield {
            "lead_id": told.lead_id,
            "party_id": told.party_id,
            "valid_until": told.valid_until or "",
            "body": _json.encode(msgspec.structs.replace(lead, told=told)),
        }
