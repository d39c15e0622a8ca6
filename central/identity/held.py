"""Everything HQ holds of a person, piece by piece: listed for a decision, and taken out by key.

A piece is called by a key that says nothing of its content, and has the class of data by which is
decided whether it goes. Tables that hold further data of persons are one row of `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Row, delete, func, literal, select, update

from agent.core.consent.erasure import EntryKey, Holding
from agent.core.consent.retention import DataClass
from agent.core.entries.classes import CLASSES
from agent.core.history import OPEN, Order
from agent.core.identifiers import JournalId, StoreId
from agent.core.recognition.means import IdentifierType
from central.identity import held_leads, held_reasons, households
from central.identity.held_aside import aside, empty_events, erase_aside
from central.identity.points import points_of_each
from central.ledger.authority_tables import CARRIED_COPIES
from central.ledger.bulk import among
from central.ledger.customer_tables import (
    ATTRIBUTES,
    CHANNEL_EVENTS,
    CONSENTS,
    IDENTIFIERS,
    INTERACTIONS,
    ORDERS,
    PSEUDONYMS,
)
from central.ledger.lead_tables import NOTES
from central.ledger.privacy_tables import (
    CONSENT_RECORDS,
    PARTY_ENTRIES,
    PROMPT_EVENTS,
    SUBJECT_REQUESTS,
)
from central.ledger.tables import CHAIN, JOURNALS, PERSON_READS
from central.ledger.wallet_tables import WALLET_PASSES

Parties = Sequence[str]
_encode = msgspec.json.Encoder(order="deterministic").encode
_DAY = 10
_DIGEST_CHARACTERS = 16
_CONTACTS = frozenset({IdentifierType.PHONE.value, IdentifierType.EMAIL.value})
_FIELDS: Mapping[str, DataClass] = MappingProxyType(
    {
        "phone": DataClass.CONTACT,
        "email": DataClass.CONTACT,
        "tier": DataClass.PROFILE,
        # What another system says of points is no balance that this one owes.
        "points": DataClass.PROFILE,
    }
)


class Source(NamedTuple):
    """One kind of piece."""

    name: str
    """What keys of it begin with."""
    read: Callable[[Connection, Parties], Iterator[Holding]]
    erase: Callable[[Connection, Sequence[str]], None]
    """Takes pieces out, by what stands behind the name in their keys."""


def holdings_of(conn: Connection, party_ids: Parties) -> list[Holding]:
    """List everything held under some ids."""
    return [held for source in SOURCES for held in source.read(conn, party_ids)]


def take_out(conn: Connection, holdings: Iterable[Holding]) -> None:
    """Take pieces out of HQ's tables; the text of journal entries goes by the order for it."""
    keys: dict[str, list[str]] = {}
    for held in holdings:
        name, _, rest = held.key.partition("/")
        keys.setdefault(name, []).append(rest)
    for source in SOURCES:
        if source.name in keys:
            source.erase(conn, keys[source.name])


def _attributes(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = ATTRIBUTES.c
    query = select(held.party_id, held.field, held.source).where(
        among(conn, held.party_id, parties)
    )
    for row in conn.execute(query):
        found = _FIELDS.get(row.field, DataClass.IDENTITY)
        yield Holding(f"attribute/{row.party_id}/{row.field}/{row.source}", found)


def _erase_attributes(conn: Connection, keys: Sequence[str]) -> None:
    held = ATTRIBUTES.c
    for key in keys:
        party_id, field, source = key.split("/", 2)
        same = (held.party_id == party_id) & (held.field == field) & (held.source == source)
        conn.execute(delete(ATTRIBUTES).where(same))


def _identifiers(conn: Connection, parties: Parties) -> Iterator[Holding]:
    for row in _of(conn, parties):
        is_contact = row.type in _CONTACTS
        found = DataClass.CONTACT if is_contact else DataClass.IDENTIFIER
        yield Holding(f"identifier/{row.party_id}/{_digest(row)}", found)


def _erase_identifiers(conn: Connection, keys: Sequence[str]) -> None:
    held, wanted = IDENTIFIERS.c, set(keys)
    for row in _of(conn, [key.partition("/")[0] for key in keys]):
        if f"{row.party_id}/{_digest(row)}" in wanted:
            same = (held.type == row.type) & (held.value == row.value)
            conn.execute(delete(IDENTIFIERS).where(held.party_id == row.party_id, same))


def _of(conn: Connection, parties: Parties) -> list[Row[Any]]:
    mine = among(conn, IDENTIFIERS.c.party_id, parties)
    return list(conn.execute(select(IDENTIFIERS).where(mine)).all())


def _digest(row: Row[Any]) -> str:
    """Name an identifier by nothing that somebody could try all numbers against for long."""
    said = f"{row.party_id}\0{row.type}\0{row.value}".encode()
    return sha256(said).hexdigest()[:_DIGEST_CHARACTERS]


def _answers(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = CONSENTS.c
    query = select(held.party_id, held.ordinal, held.at).where(among(conn, held.party_id, parties))
    for row in conn.execute(query):
        yield Holding(f"answer/{row.party_id}/{row.ordinal}", DataClass.CONSENT, row.at[:_DAY])


def _erase_answers(conn: Connection, keys: Sequence[str]) -> None:
    held = CONSENTS.c
    for party_id, ordinal in (key.split("/") for key in keys):
        same = (held.party_id == party_id) & (held.ordinal == int(ordinal))
        conn.execute(delete(CONSENTS).where(same))


def _ties(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List what ties a sale to the person, and the sale, which names nobody once that is gone."""
    mine = among(conn, PSEUDONYMS.c.party_id, parties)
    for row in conn.execute(select(PSEUDONYMS).where(mine)).all():
        entry, store = _entry(conn, row.journal_id, row.seq)
        yield Holding(f"tie/{row.customer_ref}", DataClass.TIE, entry=entry, store=store)
        yield Holding(f"sale/{row.sale_id}", DataClass.SALE)


def _erase_ties(conn: Connection, keys: Sequence[str]) -> None:
    conn.execute(delete(PSEUDONYMS).where(among(conn, PSEUDONYMS.c.customer_ref, keys)))


def _entries(conn: Connection, parties: Parties) -> Iterator[Holding]:
    mine = among(conn, PARTY_ENTRIES.c.party_id, parties)
    for row in conn.execute(select(PARTY_ENTRIES).where(mine)).all():
        entry, store = _entry(conn, row.journal_id, row.seq)
        query = select(CHAIN.c.received_at).where(
            CHAIN.c.journal_id == row.journal_id, CHAIN.c.seq == row.seq
        )
        received = conn.execute(query).scalar_one_or_none() or ""
        key = f"entry/{row.party_id}/{row.journal_id}/{row.seq}"
        data_class = CLASSES.get(row.kind, DataClass.EVIDENCE)
        yield Holding(key, data_class, received[:_DAY], entry=entry, store=store)


def _erase_entries(conn: Connection, keys: Sequence[str]) -> None:
    held = PARTY_ENTRIES.c
    for party_id, journal_id, seq in (key.split("/") for key in keys):
        same = (held.journal_id == journal_id) & (held.seq == int(seq))
        conn.execute(delete(PARTY_ENTRIES).where(held.party_id == party_id, same))


def _entry(conn: Connection, journal_id: str, seq: int) -> tuple[EntryKey | None, StoreId | None]:
    """Name an entry as an order does, and where its journal is."""
    own = select(CHAIN.c.commitment).where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    committed = conn.execute(own).scalar_one_or_none()
    if committed is None:
        copied = CARRIED_COPIES.c
        carried = select(copied.commitment).where(
            copied.journal_id == journal_id, copied.seq == seq
        )
        told = conn.execute(carried.limit(1)).scalar_one_or_none()
    else:
        told = committed.hex()
    if told is None:
        return None, None
    place = select(JOURNALS.c.store).where(JOURNALS.c.journal_id == journal_id)
    store = conn.execute(place).scalar_one_or_none()
    return EntryKey(JournalId(journal_id), seq, told), None if store is None else StoreId(store)


def _orders(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = ORDERS.c
    query = select(held.order_no, held.state).where(among(conn, held.party_id, parties))
    for row in conn.execute(query):
        yield Holding(f"order/{row.order_no}", DataClass.ORDER, open=row.state in OPEN)


def _erase_orders(conn: Connection, keys: Sequence[str]) -> None:
    """Leave the order, which the goods and the money belong to, and nobody in it."""
    for row in conn.execute(select(ORDERS).where(among(conn, ORDERS.c.order_no, keys))).all():
        order = msgspec.structs.replace(msgspec.json.decode(row.body, type=Order), party_id=None)
        values = {"party_id": None, "body": _encode(order)}
        conn.execute(update(ORDERS).where(ORDERS.c.order_no == row.order_no).values(values))


def _events(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = CHANNEL_EVENTS.c
    query = select(held.channel_id, held.event_id).where(among(conn, held.party_id, parties))
    for row in conn.execute(query):
        yield Holding(f"event/{row.channel_id}/{row.event_id}", DataClass.HISTORY)


def _erase_events(conn: Connection, keys: Sequence[str]) -> None:
    """Leave what an event says of an order, so that it stands and is not taken twice."""
    empty_events(conn, keys, {"party_id": None, "reason": None})


def _points(conn: Connection, parties: Parties) -> Iterator[Holding]:
    """List what a person owns in points: theirs as long as there is any (nobody else is in it)."""
    for owner, points in points_of_each(conn, parties).items():
        yield Holding(f"points/{owner}", DataClass.LOYALTY, open=points != 0)


def _reads(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = PERSON_READS.c
    query = select(held.party_id, func.max(held.at).label("at"))
    mine = among(conn, held.party_id, parties)
    for row in conn.execute(query.where(mine).group_by(held.party_id)):
        yield Holding(f"reads/{row.party_id}", DataClass.ACCESS_LOG, row.at[:_DAY])


def _requests(conn: Connection, parties: Parties) -> Iterator[Holding]:
    held = SUBJECT_REQUESTS.c
    query = select(held.request_id, held.recorded_at).where(among(conn, held.party_id, parties))
    for row in conn.execute(query):
        yield Holding(f"request/{row.request_id}", DataClass.REQUEST, row.recorded_at[:_DAY])


def _erase_requests(conn: Connection, keys: Sequence[str]) -> None:
    mine = among(conn, SUBJECT_REQUESTS.c.request_id, keys)
    conn.execute(delete(SUBJECT_REQUESTS).where(mine))


def _stays(_conn: Connection, _keys: Sequence[str]) -> None:
    """Take nothing out: it names nobody, or is insert-only and leaves with its table's oldest."""


def _by_name(
    name: str, column: Column[str], data_class: DataClass, day: Column[str] | None = None
) -> Source:
    """Make the source of a table whose rows have a name of their own beside the person's id.

    Args:
        name: what keys begin with.
        column: holds the row's name.
        data_class: what each row is.
        day: holds the moment a period counts from; without it none does.
    """
    table = column.table
    owner = table.c.party_id

    def read(conn: Connection, parties: Parties) -> Iterator[Holding]:
        query = select(owner, column, literal("") if day is None else day)
        for party_id, rest, since in conn.execute(query.where(among(conn, owner, parties))):
            yield Holding(f"{name}/{party_id}/{rest}", data_class, since[:_DAY])

    def erase(conn: Connection, keys: Sequence[str]) -> None:
        for party_id, rest in (key.split("/", 1) for key in keys):
            conn.execute(delete(table).where((owner == party_id) & (column == rest)))

    return Source(name, read, erase)


SOURCES: tuple[Source, ...] = (
    Source("attribute", _attributes, _erase_attributes),
    Source("identifier", _identifiers, _erase_identifiers),
    Source("answer", _answers, _erase_answers),
    _by_name("consent", CONSENT_RECORDS.c.record_id, DataClass.CONSENT, CONSENT_RECORDS.c.at),
    _by_name("interaction", INTERACTIONS.c.event_id, DataClass.HISTORY),
    _by_name("wallet", WALLET_PASSES.c.pass_id, DataClass.IDENTIFIER),
    _by_name("prompt", PROMPT_EVENTS.c.event_id, DataClass.PROMPT),
    Source("tie", _ties, _erase_ties),
    Source("sale", lambda _conn, _parties: iter(()), _stays),
    Source("entry", _entries, _erase_entries),
    Source("order", _orders, _erase_orders),
    Source("event", _events, _erase_events),
    Source("aside", aside, erase_aside),
    Source("points", _points, _stays),
    Source("reads", _reads, _stays),
    Source("request", _requests, _erase_requests),
    Source("lead", held_leads.leads, held_leads.erase_leads),
    Source("booking", held_leads.bookings, held_leads.erase_bookings),
    Source("profile", held_leads.profiles, held_leads.erase_profiles),
    Source("suggestion", held_leads.suggestions, held_leads.erase_suggestions),
    _by_name("note", NOTES.c.note_id, DataClass.NOTE),
    Source("task", held_leads.tasks, held_leads.erase_tasks),
    Source(households.HELD, households.held, households.erase),
    Source("decision", held_reasons.decisions, held_reasons.erase_decisions),
    Source("hold", held_reasons.holds, held_reasons.erase_holds),
    Source("block", held_reasons.blocks, held_reasons.erase_blocks),
    Source("finding", held_reasons.findings, held_reasons.erase_findings),
)
