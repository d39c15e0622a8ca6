"""Keeping snapshots: made anew when the changes above one are many or it is old, in the background.

One thread looks after them; a process of its own does the work (`building`). Files lie in
`snapshots/` of the state directory, a folder each. Of several HQ processes on one PostgreSQL each
makes and gives out its own: a proxy in front must keep a till with one of them, or its download
begins anew with each change.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread

import msgspec
import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.signed import Sign
from agent.core.exchange.snapshots import Manifest, SignedManifest, is_chunk
from agent.core.faults import Fault, NotFoundFault, UnavailableFault
from central.feed import horizon, shelf
from central.feed.making import MAKING, Maker, SnapshotFailed
from central.ledger.engine import reading, transact
from central.ledger.tables import FEED_SCOPES

SNAPSHOTS = "snapshots"
"""Of the state directory."""
ROWS_MIN = 2_000
"""A shorter scope is read by pages: forty of them are quicker than a file."""
SHARE = 10
"""Made anew when a tenth of it has changed."""
OLD_H = 24
"""Or when it is so old, and anything has changed."""
GRACE_H = 24
"""So long a replaced one may be fetched: a slow line needs hours."""
LOOK_S = 60.0
_LOG = structlog.get_logger("central")


class SnapshotBeingMade(UnavailableFault):
    """A till asked for a snapshot that is on its way."""

    name = "snapshot-being-made"
    title = "A snapshot is being made"


class NoSnapshot(NotFoundFault):
    """There is none, and the feed is short; or not this one any more."""

    name = "no-snapshot"
    title = "There is no such snapshot"


class SnapshotKeeper:
    """Makes, gives out and removes the snapshots of one HQ process."""

    def __init__(
        self,
        engine: Engine,
        state_dir: Path,
        sign: Sign,
        master: Master,
        now: Callable[[], str],
        *,
        rows_min: int = ROWS_MIN,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is made yet.

        Args:
            engine: the ledger.
            state_dir: where `snapshots/` is, or will be.
            sign: by HQ's root key.
            master: what their rows are sealed with.
            now: HQ's clock: UTC, ISO 8601 with milliseconds and `Z`.
            rows_min: scopes with fewer keys have no snapshot.
            ended: called in the thread when it ends, asked for or not.
        """
        self._engine, self._now = engine, now
        self.folder = state_dir / SNAPSHOTS
        self._rows_min, self._ended = rows_min, ended
        self._holder = ""
        self._failed: dict[str, int] = {}
        """Scope → its position when making a snapshot failed: not tried again before it moves."""
        self._wake, self._stopping = Event(), Event()
        self._maker = Maker(engine, self.folder, sign, master, now)
        self._thread = Thread(target=self._run, name="snapshots", daemon=True)

    def start(self) -> None:
        """Look after them from now on."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it, and what is being made; harmless if it was never started."""
        self._stopping.set()
        self._wake.set()
        self._maker.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def manifest(self, scope: str) -> SignedManifest:
        """Give the manifest of the snapshot of a scope: a few look-ups by key for each new till.

        Raises:
            NoSnapshot: the scope is short, or making one failed: read pages.
            SnapshotBeingMade: ask again.
        """
        with reading(self._engine) as conn:
            held = shelf.newest(conn, scope, self.holder)
            if held is not None and (self.folder / held.snapshot_id).is_dir():
                return held.manifest
            fseq = shelf.newest_fseq(conn, scope)
            is_long = fseq >= self._rows_min and shelf.length(conn, scope) >= self._rows_min
        if not is_long or self._failed.get(scope) == fseq:
            raise _nothing(scope)
        self._wake.set()
        raise SnapshotBeingMade(
            f"a snapshot of {scope} is being made", remedy="ask again in a few seconds"
        )

    def chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """Give a piece of a snapshot.

        Raises:
            NoSnapshot: there is no such one, or not any more: ask for the manifest again.
        """
        with reading(self._engine) as conn:
            signed = shelf.given_out(conn, scope, snapshot_id, self.holder)
        if signed is None:
            raise _nothing(scope)
        chunks = msgspec.json.decode(signed.manifest, type=Manifest).chunks
        if number >= len(chunks):
            raise _nothing(scope)
        content = _content(self.folder / snapshot_id / str(number))
        if not is_chunk(chunks[number], content):
            self._give_up(scope, snapshot_id)
            raise _nothing(scope)
        return content

    def _give_up(self, scope: str, snapshot_id: str) -> None:
        """Take back what lies damaged on this disk: no till could ever install it."""
        _LOG.warning("a snapshot is damaged on HQ's disk, it is made anew", scope=scope)
        transact(self._engine, lambda conn: shelf.forget(conn, self.holder, {snapshot_id}))
        self._wake.set()

    def look(self) -> None:
        """Make what is due, remove what is not needed any more.

        Raises:
            SnapshotFailed: one could not be made; the others were looked at, too.
            OSError, SQLAlchemyError, Fault: the folder or the database cannot be used.
        """
        transact(self._engine, lambda conn: shelf.retire_lost(conn, self.holder, self._now()))
        self._forget_deleted()
        self._remove_older()
        problems = [problem for scope in self._due() if (problem := self._try(scope))]
        if problems:
            raise problems[0]

    @property
    def holder(self) -> str:
        """Name this state directory: only what lies in it is given out from here."""
        if not self._holder:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / "holder"
            if not path.exists():
                path.write_text(secrets.token_hex(8), encoding="ascii")
            self._holder = path.read_text(encoding="ascii").strip()
        return self._holder

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                self._look()
                self._wake.wait(LOOK_S)
        finally:
            self._ended()

    def _look(self) -> None:
        try:
            self.look()
        except (Fault, OSError, SQLAlchemyError) as error:
            if not self._stopping.is_set():
                _LOG.error("snapshots cannot be kept, it is tried again", reason=str(error))

    def _due(self) -> list[str]:
        with reading(self._engine) as conn:
            scopes = conn.execute(select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)).all()
            due = [
                scope
                for scope, fseq in scopes
                if fseq >= self._rows_min and self._failed.get(scope) != fseq
            ]
            return [scope for scope in due if self._is_due(conn, scope)]

    def _is_due(self, conn: Connection, scope: str) -> bool:
        held = shelf.newest(conn, scope, self.holder)
        fseq = shelf.newest_fseq(conn, scope)
        if held is None:
            return shelf.length(conn, scope) >= self._rows_min
        above = fseq - held.fseq
        is_old = held.made_at < _hours_before(self._now(), OLD_H)
        return above * SHARE >= held.rows or (above > 0 and is_old)

    def _try(self, scope: str) -> Fault | None:
        if self._stopping.is_set():
            return None
        with reading(self._engine) as conn:
            fseq = shelf.newest_fseq(conn, scope)
        try:
            self._maker.make(scope, self.holder)
        except (SnapshotFailed, OSError) as error:
            self._failed[scope] = fseq
            return SnapshotFailed(
                f"the snapshot of {scope} could not be made: {error}",
                remedy=f"look whether {self.folder} has room; tills read page by page meanwhile",
            )
        self._failed.pop(scope, None)
        return None

    def _forget_deleted(self) -> None:
        day = self._now()[:10]
        if not transact(self._engine, lambda conn: horizon.note_day(conn, day)):
            return
        with reading(self._engine) as conn:
            scopes = conn.execute(select(FEED_SCOPES.c.scope)).scalars().all()
        for scope in scopes:
            while transact(self._engine, partial(horizon.forget_deleted, scope=scope)):
                continue

    def _remove_older(self) -> None:
        before = _hours_before(self._now(), GRACE_H)
        transact(self._engine, lambda conn: shelf.remove_older(conn, self.holder, before))
        with reading(self._engine) as conn:
            kept = shelf.ids(conn, self.holder)
        there = {place.name for place in self.folder.iterdir() if place.is_dir()}
        if lost := kept - there:
            transact(self._engine, lambda conn: shelf.forget(conn, self.holder, lost))
        for name in there - kept:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def sweep(engine: Engine, folder: Path) -> None:
    """Remove the snapshots of a folder that are on nobody's list; nothing where there is none.

    Args:
        engine: the ledger.
        folder: `snapshots/` of a state directory, whoever works with it at present.
    """
    try:
        holder = (folder / "holder").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return
    there = {place.name for place in folder.iterdir() if place.is_dir()}
    with reading(engine) as conn:
        kept = shelf.ids(conn, holder)
    for name in there - kept:
        if not name.startswith(MAKING):
            shutil.rmtree(folder / name, ignore_errors=True)


def _content(path: Path) -> bytes:
    """Read a chunk; nothing where it is gone."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _hours_before(now: str, hours: int) -> str:
    """Give the time so many hours before, in the same form."""
    then = datetime.fromisoformat(now) - timedelta(hours=hours)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nothing(scope: str) -> NoSnapshot:
    return NoSnapshot(
        f"there is no such snapshot of {scope[:80]!r}", remedy="read the feed page by page"
    )
