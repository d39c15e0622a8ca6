"""The card of a party: what HQ tells the tills of it, computed from what is held, then published.

Whoever changes anything about a party calls `publish_card` in the same transaction, so that no
till ever sees less than what HQ has acknowledged.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, select, update

from agent.core.exchange.wire import PartyRow
from agent.core.history import LAST_SHOWN, Card, Order, with_order
from agent.core.identifiers import PartyId
from agent.core.recognition import token
from central.identity.attributes import attributes_of, consents_of
from central.identity.interactions import interactions_of
from central.identity.parties import identifiers_of
from central.ledger.customer_tables import CARD_REACH, ORDERS, PARTIES
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_ORDERS = select(ORDERS.c.body).where(ORDERS.c.party_id == _OF_PARTY).order_by(ORDERS.c.order_no)
_REACH = select(CARD_REACH).where(CARD_REACH.c.party_id == _OF_PARTY)
_VERSION = select(PARTIES.c.ver).where(PARTIES.c.party_id == _OF_PARTY)
_NEXT_VERSION = update(PARTIES).where(PARTIES.c.party_id == _OF_PARTY).values(ver=PARTIES.c.ver + 1)
_NEW_REACH = upsert(CARD_REACH)
_MOVE_REACH = _NEW_REACH.on_conflict_do_update(
    index_elements=["party_id", "journal_id"],
    set_={"seq": _NEW_REACH.excluded.seq},
    where=CARD_REACH.c.seq < _NEW_REACH.excluded.seq,
)


def card_of(conn: Connection, party_id: PartyId) -> Card:
    """Compute a party's card from everything held of it."""
    fields = attributes_of(conn, party_id)
    card = Card(
        party_id=party_id,
        name=fields["name"].value if "name" in fields else "",
        tier=fields["tier"].value if "tier" in fields else None,
        points=int(fields["points"].value) if "points" in fields else 0,
        consents=consents_of(conn, party_id),
        last=tuple(interactions_of(conn, party_id, limit=LAST_SHOWN)),
        through=_reach_of(conn, party_id),
        ver=_version(conn, party_id),
    )
    for order in orders_of(conn, party_id):
        card = with_order(card, order)
    return card


def orders_of(conn: Connection, party_id: str) -> list[Order]:
    """List all orders of a party, whatever their state, by order number."""
    bodies = conn.execute(_ORDERS, {"of_party": party_id}).scalars()
    return [msgspec.json.decode(body, type=Order) for body in bodies]


def publish_card(conn: Connection, party_id: PartyId) -> None:
    """Give the card its next version and tell it to all tills."""
    publish_many(conn, GLOBAL, [card_change(conn, party_id)])


def card_change(conn: Connection, party_id: PartyId) -> Change:
    """Give the card its next version, to be published in the same transaction."""
    conn.execute(_NEXT_VERSION, {"of_party": party_id})
    card = card_of(conn, party_id)
    tokens = tuple(token(held.identifier) for held in identifiers_of(conn, party_id))
    row = PartyRow(card=msgspec.Raw(_json.encode(card)), tokens=tokens)
    return Change(f"party:{party_id}", "put", _json.encode(row))


def reached(conn: Connection, party_id: str, journal_id: str, seq: int) -> None:
    """Note that the card now has the effect of this entry; never back."""
    conn.execute(_MOVE_REACH, {"party_id": party_id, "journal_id": journal_id, "seq": seq})


def _reach_of(conn: Connection, party_id: str) -> dict[str, int]:
    rows = conn.execute(_REACH, {"of_party": party_id})
    return {row.journal_id: row.seq for row in rows}


def _version(conn: Connection, party_id: str) -> int:
    return int(conn.execute(_VERSION, {"of_party": party_id}).scalar_one())
