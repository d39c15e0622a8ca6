"""The leads of a person or of a channel, each as it stands: for staff, and for cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from agent.core.faults import NotFoundFault
from agent.core.leads import OpenLead, moment, rule_on, standing
from central.leads.persons import members
from central.leads.rules import rules_held
from central.ledger.bulk import among
from central.ledger.lead_tables import LEAD_CONVERSIONS, LEADS_OPEN

SHOWN_MAX = 200
_OPEN = frozenset({"open", "partly"})


class Bought(msgspec.Struct, frozen=True):
    """What of a lead was bought, and where."""

    event: str
    """The sale id, or `channel/order`."""
    line: int
    quantity: int
    """In thousandths."""
    why: str


class LeadView(msgspec.Struct, frozen=True):
    """A lead, what is left of it, and what became of it."""

    lead_id: str
    kind: str
    channel: str
    standing: str
    """`open`, `partly` bought, `converted`, `withdrawn` or `expired`."""
    at: str
    """When the version that stands was told: UTC, ISO 8601."""
    left: dict[str, int] | None
    """Item → thousandths still open; null of a lead about whatever is bought next."""
    bought: tuple[Bought, ...] = ()
    owner: str | None = None
    valid_until: str | None = None


def leads_of(conn: Connection, party_id: str, now: str) -> list[LeadView]:
    """List a person's leads, under all their ids, the newest first."""
    return _views(conn, among(conn, LEADS_OPEN.c.party_id, members(conn, party_id)), now)


def lead_named(conn: Connection, lead_id: str, now: str) -> LeadView:
    """Show one lead.

    Raises:
        NotFoundFault: nobody told of it, or nothing was derived of it yet.
    """
    found = _views(conn, LEADS_OPEN.c.lead_id == lead_id, now)
    if not found:
        raise NotFoundFault(
            f"no lead {lead_id[:80]!r} is known",
            remedy="write it as the channel did, its name in front: web/cart-17",
            name="no-such-lead",
        )
    return found[0]


def person_of(conn: Connection, lead_id: str) -> str | None:
    """Tell whose a lead is; None: nobody's that is known."""
    query = select(LEADS_OPEN.c.party_id).where(LEADS_OPEN.c.lead_id == lead_id)
    return conn.execute(query).scalar_one_or_none()


def open_leads(conn: Connection, party_ids: Sequence[str], now: str) -> list[OpenLead]:
    """Give the leads of a person that count now, the one touched last in front."""
    theirs = among(conn, LEADS_OPEN.c.party_id, party_ids)
    rules, at = rules_held(conn), moment(now)
    rule = rule_on(rules, now[:10])
    held = [each for each in _read(conn, theirs) if standing(each, rule, at) in _OPEN]
    return sorted(held, key=lambda each: (-each.touched, each.told.lead_id))


def _read(conn: Connection, where: ColumnElement[bool]) -> Iterable[OpenLead]:
    query = select(LEADS_OPEN.c.body).where(where).order_by(LEADS_OPEN.c.lead_id)
    for body in conn.execute(query).scalars():
        yield msgspec.json.decode(body, type=OpenLead)


def _views(conn: Connection, where: ColumnElement[bool], now: str) -> list[LeadView]:
    held = sorted(_read(conn, where), key=lambda each: (-each.touched, each.told.lead_id))
    held = held[:SHOWN_MAX]
    bought = _bought(conn, [each.told.lead_id for each in held])
    rule, at = rule_on(rules_held(conn), now[:10]), moment(now)
    return [
        LeadView(
            lead_id=each.told.lead_id,
            kind=each.told.kind,
            channel=each.told.channel,
            standing=standing(each, rule, at),
            at=each.told.at,
            left=each.left,
            bought=tuple(bought.get(each.told.lead_id, ())),
            owner=each.told.owner,
            valid_until=each.told.valid_until,
        )
        for each in held
    ]


def _bought(conn: Connection, lead_ids: Sequence[str]) -> dict[str, list[Bought]]:
    held = LEAD_CONVERSIONS.c
    query = select(LEAD_CONVERSIONS).where(among(conn, held.lead_id, lead_ids))
    found: defaultdict[str, list[Bought]] = defaultdict(list)
    for row in conn.execute(query.order_by(held.lead_id, held.event, held.line)):
        found[row.lead_id].append(Bought(row.event, row.line, row.quantity, row.why))
    return found
