"""The door to the directory: synchronous look-ups in microseconds, one transaction per change."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import msgspec
from pysqlite3 import dbapi2

from agent.core.exchange.replica import ERASE, FILTER_KEY, TOMBSTONES
from agent.core.exchange.sealed_rows import layers_of, openers_of
from agent.core.exchange.snapshots import Manifest
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.history.model import Card, Order
from agent.core.identifiers import PartyId, StoreId
from agent.core.privacy import ScopeKey, seal_card
from agent.core.privacy.sealing import CONTENT_KEY_BYTES
from agent.core.recognition import (
    Answer,
    Found,
    Identifier,
    Item,
    ItemKey,
    RecognitionRules,
)
from agent.directory import feed, filters, generations, items, leaving, orders, parties, rules
from agent.directory.installing import Change, Installation, in_transaction
from agent.directory.keyring import LOCAL, Keyring, uses_of
from agent.directory.opening import is_damage, open_or_rebuild, rebuild, unusable
from agent.directory.presenting import Presenting
from agent.directory.schema import Connection

T = TypeVar("T")
_NO_PREFIXES = RecognitionRules()

_COUNTED = {
    "items": "SELECT count(*) FROM items",
    "parties": "SELECT count(DISTINCT party) FROM people WHERE name IS NOT NULL",
    "orders": "SELECT count(*) FROM orders",
    "tokens": "SELECT count(*) FROM found_by",
    "refused": "SELECT count(*) FROM refused",
    "local": """SELECT count(*) FROM people AS given WHERE local = 1 AND NOT EXISTS
        (SELECT 1 FROM people WHERE tail = given.tail AND party = given.party AND local = 0)""",
}


class Directory:
    """What this agent's tills hold of customers, items and orders.

    Every method is called from one thread, the event loop's. Any of them may find the file damaged;
    it is then set aside, an empty one is begun, and the answer is that of an empty directory: a
    customer not recognised for a minute is better than a till that stands still.

    Attributes:
        damage: what happened to the file, as a sentence for the log and the status; None while
            nothing did. The daemon logs it after `open` and whenever it changes.
    """

    def __init__(
        self,
        path: Path,
        conn: Connection,
        damage: str | None,
        keyring: Keyring | None = None,
    ) -> None:
        """Take over an open connection; use `open`."""
        self.keyring = keyring or Keyring.passing()
        self._presenting = Presenting()
        self._path = path
        self._conn = conn
        self.damage = damage
        self._recorded: list[Change] | None = None
        self._leaves_traces = False
        """Whether the log still holds what was to go."""

    @classmethod
    def open(cls, path: Path, keyring: Keyring | None = None) -> Self:
        """Open the file, or begin an empty one where it is missing or damaged (see `damage`).

        Args:
            path: of the file.
            keyring: what its cards open with; without one, a key that ends with the program.

        Raises:
            DirectoryFault: the place cannot be written.
        """
        return cls(path, *open_or_rebuild(path), keyring)

    async def prepare(self, identifiers: Iterable[Identifier]) -> None:
        """Stretch in a thread what `party` or `put_local` is asked about next.

        Without it they answer the same, milliseconds later, while nothing else turns.
        """
        await self._presenting.prepare(identifiers, [*self._keys(), self.keyring.own()])

    def party(self, identifier: Identifier) -> Answer:
        """Say whose normalised identifier it is: found, known elsewhere or unknown.

        Who is found can be asked for by `card` from now on, as far as the identifier opens it.
        """
        presented = self._presenting.presented(identifier, self._keys())
        answer = self._ask(lambda conn: parties.find(conn, identifier, presented))
        if isinstance(answer, Found):
            self._presenting.met(answer.party_id, presented)
        return answer

    def card(self, party_id: PartyId) -> Card | None:
        """Open a party's card, from HQ or made here, as far as what found them lately goes.

        Returns:
            None where none is held, or nothing opened it since the program started (`holds` tells
            which): the customer presents themselves again.
        """
        presented = self._presenting.of(party_id, self._keys())
        return self._ask(lambda conn: parties.card(conn, party_id, presented))

    def holds(self, party_id: PartyId) -> bool:
        """Tell whether a party's card is held here, closed or not."""
        return self._ask(lambda conn: parties.holds(conn, party_id))

    def item(self, key: ItemKey) -> Item | None:
        """Find an item by GTIN, in-store reference, PLU or id."""
        return self._ask(lambda conn: items.find(conn, key))

    def items(self, text: str, limit: int) -> list[Item]:
        """Find items by the beginning of their GTIN or PLU, or by words of their name.

        Args:
            text: as typed; empty lists items by name.
            limit: at most so many, 1 to `items.SEARCH_MAX`.
        """
        return self._ask(lambda conn: items.search(conn, text, limit))

    def order(self, order_no: str) -> Order | None:
        """Give an order by its number; None where none is held."""
        return self._ask(lambda conn: orders.find(conn, order_no))

    def orders_for(self, party_id: PartyId) -> list[Order]:
        """Give a party's orders, the newest first."""
        return self._ask(lambda conn: orders.of_party(conn, party_id))

    def orders_here(self, store: StoreId) -> list[Order]:
        """List the orders that wait, or will wait, at a store."""
        return self._ask(lambda conn: orders.of_scope(conn, f"store:{store}"))

    def rule(self, name: str) -> bytes | None:
        """Give what HQ sets for all tills under a name (feed key `rule:NAME`): its JSON, or None.

        It may change with any page of the feed: ask whenever it is needed, in microseconds.
        """
        return self._ask(lambda conn: rules.find(conn, name))

    def cursor(self, scope: str) -> str:
        """Tell how far a scope of the feed was applied; empty before the first page."""
        return self._ask(lambda conn: feed.cursor(conn, scope))

    def apply(self, scope: str, page: FeedPage) -> list[str]:
        """Apply a page of the feed and its cursor in one transaction.

        Returns:
            The keys that changed.

        Raises:
            InputFault: the page's cursor is none.
            DirectoryFault: it could not be written; nothing was.
        """
        changed = self._change(lambda conn: feed.apply(conn, scope, page))
        erased = [change.key for change in page.items if change.op == ERASE]
        for key in erased:
            self._presenting.forget(PartyId(key.partition(":")[2]))
        # Nobody who is erased or withdrawn, and no bits of theirs, may linger in the write-ahead
        # log either (P9).
        if self._leaves_traces or any(_takes_away(change) for change in page.items):
            self._let_go_of_log()
        return changed

    def reread(self, scope: str) -> None:
        """Begin a scope of the feed anew; what is held stays until it has been read again."""
        self._change(lambda conn: feed.reread(conn, scope))

    def leave(self, scope: str, at_most: int) -> bool:
        """Let go of a scope that is none of this till's any more, a few people at a time.

        Returns:
            Whether there is more of it: until then it is asked for again.
        """
        more = self._change(lambda conn: leaving.leave(conn, scope, at_most))
        self._let_go_of_log()
        return more

    def scopes(self) -> list[str]:
        """List the scopes of the feed that something here is of."""
        return self._ask(leaving.scopes)

    def forget(self, party_ids: Sequence[PartyId]) -> None:
        """Erase people whose enrolment HQ ordered to be erased, before its feed says so, too."""

        def erase(conn: Connection) -> None:
            for party_id in party_ids:
                feed.forget(conn, party_id)

        for party_id in party_ids:
            self._presenting.forget(party_id)
        self._change(erase)
        self._let_go_of_log()

    def put_local(
        self,
        card: Card,
        identifiers: Sequence[Identifier],
        rules: RecognitionRules = _NO_PREFIXES,
    ) -> None:
        """Keep a party enrolled here, until the feed brings what HQ says of them.

        It is sealed like HQ's cards: this program opens it again by an identifier alone. Whoever
        is enrolled stands at the till, so that their card is open now.

        Args:
            card: as far as known, `ver` 0.
            identifiers: all that were given, normalised.
            rules: by which a card number is told to be one of this product's own.
        """
        key = self.keyring.own()
        presented = {
            one: each for one in identifiers for each in self._presenting.presented(one, [key])
        }
        openers = openers_of(identifiers, lambda one: presented[one].stretched, rules)
        content_key = secrets.token_bytes(CONTENT_KEY_BYTES)
        layers = layers_of(card)
        sealed = seal_card(uses_of(key), card.party_id, card.ver, layers, openers, content_key)
        self._change(lambda conn: parties.put_local(conn, card.party_id, key.generation, sealed))
        self._presenting.met(card.party_id, presented.values())

    def take_keys(self, keys: Sequence[ScopeKey], enrolment_key: bytes) -> list[str]:
        """Open cards with these keys of HQ's from now on; see `Keyring.take`."""
        return self.keyring.take(keys, enrolment_key)

    def lacks_keys(self) -> bool:
        """Tell whether there are cards for which HQ's key has not come yet."""
        held = self._ask(parties.generations)
        return any(self.keyring.of(*each) is None for each in held if each[0] != LOCAL)

    def import_items(self, imported: Iterable[Item]) -> int:
        """Keep the items of a file where there is no HQ; one that HQ's feed brought stays.

        Returns:
            How many were kept.
        """
        listed = list(imported)
        return self._change(lambda conn: items.put_imported(conn, listed))

    @property
    def incoming(self) -> Path:
        """Where parts of snapshots are kept until they are whole; made by whoever needs it."""
        return generations.incoming(self._path)

    def installation(self, manifest: Manifest) -> Installation:
        """Prepare to make a snapshot the directory; one at a time."""
        return Installation(self._path, manifest, self._record, self._take_over)

    def refused(self) -> dict[str, str]:
        """Give the keys of the feed that could not be understood, with the reason."""
        query = "SELECT key, reason FROM refused ORDER BY key"
        return self._ask(lambda conn: dict(conn.execute(query).fetchall()))

    def counts(self) -> dict[str, int]:
        """Count `items`, `parties`, `orders`, `tokens`, `refused` and `local` parties."""
        return self._ask(_counts)

    def filter(self) -> filters.FilterStatus | None:
        """Say what is here of the filter of everybody the chain knows; None where nothing is."""
        return self._ask(filters.status)

    def close(self) -> None:
        """Close the file."""
        self._presenting.close()
        self._conn.close()

    def _keys(self) -> list[ScopeKey]:
        """Give the keys that rows here are sealed with, as far as they are here."""
        held = self._ask(parties.generations)
        return [key for each in held if (key := self.keyring.of(*each)) is not None]

    def _let_go_of_log(self) -> None:
        """Empty the write-ahead log; while a snapshot reads it, the next page tries again."""
        query = "PRAGMA wal_checkpoint(TRUNCATE)"
        self._leaves_traces = bool(self._ask(lambda conn: conn.execute(query).fetchone()[0]))

    def _change(self, change: Callable[[Connection], T]) -> T:
        changed = self._ask(lambda conn: in_transaction(conn, change))
        if self._recorded is not None:
            self._recorded.append(change)
        return changed

    def _record(self, changes: list[Change] | None) -> None:
        """Write down what changes, from now on: a snapshot is merged with what is here now."""
        self._recorded = changes

    def _take_over(self, conn: Connection) -> Connection:
        """Look things up in another file from now on; give the one before."""
        before, self._conn = self._conn, conn
        return before

    def _ask(self, ask: Callable[[Connection], T]) -> T:
        try:
            return ask(self._conn)
        except dbapi2.DatabaseError as error:
            if not is_damage(error):
                raise unusable(self._path, error) from error
            self._begin_anew(str(error))
        except msgspec.MsgspecError as error:
            # Rows are checked before they are kept: this one is of another version, or damaged.
            self._begin_anew(str(error))
        return ask(self._conn)

    def _begin_anew(self, why: str) -> None:
        self._conn.close()
        self._conn, self.damage = rebuild(self._path, why)


def _takes_away(change: FeedItem) -> bool:
    """Tell whether something of persons goes with a change."""
    return change.op in TOMBSTONES or change.key.startswith(FILTER_KEY)


def _counts(conn: Connection) -> dict[str, int]:
    return {name: int(conn.execute(query).fetchone()[0]) for name, query in _COUNTED.items()}
