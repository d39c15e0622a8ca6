"""A customer's profile with what suggestions need, made anew of their purchases; only by their yes.

It is kept under the canonical id and carried on the card. Once the yes is gone, or the person is
merged into another or erased, the row is gone with the next look, and the card is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select

from agent.core.identifiers import PartyId
from agent.core.leads import OpenLead
from agent.core.suggest import Insight, may, profile_of
from central.identity.cards import publish_card
from central.identity.parties import is_known
from central.leads.allowed import profiling
from central.leads.bookings import SaleOf, bookings_of
from central.leads.listing import open_leads
from central.leads.persons import members
from central.ledger.bulk import Keyed, among
from central.ledger.customer_tables import PSEUDONYMS, SALES
from central.ledger.lead_tables import CHANNEL_BOOKINGS, PROFILES, SUGGESTION_ANSWERS
from central.ledger.upserts import upsert

DECLINED_DAYS = 90
"""How long a no to a suggestion lasts."""
WISHED_MAX = 3
"""Leads on a card: carts and wish lists one can speak of at a till."""
WISHED_ITEMS_MAX = 20
DECLINED_MAX = 20
_json = msgspec.json.Encoder(order="deterministic")
_NEW = upsert(PROFILES)
_PUT = _NEW.on_conflict_do_update(
    index_elements=["party_id"],
    set_={name: _NEW.excluded[name] for name in ("as_of", "body")},
)

_PROFILES = Keyed(select(PROFILES), PROFILES.c.party_id)


def refresh(conn: Connection, party_id: str, sale_of: SaleOf, now: str) -> bool:
    """Make a person's profile anew, and publish their card if it says something else now.

    Args:
        conn: of `writing`.
        party_id: any id of the person.
        sale_of: reads a sale as it was sealed.
        now: HQ's time, UTC, ISO 8601.

    Returns:
        Whether the card was published.
    """
    ids = members(conn, party_id)
    before = _held(conn, ids)
    insight = _insight(conn, ids, sale_of, now)
    if _essence(before.get(ids[0])) == _essence(insight) and before.keys() <= {ids[0]}:
        return False
    conn.execute(delete(PROFILES).where(among(conn, PROFILES.c.party_id, ids)))
    if insight is not None:
        row = {"party_id": ids[0], "as_of": now[:10], "body": _json.encode(insight)}
        conn.execute(_PUT, row)
    if is_known(conn, ids[0]):
        publish_card(conn, PartyId(ids[0]))
    return True


class Looked(NamedTuple):
    """Some of those a profile is kept of."""

    seen: list[str]
    """By id; empty at the end."""
    ended: list[str]
    """Of them, whose yes is over."""


def look_through(conn: Connection, after: str, today: str, at_most: int) -> Looked:
    """Find profiles whose yes was given for a time that has passed: nobody says so when it does.

    Args:
        conn: any open connection.
        after: the last id seen before.
        today: the day, ISO 8601.
        at_most: how many to look at.
    """
    query = select(PROFILES.c.party_id).where(PROFILES.c.party_id > after)
    seen = list(conn.execute(query.order_by(PROFILES.c.party_id).limit(at_most)).scalars())
    ended = [each for each in seen if not may(profiling(conn, members(conn, each), today))]
    return Looked(seen, ended)


def _held(conn: Connection, ids: Sequence[str]) -> dict[str, Insight]:
    rows = _PROFILES.rows(conn, ids)
    return {row.party_id: msgspec.json.decode(row.body, type=Insight) for row in rows}


def _essence(insight: Insight | None) -> Insight | None:
    """Leave out the day it was made: a card is not told anew for that."""
    if insight is None:
        return None
    profile = msgspec.structs.replace(insight.profile, as_of="")
    return msgspec.structs.replace(insight, profile=profile)


def _insight(conn: Connection, ids: Sequence[str], sale_of: SaleOf, now: str) -> Insight | None:
    today = now[:10]
    verdict = profiling(conn, ids, today)
    if not may(verdict):
        return None
    bookings = bookings_of(conn, _purchases(conn, ids), sale_of)
    profile = profile_of(verdict, bookings, today=today)
    if profile is None:
        return None
    wished = tuple(_of_a_card(each) for each in open_leads(conn, ids, now)[:WISHED_MAX])
    return Insight(profile, wished, _declined(conn, ids, today))


def _purchases(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Name what the person bought on every channel, under any id."""
    bridge = PSEUDONYMS.join(SALES, SALES.c.customer_ref == PSEUDONYMS.c.customer_ref)
    sold = select(SALES.c.sale_id).select_from(bridge)
    ordered = select(CHANNEL_BOOKINGS.c.event)
    sales = conn.execute(sold.where(among(conn, PSEUDONYMS.c.party_id, ids))).scalars()
    orders = conn.execute(ordered.where(among(conn, CHANNEL_BOOKINGS.c.party_id, ids))).scalars()
    return [*sales, *orders]


def _of_a_card(lead: OpenLead) -> OpenLead:
    """Leave out what a till has no use for: who brought it, and the end of a long list."""
    replace = msgspec.structs.replace
    told = replace(lead.told, owner=None, party_id=None, items=None)
    left = None if lead.left is None else {item: n for item, n in lead.left.items() if n}
    if left is not None:
        left = dict(list(left.items())[:WISHED_ITEMS_MAX])
    return replace(lead, told=told, left=left)


def _declined(conn: Connection, ids: Sequence[str], today: str) -> tuple[str, ...]:
    """Name what the person said no to lately, the latest first, unless they took it since."""
    since = (date.fromisoformat(today) - timedelta(days=DECLINED_DAYS)).isoformat()
    held = SUGGESTION_ANSWERS.c
    query = select(held.item, held.taken).where(among(conn, held.party_id, ids), held.at >= since)
    last: dict[str, bool] = {}
    for row in conn.execute(query.order_by(held.at.desc(), held.source)):
        last.setdefault(row.item, row.taken)
    return tuple(item for item, taken in last.items() if not taken)[:DECLINED_MAX]
