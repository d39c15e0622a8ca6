"""What of each party is compared with others: one row a person, read a portion at a time."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Subquery,
    Table,
    bindparam,
    case,
    exists,
    func,
    select,
)

from agent.core.history.graph_rules import is_placeholder
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.attributes import attributes_of_all, folded
from central.identity.parties import ACTIVE
from central.ledger.customer_tables import ATTRIBUTES, CONSENTS, IDENTIFIERS, PARTIES
from central.ledger.engine import reading

PROFILING = "profiling"
PORTION = 5000
"""Parties read at once."""
READERS = os.cpu_count() or 1
"""Portions read side by side: the database works while another is made into rows."""
FIELDS = ("name", "birth_date", "postcode", "street", "city")
CONTACTS = (IdentifierType.EMAIL.value, IdentifierType.PHONE.value)
REACHED = (*CONTACTS, IdentifierType.LOYALTY_CARD.value)
BETWEEN = "\n"
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class Told(NamedTuple):
    """A party as HQ's tables tell of it: folded texts, empty where nothing is known."""

    party_id: PartyId
    name: str
    birth_date: str = ""
    """ISO 8601."""
    postcode: str = ""
    street: str = ""
    """House number included."""
    city: str = ""
    reached: str = ""
    """`email:…`, `phone:…` and `loyalty_card:…`, one a line."""


class Record(msgspec.Struct, frozen=True):
    """A party as HQ's own model sees it."""

    party_id: PartyId
    words: tuple[str, ...]
    """Of the name, in their order."""
    birth_date: str = ""
    postcode: str = ""
    street: tuple[str, ...] = ()
    """Words of street and house number, in their order."""
    city: str = ""
    contacts: tuple[str, ...] = ()
    """Those that may name somebody, sorted."""


def everybody(engine: Engine) -> Iterator[Told]:
    """Read everybody who may be compared, by their ids, several portions at a time.

    Left out is who was erased or never named, and whoever refused to be profiled: two records are
    put beside each other by what they say of a person (GDPR, Article 21). Each portion is as of one
    moment, and HQ goes on between them: what is proposed of somebody who has changed meanwhile is
    looked at again by the next run.
    """
    ahead: deque[Future[list[Told]]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for after, upto in _portions(engine):
            ahead.append(pool.submit(_read, engine, after, upto))
            if len(ahead) > READERS:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _portions(engine: Engine) -> Iterator[tuple[str, str]]:
    """Give stretches of ids: after the first, up to the last."""
    after = ""
    while upto := _end(engine, after):
        yield after, upto
        after = upto


def _end(engine: Engine, after: str) -> str | None:
    # A transaction of its own: one around all of them would last as long as the whole reading.
    with reading(engine) as conn:
        last: str | None = conn.execute(_UPTO, {"after": after}).scalar()
    return last


def _read(engine: Engine, after: str, upto: str) -> list[Told]:
    with reading(engine) as conn:
        rows = conn.execute(_TOLD, {"after": after, "upto": upto}).all()
        twice = [row.party_id for row in rows if row.words > sum(map(bool, row[1:6]))]
        several = _shown(conn, twice)
    return [Told._make((row[0], *several.get(row[0], row[1:6]), row.reached)) for row in rows]


def _shown(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Choose among the words of several sources, as everybody does who shows them."""
    return {
        party_id: tuple(folded(said[field].value) if field in said else "" for field in FIELDS)
        for party_id, said in attributes_of_all(conn, ids).items()
    }


def record_of(told: Told) -> Record:
    """Make the record of a party from what is told of it.

    >>> record_of(Told(PartyId("p"), "zoe muller-lenz", postcode="sw1a 2aa")).words
    ('zoe', 'muller', 'lenz')
    """
    return Record(
        told.party_id,
        _words(told.name),
        told.birth_date,
        "".join(_words(told.postcode)),
        _words(told.street),
        "".join(_words(told.city)),
        tuple(sorted(each for each in told.reached.split(BETWEEN) if _is_contact(each))),
    )


def may_name(means: str) -> bool:
    """Tell whether a means may name somebody, and was not typed only to fill a field."""
    kind, _, value = means.partition(":")
    return not is_placeholder(Identifier(IdentifierType(kind), value))


def _is_contact(means: str) -> bool:
    return means.startswith(CONTACTS) and may_name(means)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_BETWEEN_WORDS.sub(" ", text).split())


def _among(key: Column[str]) -> ColumnElement[bool]:
    """Keep to a portion: each part of the query reads its own stretch of the table, in order."""
    return (key > bindparam("after")) & (key <= bindparam("upto"))


def _said() -> Subquery:
    """Give the one word of each field, and how many words there are.

    What is left out is left out by a case: asked for in the condition, SQLite would go by the index
    of all fields, for every portion.
    """
    table = ATTRIBUTES.c
    words = [func.max(case((table.field == field, table.folded))) for field in FIELDS]
    named = [word.label(field) for word, field in zip(words, FIELDS, strict=True)]
    counted = func.count(case((table.field.in_(FIELDS), 1))).label("words")
    query = select(table.party_id, *named, counted).where(_among(table.party_id))
    return query.group_by(table.party_id).subquery()


def _reached() -> Subquery:
    table = IDENTIFIERS.c
    means = case((table.type.in_(REACHED), table.type + ":" + table.value))
    named = func.aggregate_strings(means, BETWEEN)
    query = select(table.party_id, named.label("reached")).where(_among(table.party_id))
    return query.group_by(table.party_id).subquery()


def _refused(answer: Table) -> ColumnElement[bool]:
    """Tell whether somebody's last answer over some contact was a no."""
    later = CONSENTS.alias()
    since = exists().where(
        later.c.party_id == answer.c.party_id,
        later.c.purpose == answer.c.purpose,
        later.c.contact == answer.c.contact,
        later.c.ordinal > answer.c.ordinal,
    )
    of_party = answer.c.party_id == PARTIES.c.party_id
    return exists().where(of_party, answer.c.purpose == PROFILING, ~answer.c.given, ~since)


def _told() -> Select[Any]:
    said, reached = _said(), _reached()
    fields = [func.coalesce(said.c[field], "") for field in FIELDS]
    query = (
        select(
            PARTIES.c.party_id,
            *fields,
            func.coalesce(reached.c.reached, "").label("reached"),
            said.c.words,
        )
        .join(said, said.c.party_id == PARTIES.c.party_id)
        .outerjoin(reached, reached.c.party_id == PARTIES.c.party_id)
    )
    may_be = PARTIES.c.state == ACTIVE, said.c.name.is_not(None), ~_refused(CONSENTS)
    return query.where(_among(PARTIES.c.party_id), *may_be).order_by(PARTIES.c.party_id)


def upto(count: int) -> Select[Any]:
    """Ask for the last id of a portion of so many, None after the last."""
    ids = select(PARTIES.c.party_id).where(PARTIES.c.party_id > bindparam("after"))
    some = ids.order_by(PARTIES.c.party_id).limit(count).subquery()
    return select(func.max(some.c.party_id))


_TOLD, _UPTO = _told(), upto(PORTION)
