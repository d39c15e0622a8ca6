"""A feed's changes as rows: one layout, for the till's directory and for HQ's snapshot files.

A snapshot installs in seconds because it *is* the file the till looks things up in. So HQ makes
rows of a change by the very functions the till uses, and both say in which layout and shapes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from agent.core.exchange.wire import FeedItem, FilterPiece, Moved, SealedRow
from agent.core.history.model import Order
from agent.core.privacy.bloom import PIECE_BYTES, PIECES_MAX
from agent.core.privacy.keys import TOKEN_BYTES
from agent.core.recognition import Item

FORMAT = 6
"""Changes with the tables below; a till that knows another one reads the feed page by page."""
APPLICATION_ID = 0x54414452
"""`TADR`, in the header of a snapshot's file (sqlite.org/fileformat2.html, 1.3.15)."""
GTIN_DIGITS = 14
KEYS_RULE = "rule:keys-"
"""What the key of a feed item begins with that tells of a new key; the scope follows."""
FILTER_KEY = "filter:"
"""What the key of a feed item begins with that is a piece of the filter of known identifiers; the
number of all pieces follows, a hyphen, and the number of this one."""
FILTER_RULE = "filter"
"""Name of the rule that says when the filter was built: a `wire.FilterBuilt`."""
FILTER_SCOPE = "global"
"""The filter is the whole chain's, under the key of this scope."""
REGION = "region:"
"""What the name of a scope begins with that holds the customers of a region."""
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
    # Of a party it stands in the row of `people`, or in `gone` of who is not held.
    """CREATE TABLE versions (
        key TEXT PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE gone (
        party BLOB PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL
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
    # Cards, sealed (`core.privacy.sealing`); see `people_rows`. No layers: known at HQ, not held
    # here. `local`: given here and not yet told of by HQ, sealed with this till's own key.
    # `tail`, the end of an id, is random enough to find its row by, in few bytes.
    """CREATE TABLE people (
        id INTEGER PRIMARY KEY, party BLOB NOT NULL, local INTEGER NOT NULL, seal INTEGER NOT NULL,
        ver INTEGER NOT NULL, told INTEGER NOT NULL, slots BLOB NOT NULL, name BLOB, rest BLOB,
        tail BLOB GENERATED ALWAYS AS (substr(party, -4)) VIRTUAL
    )""",
    # By what a card is found: the beginning of each token.
    """CREATE TABLE found_by (
        token BLOB NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (token, person)
    ) WITHOUT ROWID""",
    # For which keys rows are sealed (`people.seal`): what a presented identifier is looked up
    # under. `stale`: of rows from before their scope was begun anew, any version counts as newer.
    """CREATE TABLE generations (
        id INTEGER PRIMARY KEY, scope TEXT NOT NULL, generation INTEGER NOT NULL,
        stale INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE orders (
        order_no TEXT PRIMARY KEY, party_id TEXT, placed_at TEXT NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID""",
    # The filter of everybody the chain knows (`core.privacy.bloom`), a page for each piece. `place`
    # is the number of all pieces, shifted left by `PLACE_BITS`, and the number of this one.
    """CREATE TABLE filter (
        place INTEGER PRIMARY KEY, generation INTEGER NOT NULL, bits BLOB NOT NULL
    )""",
    # What HQ sets for all tills, as JSON: prompts, purposes, the loyalty programme.
    "CREATE TABLE rules (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
)
INDEXES = (
    "CREATE INDEX item_keys_of_item ON item_keys (id)",
    # With `seal`, so that the people of a scope are listed without reading all cards.
    "CREATE INDEX people_by_id ON people (tail, seal)",
    "CREATE INDEX orders_of_party ON orders (party_id, placed_at)",
)
PLACE_BITS = 24
NOTICES = """CREATE TABLE notices (
    fseq INTEGER PRIMARY KEY, key TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL,
    body BLOB NOT NULL
)"""
"""Only in a snapshot: changes that are no rows of a directory, such as HQ's signed orders."""

_item = msgspec.json.Decoder(Item).decode
_order = msgspec.json.Decoder(Order).decode
_moved = msgspec.json.Decoder(Moved | None).decode
_row = msgspec.json.Decoder(SealedRow).decode
_piece = msgspec.json.Decoder(FilterPiece).decode


class Refused(Exception):
    """A change that cannot be applied; the reason is kept with its key."""


def shapes() -> str:
    """Name the shapes of what is in the rows: equal where both sides read them alike."""
    schema = msgspec.json.schema_components([Item, Order])
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


def moved_to(change: FeedItem) -> str | None:
    """Read to which scope a deleted key moved; None if to none.

    Raises:
        msgspec.MsgspecError: it says neither.
    """
    moved = _moved(change.body)
    return None if moved is None else moved.scope


def person_of(change: FeedItem) -> SealedRow:
    """Read the party of a change, still sealed.

    Raises:
        Refused: it is found by a token that is none, or sealed for another version.
        msgspec.MsgspecError: the row cannot be read.
    """
    row = _row(change.body)
    if any(len(slot.token) != TOKEN_BYTES for slot in row.card.slots):
        raise Refused(f"a token has not {TOKEN_BYTES} bytes")
    if row.card.ver != change.ver:
        raise Refused(f"its card is sealed for version {row.card.ver}, not {change.ver}")
    return row


def piece_of(name: str, change: FeedItem) -> FilterPiece:
    """Read the piece of the filter of a change.

    Raises:
        Refused: it has not the size of a piece, or its key names none.
        msgspec.MsgspecError: it cannot be read.
    """
    place_of(name)
    piece = _piece(change.body)
    if len(piece.bits) != PIECE_BYTES:
        raise Refused(f"a piece of the filter has not {PIECE_BYTES} bytes")
    return piece


def place_of(name: str) -> int:
    """Say where in the filter a piece belongs, by what its key says after `FILTER_KEY`.

    Raises:
        Refused: that is none.

    >>> place_of("1-0") == 1 << PLACE_BITS
    True
    """
    pieces, _, number = name.partition("-")
    if not (pieces.isascii() and pieces.isdigit() and number.isascii() and number.isdigit()):
        raise Refused("its key names no piece of the filter")
    if not int(number) < int(pieces) <= PIECES_MAX:
        raise Refused("its key names a piece that no filter has")
    return int(pieces) << PLACE_BITS | int(number)


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
