"""The filter of everybody the chain knows: asked where nobody held here has an identifier.

Functions of a connection; whoever calls them owns the transaction. A look-up reads one page of the
file, or two while HQ cuts the filter into another number of pieces.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.core.exchange.replica import FILTER_SCOPE, PLACE_BITS, place_of
from agent.core.exchange.wire import FilterPiece
from agent.core.privacy.bloom import errs_ppm, filter_element, is_in, piece_of
from agent.directory.keyring import uses_of
from agent.directory.presenting import Presented
from agent.directory.schema import Connection

_LAYOUTS = "SELECT min(place), max(place) FROM filter"
_PIECE = "SELECT generation, bits FROM filter WHERE place = ?"
_NOTE_GENERATION = """INSERT INTO generations (scope, generation) SELECT ?1, ?2
    WHERE NOT EXISTS (SELECT 1 FROM generations WHERE (scope, generation, stale) = (?1, ?2, 0))"""
_SAMPLES = 16
"""So many pieces stand for all, in what is told of the filter's errors: every piece is alike."""


class FilterStatus(msgspec.Struct, frozen=True):
    """What a till has of the filter."""

    pieces: int
    """That are here."""
    of: int
    """That there are; HQ sends what is missing."""
    bytes: int
    errs_ppm: int
    """Of how many strangers in a million it says that the chain knows them."""


def knows(conn: Connection, presented: Iterable[Presented]) -> bool:
    """Tell whether the chain knows somebody by an identifier, as far as the filter has come."""
    keys = [one for one in presented if one.key.scope == FILTER_SCOPE]
    return bool(keys) and any(_is_in(conn, pieces, keys) for pieces in _layouts(conn))


def put(conn: Connection, name: str, piece: FilterPiece) -> None:
    """Keep a piece in the place of the one before, of which nothing stays."""
    conn.execute(
        "INSERT OR REPLACE INTO filter (place, generation, bits) VALUES (?, ?, ?)",
        (place_of(name), piece.generation, piece.bits),
    )
    conn.execute(_NOTE_GENERATION, (FILTER_SCOPE, piece.generation))


def delete(conn: Connection, name: str) -> None:
    """Forget a piece, if it is held."""
    conn.execute("DELETE FROM filter WHERE place = ?", (place_of(name),))


def status(conn: Connection) -> FilterStatus | None:
    """Say what is here of the filter; None where HQ has sent nothing of it."""
    layouts = _layouts(conn)
    if not layouts:
        return None
    held, size = conn.execute("SELECT count(*), sum(length(bits)) FROM filter").fetchone()
    bits = conn.execute("SELECT bits FROM filter LIMIT ?", (_SAMPLES,)).fetchall()
    errs = [errs_ppm(each) for (each,) in bits]
    return FilterStatus(held, layouts[-1], size, sum(errs) // len(errs))


def _is_in(conn: Connection, pieces: int, keys: Iterable[Presented]) -> bool:
    for one in keys:
        element = filter_element(uses_of(one.key), one.stretched)
        place = pieces << PLACE_BITS | piece_of(element, pieces)
        row = conn.execute(_PIECE, (place,)).fetchone()
        if row is not None and row[0] == one.key.generation and is_in(element, row[1]):
            return True
    return False


def _layouts(conn: Connection) -> list[int]:
    """List into how many pieces the filter is cut: one number, or two while it changes."""
    row = conn.execute(_LAYOUTS).fetchone()
    return sorted({place >> PLACE_BITS for place in row if place is not None})
