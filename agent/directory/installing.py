"""A snapshot becomes the directory, while the one before it goes on answering.

Checking and merging are done in a thread, on a file of their own; what changes in the directory
meanwhile is written down and repeated on the new file at the swap. The swap itself is one rename
between two look-ups. Whatever goes wrong before it leaves the directory as it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from pysqlite3 import dbapi2

from agent.core.exchange.orders import FEED_KEY
from agent.core.exchange.replica import (
    APPLICATION_ID,
    FORMAT,
    INDEXES,
    NOTICES,
    SHAPES,
    TABLES,
)
from agent.core.exchange.snapshots import Manifest, unusable
from agent.core.exchange.wire import FeedItem
from agent.directory import generations, shapes
from agent.directory.merging import merge
from agent.directory.opening import OWNER_ONLY, configure, connect, is_damage
from agent.directory.opening import unusable as place_unusable
from agent.directory.schema import Connection, name_of

T = TypeVar("T")
Change = Callable[[Connection], object]

_NAMES = frozenset(name_of(statement) for statement in (*TABLES, *INDEXES, NOTICES))
_ORDERS = "SELECT fseq, key, ver, op, body FROM notices WHERE key GLOB :orders ORDER BY fseq"
_UNKNOWN = """INSERT OR REPLACE INTO refused (key, scope, ver, reason)
    SELECT key, :scope, ver, op || ' of ' || key || ' is not known to this version'
    FROM notices WHERE key NOT GLOB :orders"""


class Installation:
    """One snapshot on its way to be the directory.

    In this order: `check`, `notices`, `begin`, `merge`, `swap`, `finish`; or `stay` and `abandon`
    instead, up to the swap. `begin`, `swap` and `stay` are short and the directory's own thread's,
    all others are long and any thread's.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        record: Callable[[list[Change] | None], None],
        take_over: Callable[[Connection], Connection],
    ) -> None:
        """Prepare; see `Directory.installation`.

        Args:
            path: the directory's name.
            manifest: of the snapshot.
            record: has every change written down from now on, or no longer.
            take_over: makes a connection the directory's, and gives the one before.
        """
        self.path, self.manifest = path, manifest
        self.file = generations.following(path)
        self._record, self._take_over = record, take_over
        self._conn: Connection = None
        self._recorded: list[Change] = []
        self._before: tuple[Path, Connection] | None = None
        self._changed: list[str] = []

    def check(self, content: Path) -> None:
        """Take the file over, and look whether it is what its manifest says.

        Args:
            content: unpacked, its hash checked; moved away from here.

        Raises:
            SnapshotUnusable: it is not; it was removed.
            DirectoryFault: the place cannot be written.
        """
        with self._refusing():
            content.chmod(OWNER_ONLY)
            content.replace(self.file)
            self._conn = connect(self.file)
            # Until the swap this file is nobody's: what is cut off is made again.
            self._conn.execute("PRAGMA journal_mode = OFF")
            self._conn.execute("PRAGMA synchronous = OFF")
            # What another scope has erased is taken out below: its bytes, too.
            self._conn.execute("PRAGMA secure_delete = ON")
            if why := self._flaw():
                raise unusable(self.manifest.scope, why)
            if self.manifest.shapes != SHAPES:
                shapes.check(self._conn)

    def notices(self) -> list[FeedItem]:
        """Take out HQ's orders, in their order; what else is no row of a directory is refused."""
        with self._refusing():
            values = {"orders": f"{FEED_KEY}*", "scope": self.manifest.scope}
            self._conn.execute(_UNKNOWN, values)
            found = [
                FeedItem(fseq, key, ver, op, msgspec.Raw(body))
                for fseq, key, ver, op, body in self._conn.execute(_ORDERS, values)
            ]
            self._conn.execute("DROP TABLE notices")
            return found

    def begin(self) -> None:
        """Fix what the snapshot is merged with; what changes from now on is repeated at the swap.

        Raises:
            DirectoryFault: the directory cannot be read.
        """
        with self._refusing():
            live = generations.current(self.path)
            self._conn.execute("ATTACH DATABASE ? AS live", (str(live),))
            self._conn.execute("BEGIN")
            self._conn.execute("SELECT count(*) FROM live.scopes").fetchone()
        self._record(self._recorded)

    def merge(self) -> None:
        """Take over from the directory what the snapshot does not have, and make it durable.

        Raises:
            SnapshotUnusable: it does not fit the directory.
            DirectoryFault: the place cannot be written.
        """
        with self._refusing():
            self._changed = merge(self._conn, self.manifest.scope)
            self._conn.execute("COMMIT")
            self._conn.execute("DETACH DATABASE live")
            configure(self._conn)
            self._sync()

    def swap(self) -> list[str]:
        """Repeat what has changed meanwhile, and be the directory from the next look-up on.

        Returns:
            The keys that changed.

        Raises:
            DirectoryFault: the directory is still the one before.
        """
        with self._refusing():
            for change in self._recorded:
                in_transaction(self._conn, change)
            before = generations.current(self.path)
            generations.point(self.path, self.file)
        self._before = (before, self._take_over(self._conn))
        self._record(None)
        return self._changed

    def stay(self) -> None:
        """Leave the directory as it is: there will be no swap."""
        if self._before is None:
            self._record(None)

    def finish(self) -> None:
        """Let go of the directory before.

        Raises:
            DirectoryFault: it could not be removed; the next start does it.
        """
        if self._before is None:
            return
        file, conn = self._before
        try:
            # Only when the new file, what was repeated on it and its name are durable may the old
            # one go.
            self._sync()
            generations.settle(self.path)
            conn.close()
            if file != self.path:
                generations.remove(file)
            generations.tidy(self.path)
        except OSError as error:
            raise place_unusable(self.path, error) from error

    def abandon(self) -> None:
        """Remove what was prepared; nothing happens after the swap."""
        if self._before is not None:
            return
        if self._conn is not None:
            self._conn.close()
        generations.remove(self.file)

    def interrupt(self) -> None:
        """End what the thread is doing in the file, from outside; it then raises."""
        if self._conn is not None and self._before is None:
            self._conn.interrupt()

    def _flaw(self) -> str:
        """Say what is wrong with the file; empty if nothing is."""
        if self._pragma("application_id") != APPLICATION_ID or self._pragma("user_version") != (
            FORMAT
        ):
            return "its file is of another kind or layout"
        if (found := self._pragma("quick_check(1)")) != "ok":
            return f"its file is damaged: {found}"
        names = {name for (name,) in self._conn.execute("SELECT name FROM sqlite_master")}
        if missing := sorted(_NAMES - names):
            return f"its file lacks {', '.join(missing)}"
        held = self._conn.execute("SELECT scope, cursor FROM scopes").fetchall()
        if held != [(self.manifest.scope, self.manifest.cursor)]:
            return "its file is of another scope or position than its manifest says"
        return ""

    def _pragma(self, name: str) -> object:
        return self._conn.execute(f"PRAGMA {name}").fetchone()[0]

    def _sync(self) -> None:
        for tail in ("", "-wal"):
            with suppress(FileNotFoundError), Path(f"{self.file}{tail}").open("rb") as handle:
                os.fsync(handle.fileno())

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Say of what the disk or SQLite refused whose fault it is."""
        try:
            yield
        except dbapi2.DatabaseError as error:
            if is_damage(error):
                raise unusable(self.manifest.scope, f"its file is damaged: {error}") from error
            raise place_unusable(self.file, error) from error
        except OSError as error:
            raise place_unusable(self.file, error) from error


def in_transaction(conn: Connection, change: Callable[[Connection], T]) -> T:
    """Change all of it, or nothing."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        changed = change(conn)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    return changed
