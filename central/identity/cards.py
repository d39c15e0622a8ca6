"""The card of a party: what HQ tells the tills of it, computed from what is held, then published.

Whoever changes anything about a party calls `publish_card` in the same transaction, so that no
till ever sees less than what HQ has acknowledged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, select, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.exchange.wire import PartyRow
from agent.core.history import LAST_SHOWN, Card, Interaction, Order, with_order
from agent.core.identifiers import PartyId
from agent.core.recognition import token
from central.identity.attributes import (
    Observed,
    attributes_of,
    attributes_of_all,
    consents_of,
    consents_of_all,
)
from central.identity.interactions import interactions_of, with_history
from central.identity.parties import Held, identifiers_of, identifiers_of_all
from central.ledger.bulk import among
from central.ledger.customer_tables import CARD_REACH, ORDERS, PARTIES
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")

_OF_PARTY: BindParameter[str] = bindparam("of_party")
_ALL_ORDERS = select(ORDERS.c.party_id, ORDERS.c.body).order_by(ORDERS.c.order_no)
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
    known = _Known(
        fields=attributes_of(conn, party_id),
        consents=consents_of(conn, party_id),
        last=tuple(interactions_of(conn, party_id, limit=LAST_SHOWN)),
        through=_reach_of(conn, party_id),
        orders=orders_of(conn, party_id),
    )
    return _card(party_id, known, _version(conn, party_id))


class _Known(NamedTuple):
    """What a card is computed from."""

    fields: Mapping[str, Observed]
    consents: tuple[ConsentGiven, ...]
    last: tuple[Interaction, ...]
    through: dict[str, int]
    orders: Iterable[Order]


def _card(party_id: PartyId, known: _Known, ver: int) -> Card:
    fields = known.fields
    card = Card(
        party_id=party_id,
        name=fields["name"].value if "name" in fields else "",
        tier=fields["tier"].value if "tier" in fields else None,
        points=int(fields["points"].value) if "points" in fields else 0,
        consents=known.consents,
        last=known.last,
        through=known.through,
        ver=ver,
    )
    for order in known.orders:
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
    return _change(card_of(conn, party_id), identifiers_of(conn, party_id))


def card_changes(conn: Connection, party_ids: Sequence[PartyId]) -> list[Change]:
    """Do what `card_change` does for many parties, each once, reading each table once."""
    conn.execute(
        update(PARTIES)
        .where(among(conn, PARTIES.c.party_id, party_ids))
        .values(ver=PARTIES.c.ver + 1)
    )
    known, versions = _known(conn, party_ids), _versions(conn, party_ids)
    identifiers = identifiers_of_all(conn, party_ids)
    return [
        _change(_card(each, known[each], versions[each]), identifiers.get(each, ()))
        for each in party_ids
    ]


def _change(card: Card, identifiers: Iterable[Held]) -> Change:
    tokens = tuple(token(held.identifier) for held in identifiers)
    row = PartyRow(card=msgspec.Raw(_json.encode(card)), tokens=tokens)
    return Change(f"party:{card.party_id}", "put", _json.encode(row))


def _known(conn: Connection, party_ids: Sequence[PartyId]) -> dict[PartyId, _Known]:
    fields, consents = attributes_of_all(conn, party_ids), consents_of_all(conn, party_ids)
    reach: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in conn.execute(
        select(CARD_REACH).where(among(conn, CARD_REACH.c.party_id, party_ids))
    ):
        reach[row.party_id][row.journal_id] = row.seq
    orders: defaultdict[str, list[Order]] = defaultdict(list)
    for row in conn.execute(_ALL_ORDERS.where(among(conn, ORDERS.c.party_id, party_ids))):
        orders[row.party_id].append(msgspec.json.decode(row.body, type=Order))
    last = {
        party_id: tuple(interactions_of(conn, party_id, limit=LAST_SHOWN))
        for party_id in with_history(conn, party_ids)
    }
    return {
        each: _Known(
            fields.get(each, {}),
            consents.get(each, ()),
            last.get(each, ()),
            reach[each],
            orders[each],
        )
        for each in party_ids
    }


def reached(conn: Connection, party_id: str, journal_id: str, seq: int) -> None:
    """Note that the card now has the effect of this entry; never back."""
    conn.execute(_MOVE_REACH, {"party_id": party_id, "journal_id": journal_id, "seq": seq})


def _reach_of(conn: Connection, party_id: str) -> dict[str, int]:
    rows = conn.execute(_REACH, {"of_party": party_id})
    return {row.journal_id: row.seq for row in rows}


def _versions(conn: Connection, party_ids: Sequence[str]) -> dict[str, int]:
    theirs = among(conn, PARTIES.c.party_id, party_ids)
    rows = conn.execute(select(PARTIES.c.party_id, PARTIES.c.ver).where(theirs))
    return {row.party_id: row.ver for row in rows}


def _version(conn: Connection, party_id: str) -> int:
    return int(conn.execute(_VERSION, {"of_party": party_id}).scalar_one())
