"""The door to the directory: synchronous look-ups in microseconds, one transaction per change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import msgspec
from pysqlite3 import dbapi2

from agent.core.exchange.replica import ERASE
from agent.core.exchange.snapshots import Manifest
from agent.core.exchange.wire import FeedPage
from agent.core.history.model import Card, Order
from agent.core.identifiers import PartyId
from agent.core.recognition import Answer, Identifier, Item, ItemKey
from agent.directory import feed, generations, items, orders, parties
from agent.directory.installing import Change, Installation, in_transaction
from agent.directory.opening import is_damage, open_or_rebuild, rebuild, unusable
from agent.directory.schema import Connection

T = TypeVar("T")

_COUNTED = {
    "items": "SELECT count(*) FROM items",
    "parties": "SELECT count(*) FROM people WHERE card IS NOT NULL",
    "orders": "SELECT count(*) FROM orders",
    "tokens": "SELECT count(*) FROM found_by",
    "refused": "SELECT count(*) FROM refused",
    "local": "SELECT count(*) FROM people WHERE local = 1",
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

    def __init__(self, path: Path, conn: Connection, damage: str | None) -> None:
        """Take over an open connection; use `open`."""
        self._path = path
        self._conn = conn
        self.damage = damage
        self._recorded: list[Change] | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or begin an empty one where it is missing or damaged (see `damage`).

        Raises:
            DirectoryFault: the place cannot be written.
        """
        return cls(path, *open_or_rebuild(path))

    def party(self, identifier: Identifier) -> Answer:
        """Say whose normalised identifier it is: found, known elsewhere or unknown."""
        return self._ask(lambda conn: parties.find(conn, identifier))

    def card(self, party_id: PartyId) -> Card | None:
        """Give a party's card, from HQ or made here; None where none is held."""
        return self._ask(lambda conn: parties.card(conn, party_id))

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
        if any(change.op == ERASE for change in page.items):
            # An erased person must not linger in the write-ahead log either (P9).
            self._ask(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        return changed

    def reread(self, scope: str) -> None:
        """Begin a scope of the feed anew; what is held stays until it has been read again."""
        self._change(lambda conn: feed.reread(conn, scope))

    def forget(self, party_ids: Sequence[PartyId]) -> None:
        """Erase people whose enrolment HQ ordered to be erased, before its feed says so, too."""

        def erase(conn: Connection) -> None:
            for party_id in party_ids:
                parties.erase(conn, party_id)

        self._change(erase)
        self._ask(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def put_local(self, card: Card, tokens: Sequence[str]) -> None:
        """Keep a party enrolled here, until the feed brings what HQ says of them.

        Args:
            card: as far as known, `ver` 0.
            tokens: `core.recognition.token` of each identifier given.
        """
        self._change(lambda conn: parties.put_local(conn, card, tokens))

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

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

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


def _counts(conn: Connection) -> dict[str, int]:
    return {name: int(conn.execute(query).fetchone()[0]) for name, query in _COUNTED.items()}
