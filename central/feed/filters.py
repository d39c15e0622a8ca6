"""The filter of everybody the chain knows, kept in the feed every till reads.

Its pieces (`agent.core.privacy.bloom`) are rows like any other: compacted, in snapshots, read again
by who lost their place. Somebody new is put into the pieces they fall into, some seconds later.
Nothing can be taken out of a filter: once a day, after an erasure, and with a new key all of it is
built anew, and the pieces that differ take the place of those before, so that of an erased person
no bit is left.

It is built of the identifiers themselves, and holds nothing that depends on how it came to be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Engine, Row, delete, func, select

from agent.core.exchange.replica import DELETE, FILTER_KEY, FILTER_RULE, FILTER_SCOPE, PUT
from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.wire import FilterBuilt, FilterPiece
from agent.core.privacy import FILTERED, ScopeKeys, filter_element, keys_of
from agent.core.privacy.bloom import build, is_full, is_in, piece_of, pieces_for, put_in
from agent.core.recognition import Identifier, IdentifierType
from central.feed.preparing import slices
from central.feed.sealing import Sealer
from central.ledger.bulk import among
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.engine import reading, transact
from central.ledger.filter_tables import FILTER_BUILDS, FILTER_DUE
from central.ledger.key_tables import forgotten, generation
from central.ledger.outbox import Change, publish_many
from central.ledger.privacy_tables import ERASED_PARTIES
from central.ledger.tables import FEED_ROWS
from central.ledger.upserts import upsert

AT_ONCE = 200
"""Parties put in together: their pieces are one short transaction."""
BUILT_ABOVE = 2_000
"""So many parties are built with all others at once: an import is no stream of additions."""
SLICE = 2_000
"""Identifiers that are read together."""
RESTS = 20
"""Twenty times as long as a building took, no erasure asks for another one."""
_RULE = f"rule:{FILTER_RULE}"
_DAY = 10
_SPARSE = 4
_TYPES = sorted(each.value for each in FILTERED)
_PLACE = (IDENTIFIERS.c.party_id, IDENTIFIERS.c.type, IDENTIFIERS.c.value)
_LOG = structlog.get_logger("central")
_json = msgspec.json.Encoder(order="deterministic").encode
_piece = msgspec.json.Decoder(FilterPiece).decode


class FilterKeeper:
    """Keeps the filter in step with who is known; called again and again by one thread."""

    def __init__(
        self, engine: Engine, sealer: Sealer, master: Master, now: Callable[[], str]
    ) -> None:
        """Prepare.

        Args:
            engine: the ledger.
            sealer: stretches what is not stretched yet.
            master: what keys are made of.
            now: HQ's clock: a filter is built anew on another day than it was built on.
        """
        self._engine, self._sealer, self._master, self._now = engine, sealer, master, now
        self._rests_until = 0.0

    def look(self) -> bool:
        """Do one lot of what is due; tells whether there may be more."""
        with reading(self._engine) as conn:
            held = _held(conn)
            due = list(conn.execute(select(FILTER_DUE.c.party_id).limit(BUILT_ABOVE)).scalars())
            gone = _erased(conn, due)
            is_to_build = self._is_to_build(conn, held, len(due), is_erased=bool(gone))
        new = [each for each in due if each not in gone]
        if is_to_build:
            self.build()
        elif new and held is not None:
            self._add(held, new[:AT_ONCE])
        return is_to_build or len(new) > AT_ONCE

    def build(self) -> None:
        """Build the whole filter, and tell the tills of the pieces that differ."""
        began_s = time.monotonic()
        with reading(self._engine) as conn:
            due = list(conn.execute(select(FILTER_DUE.c.party_id)).scalars())
            held, identifiers = _held(conn), _count(conn)
            before, now = _told(conn, _keys(held)), generation(conn, FILTER_SCOPE)
        pieces = _cut(held, identifiers)
        made = build(self._elements(now), pieces)
        built = {f"{FILTER_KEY}{pieces}-{number}": bytes(bits) for number, bits in enumerate(made)}

        def tell(conn: Connection) -> int:
            row = _Build(FILTER_SCOPE, now, pieces, identifiers, self._now())
            told = _replace(conn, built, before, row)
            conn.execute(delete(FILTER_DUE).where(among(conn, FILTER_DUE.c.party_id, due)))
            return told

        told = transact(self._engine, tell)
        self._rests_until = time.monotonic() + RESTS * (time.monotonic() - began_s)
        _LOG.info("filter of known customers built", pieces=pieces, new=told, of=identifiers)

    def _is_to_build(
        self, conn: Connection, held: Row[Any] | None, due: int, *, is_erased: bool
    ) -> bool:
        if held is None:
            return _count(conn) > 0
        is_new = held.generation == generation(conn, FILTER_SCOPE)
        if not is_new or held.built_at[:_DAY] != self._now()[:_DAY]:
            return True
        if is_full(held.identifiers, held.pieces) or due >= BUILT_ABOVE:
            return True
        return is_erased and time.monotonic() >= self._rests_until

    def _elements(self, now: int) -> Iterator[bytes]:
        keys = keys_of(self._master.key(FILTER_SCOPE, now))
        for rows, mark in slices(self._engine, SLICE):
            with reading(self._engine) as conn:
                gone = _erased(conn, [row.party_id for row in rows])
            kept = (row for row in rows if row.type in _TYPES and row.party_id not in gone)
            some = [_named(row.type, row.value) for row in kept]
            yield from self._of(keys, some, mark).values()

    def _of(
        self, keys: ScopeKeys, identifiers: Sequence[Identifier], mark: int
    ) -> dict[Identifier, bytes]:
        known = self._sealer.stretches(identifiers, mark)
        return {one: filter_element(keys, stretched) for one, stretched in known.items()}

    def _add(self, held: Row[Any], due: Sequence[str]) -> None:
        """Put parties into the filter, unless somebody has built another one meanwhile."""
        keys = keys_of(self._master.key(FILTER_SCOPE, held.generation))
        with reading(self._engine) as conn:
            mark = forgotten(conn)
            identifiers = [one for each in _theirs(conn, due).values() for one in each]
        elements = self._of(keys, identifiers, mark)

        def add(conn: Connection) -> None:
            if _held(conn) == held:
                _put(conn, held, due, elements)

        transact(self._engine, add)


class _Build(msgspec.Struct, frozen=True):
    scope: str
    generation: int
    pieces: int
    identifiers: int
    built_at: str


def _held(conn: Connection) -> Row[Any] | None:
    query = select(FILTER_BUILDS).where(FILTER_BUILDS.c.scope == FILTER_SCOPE)
    return conn.execute(query).one_or_none()


def _count(conn: Connection) -> int:
    query = select(func.count()).select_from(IDENTIFIERS).where(IDENTIFIERS.c.type.in_(_TYPES))
    return int(conn.execute(query).scalar_one())


def _cut(held: Row[Any] | None, identifiers: int) -> int:
    """Choose the number of pieces: the one there is, unless it is too small or far too large."""
    wanted = pieces_for(identifiers)
    if held is None or is_full(identifiers, held.pieces) or held.pieces > _SPARSE * wanted:
        return wanted
    return int(held.pieces)


def _theirs(conn: Connection, party_ids: Sequence[str]) -> dict[str, list[Identifier]]:
    """Give the identifiers of some parties, without those who are erased."""
    mine = among(conn, IDENTIFIERS.c.party_id, party_ids)
    rows = conn.execute(select(*_PLACE).where(mine, IDENTIFIERS.c.type.in_(_TYPES))).all()
    gone = _erased(conn, party_ids)
    theirs: dict[str, list[Identifier]] = {}
    for row in rows:
        if row.party_id not in gone:
            theirs.setdefault(row.party_id, []).append(_named(row.type, row.value))
    return theirs


def _erased(conn: Connection, party_ids: Sequence[str]) -> set[str]:
    query = select(ERASED_PARTIES.c.party_id)
    mine = among(conn, ERASED_PARTIES.c.party_id, sorted(set(party_ids)))
    return set(conn.execute(query.where(mine)).scalars())


def _named(type_: str, value: str) -> Identifier:
    return Identifier(IdentifierType(type_), value)


def _keys(held: Row[Any] | None) -> list[str]:
    """Name all pieces of the filter that tills have."""
    pieces = 0 if held is None else held.pieces
    return [f"{FILTER_KEY}{pieces}-{number}" for number in range(pieces)]


def _told(conn: Connection, keys: Sequence[str]) -> dict[str, FilterPiece]:
    """Give pieces as tills are told of them, by their keys."""
    row = FEED_ROWS.c
    query = select(row.key, row.body).where(row.scope == FILTER_SCOPE, row.op == PUT)
    found = conn.execute(query.where(among(conn, row.key, keys)))
    return {each.key: _piece(each.body) for each in found}


def _with_additions(
    built: Mapping[str, bytes],
    before: Mapping[str, FilterPiece],
    now: Mapping[str, FilterPiece],
    number: int,
) -> dict[str, bytes]:
    """Keep the bits that somebody else has set since building began."""
    whole = dict(built)
    for key in built.keys() & before.keys() & now.keys():
        was, is_ = before[key], now[key]
        if was.generation == is_.generation == number and was.bits != is_.bits:
            came = int.from_bytes(is_.bits, "big") & ~int.from_bytes(was.bits, "big")
            bits = int.from_bytes(built[key], "big") | came
            whole[key] = bits.to_bytes(len(built[key]), "big")
    return whole


def _replace(
    conn: Connection, built: Mapping[str, bytes], before: Mapping[str, FilterPiece], now: _Build
) -> int:
    """Publish what differs, first the new pieces, then that the old ones go; gives how many."""
    told = _told(conn, _keys(_held(conn)))
    whole = _with_additions(built, before, told, now.generation)
    pieces = {key: FilterPiece(now.generation, bits) for key, bits in whole.items()}
    changes = [
        Change(key, PUT, _json(piece)) for key, piece in pieces.items() if told.get(key) != piece
    ]
    changes += [Change(key, DELETE) for key in sorted(told.keys() - whole.keys())]
    rule = _json(FilterBuilt(now.built_at, now.pieces))
    publish_many(conn, FILTER_SCOPE, [*changes, Change(_RULE, PUT, rule)])
    row = msgspec.structs.asdict(now)
    put = upsert(FILTER_BUILDS).values(row)
    taken = {name: put.excluded[name] for name in row if name != "scope"}
    conn.execute(put.on_conflict_do_update(index_elements=["scope"], set_=taken))
    return len(changes)


def _put(
    conn: Connection, held: Row[Any], due: Sequence[str], elements: Mapping[Identifier, bytes]
) -> None:
    """Set the bits of parties who are due; one with an identifier that is newer stays due."""
    theirs = _theirs(conn, due)
    done = [each for each in due if all(one in elements for one in theirs.get(each, ()))]
    gone = _erased(conn, due)
    wanted: dict[str, list[bytes]] = {}
    for each in done:
        for one in theirs.get(each, ()):
            number = piece_of(elements[one], held.pieces)
            wanted.setdefault(f"{FILTER_KEY}{held.pieces}-{number}", []).append(elements[one])
    changes, new = [], 0
    for key, piece in sorted(_told(conn, sorted(wanted)).items()):
        bits = bytearray(piece.bits)
        missing = [element for element in wanted[key] if not is_in(element, bits)]
        for element in missing:
            put_in(element, bits)
        new += len(missing)
        if missing:
            changes.append(Change(key, PUT, _json(FilterPiece(held.generation, bytes(bits)))))
    if changes:
        publish_many(conn, FILTER_SCOPE, changes)
    mine = FILTER_BUILDS.c.scope == FILTER_SCOPE
    counted = {"identifiers": held.identifiers + new}
    conn.execute(FILTER_BUILDS.update().where(mine).values(counted))
    # Who was erased meanwhile stays due until all is built anew.
    ready = [each for each in done if each not in gone]
    conn.execute(delete(FILTER_DUE).where(among(conn, FILTER_DUE.c.party_id, ready)))
