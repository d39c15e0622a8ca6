"""The card of a person: what HQ tells the tills of them, computed from what is held, published.

Whoever changes anything about a party calls `publish_card` in the same transaction, so that no
till ever sees less than what HQ has acknowledged. A person has one card, under their canonical id;
the ids they have beside it stand in it as `members`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select, update

from agent.core.exchange.wire import PartyRow
from agent.core.history import Card, Order, Unified
from agent.core.history import card_of as shown_on_card
from agent.core.identifiers import PartyId
from agent.core.loyalty import Expiring
from agent.core.recognition import Identifier, name_postcode
from central.identity.asking import known_of, silences_of_all
from central.identity.insights import insights_of
from central.identity.parties import ERASED, canonicals, members_of
from central.identity.passes import passes_of_all
from central.identity.persons import persons_of
from central.identity.points import expiring_of_each
from central.identity.reach import tell
from central.ledger.bulk import among
from central.ledger.customer_tables import CARD_REACH, ORDERS, PARTIES
from central.ledger.due import PARTY, note_due
from central.ledger.filter_tables import note_filter_due
from central.ledger.outbox import Change
from central.ledger.upserts import upsert
from central.ledger.value_tables import wake

_NAMED = ("name", "postcode")
_json = msgspec.json.Encoder(order="deterministic")

_NEW_REACH = upsert(CARD_REACH)
_MOVE_REACH = _NEW_REACH.on_conflict_do_update(
    index_elements=["party_id", "journal_id"],
    set_={"seq": _NEW_REACH.excluded.seq},
    where=CARD_REACH.c.seq < _NEW_REACH.excluded.seq,
)


def card_of(conn: Connection, party_id: PartyId) -> Card:
    """Compute a person's card, by canonical id, from everything held of all their ids."""
    return cards_of(conn, [party_id])[party_id]


def cards_of(conn: Connection, canonical_ids: Sequence[PartyId]) -> dict[PartyId, Card]:
    """Do for many persons what `card_of` does for one, reading each table once."""
    return _cards(conn, persons_of(conn, canonical_ids), _versions(conn, canonical_ids))


def orders_of(conn: Connection, party_id: str) -> list[Order]:
    """List all orders of a person, by canonical id, whatever their state, by order number."""
    theirs = among(conn, ORDERS.c.party_id, members_of(conn, party_id))
    bodies = conn.execute(select(ORDERS.c.body).where(theirs).order_by(ORDERS.c.order_no))
    return [msgspec.json.decode(body, type=Order) for body in bodies.scalars()]


def publish_card(conn: Connection, party_id: PartyId) -> None:
    """Give the card its next version and tell it to all tills."""
    publish_cards(conn, [party_id])


def publish_cards(conn: Connection, party_ids: Sequence[PartyId]) -> None:
    """Do for some parties, by any ids, what `publish_card` does for one; each person once."""
    tell(conn, card_changes(conn, party_ids))


def publish_persons(
    conn: Connection, canonical_ids: Sequence[PartyId], gone: Sequence[PartyId]
) -> None:
    """Tell all tills of persons whose ids have changed.

    Args:
        conn: of the transaction in which they changed.
        canonical_ids: under which they are shown now.
        gone: ids that were canonical before; what they were found by is found by others now.
    """
    note_due(conn, PARTY, [*canonical_ids, *gone])
    wake(conn, canonical_ids)
    withdrawn = [Change(_key(each), "del") for each in gone]
    tell(conn, [*withdrawn, *card_changes(conn, canonical_ids)])


def card_changes(conn: Connection, party_ids: Sequence[PartyId]) -> list[Change]:
    """Give cards their next version, each person's once, to be published in the same transaction.

    Each table is read once.

    Args:
        conn: of the transaction that changed something about them.
        party_ids: any ids of the persons.
    """
    people = list(dict.fromkeys(canonicals(conn, party_ids).values()))
    conn.execute(
        update(PARTIES).where(among(conn, PARTIES.c.party_id, people)).values(ver=PARTIES.c.ver + 1)
    )
    found, gone = persons_of(conn, people), _erased(conn, people)
    note_filter_due(conn, (one for each in found.values() for one in _ids(each)))
    cards = _cards(conn, found, _versions(conn, people))
    return [
        Change(_key(each), "erase") if each in gone else _change(found[each], cards[each])
        for each in people
    ]


def _cards(
    conn: Connection, found: Mapping[PartyId, Unified], versions: Mapping[str, int]
) -> dict[PartyId, Card]:
    """Make the cards of some persons, by canonical id, with all that tills are to know besides."""
    insights, silent = insights_of(conn, list(found)), silences_of_all(conn, found.values())
    every = [one for each in found.values() for one in _ids(each)]
    passes, ends = passes_of_all(conn, every), expiring_of_each(conn, every)
    return {
        each: msgspec.structs.replace(
            shown_on_card(person, ver=versions[each]),
            insight=insights.get(each),
            silences=silent.get(each, ()),
            known=known_of(person),
            passes=tuple(made for one in _ids(person) for made in passes.get(one, ())),
            # Until a merge has been looked at, each id tells of its own.
            expiring=min(
                (ends[one] for one in _ids(person) if one in ends), key=_last, default=None
            ),
        )
        for each, person in found.items()
    }


def _ids(person: Unified) -> tuple[PartyId, ...]:
    return (person.canonical_id, *person.merged_from)


def _last(ends: Expiring) -> tuple[str, int]:
    return ends.last_day, ends.points


def _change(person: Unified, shown: Card) -> Change:
    known_by = dict.fromkeys(named.identifier for named in person.identifiers)
    if key := _by_name(person):
        known_by[key] = None
    row = PartyRow(card=msgspec.Raw(_json.encode(shown)), identifiers=tuple(known_by))
    return Change(_key(person.canonical_id), "put", _json.encode(row))


def _by_name(person: Unified) -> Identifier | None:
    """Give the key by which a till can tell that somebody is known, and ask for more."""
    said = {field: person.fields[field].value for field in _NAMED if field in person.fields}
    return name_postcode.key(said["name"], said["postcode"]) if len(said) == len(_NAMED) else None


def _key(party_id: PartyId) -> str:
    return f"party:{party_id}"


def reached(conn: Connection, party_id: str, journal_id: str, seq: int) -> None:
    """Note that the card now has the effect of this entry; never back."""
    conn.execute(_MOVE_REACH, {"party_id": party_id, "journal_id": journal_id, "seq": seq})


def _erased(conn: Connection, party_ids: Sequence[str]) -> set[str]:
    """Give who was erased: nothing of them goes to a till again, whatever still comes in."""
    mine = among(conn, PARTIES.c.party_id, party_ids)
    query = select(PARTIES.c.party_id).where(mine, PARTIES.c.state == ERASED)
    return set(conn.execute(query).scalars())


def _versions(conn: Connection, party_ids: Sequence[str]) -> dict[str, int]:
    theirs = among(conn, PARTIES.c.party_id, party_ids)
    rows = conn.execute(select(PARTIES.c.party_id, PARTIES.c.ver).where(theirs))
    return {row.party_id: row.ver for row in rows}
