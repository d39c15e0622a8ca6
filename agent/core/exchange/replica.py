"""A feed's changes as rows: one layout, for the till's directory and for HQ's snapshot files.

A snapshot installs in seconds because it *is* the file the till looks things up in. So HQ makes
rows of a change by the very functions the till uses, and both say in which layout and shapes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from agent.core.exchange.wire import FeedItem, PartyRow
from agent.core.history.model import Card, Order
from agent.core.recognition import Item

FORMAT = 1
"""Changes with the tables below; a till that knows another one reads the feed page by page."""
APPLICATION_ID = 0x54414452
"""`TADR`, in the header of a snapshot's file (sqlite.org/fileformat2.html, 1.3.15)."""
GTIN_DIGITS = 14
PUT, DELETE, ERASE = "put", "del", "erase"
TOMBSTONES = frozenset({DELETE, ERASE})
_PREFIX_DIGITS = 2
"""In-store prefixes have two digits: what follows is the number a cashier knows, the PLU."""

TABLES = (
    # How far each scope of the feed was applied; `rereading` while it is read from the start.
    # `seen`: the highest version that came by it.
    """CREATE TABLE scopes (
        scope TEXT PRIMARY KEY, cursor TEXT NOT NULL, rereading INTEGER NOT NULL DEFAULT 0,
        seen INTEGER NOT NULL DEFAULT -1
    ) WITHOUT ROWID""",
    # The newest change seen of every key, deleted ones included, so that nothing old comes back.
    """CREATE TABLE versions (
        key TEXT PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL
    ) WITHOUT ROWID""",
    # Changes that could not be understood: shown in status, never in the way of others (P6).
    """CREATE TABLE refused (
        key TEXT PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE items (
        id INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, ver INTEGER NOT NULL,
        name TEXT NOT NULL, body BLOB NOT NULL
    )""",
    """CREATE TABLE item_keys (
        kind TEXT NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL REFERENCES items (id),
        PRIMARY KEY (kind, key, id)
    ) WITHOUT ROWID""",
    """CREATE VIRTUAL TABLE item_words USING fts5 (
        name, department, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3'
    )""",
    # No card: known at HQ, not held here. `local`: enrolled here, not yet told of by HQ.
    """CREATE TABLE people (
        id INTEGER PRIMARY KEY, party_id TEXT NOT NULL, local INTEGER NOT NULL, card BLOB
    )""",
    # `local`: given here, not yet told of by HQ.
    """CREATE TABLE found_by (
        token BLOB NOT NULL, person INTEGER NOT NULL, local INTEGER NOT NULL,
        PRIMARY KEY (token, person)
    ) WITHOUT ROWID""",
    """CREATE TABLE orders (
        order_no TEXT PRIMARY KEY, party_id TEXT, placed_at TEXT NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID""",
)
INDEXES = (
    "CREATE INDEX item_keys_of_item ON item_keys (id)",
    "CREATE UNIQUE INDEX people_by_id ON people (party_id)",
    "CREATE INDEX found_by_of_person ON found_by (person)",
    "CREATE INDEX orders_of_party ON orders (party_id, placed_at)",
)
NOTICES = """CREATE TABLE notices (
    fseq INTEGER PRIMARY KEY, key TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL,
    body BLOB NOT NULL
)"""
"""Only in a snapshot: changes that are no rows of a directory, such as HQ's signed orders."""

_encode = msgspec.json.Encoder().encode
_item = msgspec.json.Decoder(Item).decode
_order = msgspec.json.Decoder(Order).decode
_row = msgspec.json.Decoder(PartyRow).decode
_card = msgspec.json.Decoder(Card).decode


class Refused(Exception):
    """A change that cannot be applied; the reason is kept with its key."""


class Person(msgspec.Struct, frozen=True):
    """A party as a row."""

    card: bytes
    tokens: tuple[bytes, ...]


def shapes() -> str:
    """Name the shapes of what is in the rows: equal where both sides read them alike."""
    schema = msgspec.json.schema_components([Item, Card, Order])
    return hashlib.sha256(msgspec.json.encode(schema, order="deterministic")).hexdigest()[:16]


SHAPES = shapes()


def item_of(name: str, change: FeedItem) -> Item:
    """Read the item of a change.

    Raises:
        Refused: it is another item's.
        msgspec.MsgspecError: it is none.
    """
    item = _item(change.body)
    if item.item_id != name:
        raise Refused(f"the item inside is {item.item_id!r}")
    return item


def order_of(name: str, change: FeedItem) -> Order:
    """Read the order of a change; raises as `item_of`."""
    order = _order(change.body)
    if order.order_no != name:
        raise Refused(f"the order inside is {order.order_no!r}")
    return order


def person_of(change: FeedItem) -> Person:
    """Read the party of a change: its card as it is kept, and its tokens as bytes.

    Raises:
        Refused: a token is no hexadecimal.
        msgspec.MsgspecError: the row or the card in it cannot be read.
    """
    row = _row(change.body)
    return Person(_encode(_card(row.card)), token_bytes(row.tokens))


def token_bytes(tokens: tuple[str, ...]) -> tuple[bytes, ...]:
    """Write tokens as they are kept.

    Raises:
        Refused: one is no hexadecimal.
    """
    try:
        return tuple(dict.fromkeys(bytes.fromhex(token) for token in tokens))
    except ValueError as error:
        raise Refused("a token is no hexadecimal") from error


def item_keys(item: Item) -> list[tuple[str, str]]:
    """List the keys an item is found by: `gtin`, `reference`, `plu`, each once, in order."""
    return sorted(set(_keys(item)))


def _keys(item: Item) -> Iterator[tuple[str, str]]:
    for gtin in item.gtins:
        yield "gtin", gtin.zfill(GTIN_DIGITS)
    if item.reference:
        yield "reference", item.reference
        plain = item.reference[_PREFIX_DIGITS:].lstrip("0")
        if plain:
            yield "plu", plain
