"""By what tills may know a person: every identifier there is, and every name with a postcode.

What tills were told of somebody was stretched once; whoever is erased must be forgotten there, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec
from sqlalchemy import Connection, select

from agent.core.exchange.cursors import PARTY_KEY
from agent.core.exchange.wire import PartyRow
from agent.core.recognition import Identifier, name_postcode
from central.identity.parties import identifiers_of_all
from central.ledger.bulk import among
from central.ledger.customer_tables import ATTRIBUTES
from central.ledger.tables import FEED_ROWS, FEED_SCOPES

_NAMED = ("name", "postcode")
_row = msgspec.json.Decoder(PartyRow).decode


def known_by(conn: Connection, party_ids: Sequence[str]) -> set[Identifier]:
    """Give by what persons are, or were, known: what is held of them, and what tills were told."""
    held = identifiers_of_all(conn, party_ids).values()
    found = {each.identifier for theirs in held for each in theirs}
    return found | set(_names(conn, party_ids)) | set(_told(conn, party_ids))


def _names(conn: Connection, party_ids: Sequence[str]) -> Iterator[Identifier]:
    """Give the keys of every name they had with every postcode they had."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    of = ATTRIBUTES.c
    query = select(of.field, of.value).where(among(conn, of.party_id, party_ids))
    for row in conn.execute(query.where(of.field.in_(_NAMED))):
        said[row.field].add(row.value)
    for name, postcode in product(*(said[field] for field in _NAMED)):
        if key := name_postcode.key(name, postcode):
            yield key


def _told(conn: Connection, party_ids: Sequence[str]) -> Iterator[Identifier]:
    """Give what stands in the feeds."""
    keys = [PARTY_KEY + each for each in party_ids]
    rows = FEED_ROWS.c
    for scope in conn.execute(select(FEED_SCOPES.c.scope)).scalars().all():
        query = select(rows.body).where(rows.scope == scope, rows.op == "put")
        for body in conn.execute(query.where(among(conn, rows.key, keys))).scalars():
            yield from _row(body).identifiers
