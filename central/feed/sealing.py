"""Sealing a feed for the tills that read it: what HQ keeps in the clear leaves it closed.

A page is sealed when it is asked for, and a snapshot while it is made, both with the scope's
present key. Of each identifier the stretch is kept once it was made: it takes milliseconds, so a
page with many new ones is cut short, and an import is best read as a snapshot.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, select

from agent.core.exchange.cursors import PARTY_KEY, Cursor
from agent.core.exchange.replica import PUT
from agent.core.exchange.sealed_rows import Master, sealed_row
from agent.core.exchange.wire import FeedItem, FeedPage, PartyRow
from agent.core.privacy import ScopeKeys, keys_of, stretch
from agent.core.recognition import Identifier, RecognitionRules
from central.feed.horizon import horizon
from central.feed.pages import page
from central.ledger.bulk import among
from central.ledger.engine import reading, transact
from central.ledger.epoch import current_epoch
from central.ledger.key_tables import STRETCHES, forgotten, generation, keep_stretches
from central.ledger.outbox import position as newest

STRETCHED_AT_ONCE = 64
"""New identifiers on one page: half a second of one core."""
PAGES_AT_ONCE = 4
"""Made at one time. All others wait outside: whoever waits for stretches in one of HQ's threads
keeps what tills send from being taken in."""
SEALED_MAX = 20_000
"""Rows remembered sealed: a thousand tills ask for the same ones within a minute."""
PAGES_MAX = 32
"""Whole pages remembered: a thousand new tills read the same scope from its start."""
RULES = RecognitionRules(card_prefixes=("LC",))
"""By which a card number is told to be one of this product's own."""
_NOTHING = msgspec.Raw(b"null")
_encode = msgspec.json.Encoder(order="deterministic").encode
_row = msgspec.json.Decoder(PartyRow).decode
_Place = tuple[str, int, str, int]
"""Scope, generation, key and version."""


class _Page(NamedTuple):
    """What was asked for, and where HQ stands: all that a page hangs on."""

    scope: str
    after: str
    limit: int
    head: str
    horizon: int
    generation: int
    forgotten: int


class Sealer:
    """Seals parties, page by page or by the thousand."""

    def __init__(self, engine: Engine, master: Master, rules: RecognitionRules = RULES) -> None:
        """Prepare.

        Args:
            engine: the ledger.
            master: what keys are made of.
            rules: see `RULES`.
        """
        self._engine, self._master, self._rules = engine, master, rules
        self.turns = asyncio.Semaphore(PAGES_AT_ONCE)
        """Each page is made in one of these."""
        self._stretching = Lock()
        self._sealed: OrderedDict[_Place, msgspec.Raw] = OrderedDict()
        self._pages: OrderedDict[_Page, FeedPage] = OrderedDict()

    def page(self, scope: str, after: str, limit: int) -> FeedPage:
        """Read and seal the changes after a cursor; see `pages.page`.

        Raises:
            InputFault, FeedGone: as there.
            LedgerBusy: new stretches could not be kept; ask again.
        """
        while True:
            with reading(self._engine) as conn:
                place = _standing(conn, scope, after, limit)
                if (known := self._pages.get(place)) is not None:
                    return known
                found = page(conn, scope, after, limit)
                fitting = self._fitting(conn, place, found.items)
            if fitting == len(found.items):
                items = self.sealed(scope, place.generation, found.items, place.forgotten)
                return self._kept(place, FeedPage(tuple(items), found.cursor, more=found.more))
            limit = fitting

    def _kept(self, place: _Page, made: FeedPage) -> FeedPage:
        if made.items:
            self._pages[place] = made
            while len(self._pages) > PAGES_MAX:
                self._pages.popitem(last=False)
        return made

    def sealed(self, scope: str, now: int, items: Sequence[FeedItem], mark: int) -> list[FeedItem]:
        """Seal the parties among changes of a scope for a generation of its key.

        What cannot be read is told as nothing, which a till refuses by its key: it is never told
        as it stands.

        Args:
            scope: of the feed.
            now: the generation.
            items: as they stand in the feed.
            mark: `key_tables.forgotten`, read with them.
        """
        closed = {change.fseq: self._known(scope, now, change) for change in items}
        rows = {
            change.fseq: _read(change)
            for change in items
            if _is_party(change) and closed[change.fseq] is None
        }
        known = self._stretches((row for row in rows.values() if row is not None), mark)
        keys = keys_of(self._master.key(scope, now))
        return [
            self._closed(keys, change, rows[change.fseq], known)
            if change.fseq in rows
            else closed[change.fseq] or change
            for change in items
        ]

    def prepare(self, identifiers: Iterable[Identifier], mark: int) -> int:
        """Stretch what will be asked for, on all cores; gives how many were new; see `sealed`."""
        named = {one: self._master.fingerprint(one) for one in identifiers}
        with reading(self._engine) as conn:
            new = len(named) - len(_held(conn, set(named.values())))
        if new:
            self._made(named, mark)
        return new

    def stretches(self, identifiers: Iterable[Identifier], mark: int) -> dict[Identifier, bytes]:
        """Give the stretch of each identifier, making and keeping what is new; see `sealed`."""
        return self._stretches([PartyRow(_NOTHING, tuple(identifiers))], mark)

    def _known(self, scope: str, now: int, change: FeedItem) -> FeedItem | None:
        """Give a party as it was sealed for another till; None where it was not."""
        body = self._sealed.get((scope, now, change.key, change.ver)) if _is_party(change) else None
        return None if body is None else msgspec.structs.replace(change, body=body)

    def _fitting(self, conn: Connection, place: _Page, items: Sequence[FeedItem]) -> int:
        """Count the changes, at least one, that bring no more new identifiers than fit."""
        known = (self._known(place.scope, place.generation, change) for change in items)
        parties = [
            _read(change) if _is_party(change) and closed is None else None
            for change, closed in zip(items, known, strict=True)
        ]
        named = [row.identifiers if row else () for row in parties]
        prints = [[self._master.fingerprint(one) for one in each] for each in named]
        held = _held(conn, {one for each in prints for one in each}).keys()
        new: set[str] = set()
        for number, each in enumerate(prints):
            new |= {one for one in each if one not in held}
            if len(new) > STRETCHED_AT_ONCE and number:
                return number
        return len(items)

    def _stretches(self, rows: Iterable[PartyRow], mark: int) -> dict[Identifier, bytes]:
        """Give the stretch of each identifier, making and keeping those that are new."""
        named = {one: self._master.fingerprint(one) for row in rows for one in row.identifiers}
        with reading(self._engine) as conn:
            held = _held(conn, set(named.values()))
        if any(one not in held for one in named.values()):
            # One at a time: a thousand tills that ask at once wait for the same stretches.
            with self._stretching:
                held |= self._made(named, mark)
        return {one: held[fingerprint] for one, fingerprint in named.items()}

    def _made(self, named: dict[Identifier, str], mark: int) -> dict[str, bytes]:
        with reading(self._engine) as conn:
            held = _held(conn, set(named.values()))
        missing = [one for one, fingerprint in named.items() if fingerprint not in held]
        if not missing:
            return held
        one = partial(stretch, pepper=self._master.pepper, how=self._master.stretching)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = {
                named[each]: done
                for each, done in zip(missing, pool.map(one, missing), strict=True)
            }
        transact(self._engine, lambda conn: keep_stretches(conn, made, mark))
        return held | made

    def _closed(
        self,
        keys: ScopeKeys,
        change: FeedItem,
        row: PartyRow | None,
        known: dict[Identifier, bytes],
    ) -> FeedItem:
        if row is None:
            return msgspec.structs.replace(change, body=_NOTHING)
        body = self._body(keys, change, row, known)
        self._sealed[keys.scope, keys.generation, change.key, change.ver] = body
        while len(self._sealed) > SEALED_MAX:
            self._sealed.popitem(last=False)
        return msgspec.structs.replace(change, body=body)

    def _body(
        self, keys: ScopeKeys, change: FeedItem, row: PartyRow, known: dict[Identifier, bytes]
    ) -> msgspec.Raw:
        party_id = change.key.removeprefix(PARTY_KEY)
        content = self._master.content_key(keys.scope, keys.generation, party_id, change.ver)
        try:
            sealed = sealed_row(keys, row, change.ver, known.__getitem__, content, self._rules)
        except msgspec.MsgspecError:
            return _NOTHING
        return msgspec.Raw(_encode(sealed))


def _standing(conn: Connection, scope: str, after: str, limit: int) -> _Page:
    head = str(Cursor(current_epoch(conn), *newest(conn, scope)))
    standing = horizon(conn, scope), generation(conn, scope), forgotten(conn)
    return _Page(scope, after, limit, head, *standing)


def _is_party(change: FeedItem) -> bool:
    return change.op == PUT and change.key.startswith(PARTY_KEY)


def _read(change: FeedItem) -> PartyRow | None:
    try:
        return _row(change.body)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _held(conn: Connection, fingerprints: set[str]) -> dict[str, bytes]:
    if not fingerprints:
        return {}
    wanted = among(conn, STRETCHES.c.fingerprint, sorted(fingerprints))
    rows = conn.execute(select(STRETCHES).where(wanted))
    return {row.fingerprint: row.stretched for row in rows}
