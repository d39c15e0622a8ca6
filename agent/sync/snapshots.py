"""A whole scope from HQ as one file: fetched piece by piece, checked, swapped in.

It is for a till that begins a scope or has lost its place in it; all the while the directory
answers. Whatever is interrupted goes on where it stopped, after a restart as well.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from agent.contracts.hq import HqLink, HqSlowDown, HqUnreachable, NoSnapshot
from agent.core.exchange.progress import STALL_MS
from agent.core.exchange.replica import FORMAT
from agent.core.exchange.signed import Verify
from agent.core.exchange.snapshots import (
    Manifest,
    SnapshotUnusable,
    is_chunk,
    read_manifest,
    unusable,
)
from agent.core.exchange.wire import FeedItem
from agent.core.faults import Fault
from agent.sync.pieces import Pieces, no_room

ATTEMPTS = 4
"""Of one piece, seconds apart; after that the follower of the scope waits, and goes on here."""
STALL_S = STALL_MS / 1000
"""A piece that has not come after so long will not come."""
_log = structlog.get_logger(__name__)

T = TypeVar("T")
OnOrders = Callable[[Sequence[FeedItem]], Awaitable[None]]


class Installing(Protocol):
    """A snapshot on its way to be the directory.

    `begin`, `swap` and `stay` are the directory's own thread's, the others are long.
    """

    def check(self, content: Path) -> None:
        """Take the unpacked file over, and look into it."""
        ...

    def notices(self) -> list[FeedItem]:
        """Take HQ's orders out of it."""
        ...

    def begin(self) -> None:
        """Fix what it is merged with."""
        ...

    def merge(self) -> None:
        """Add what only this till has."""
        ...

    def swap(self) -> list[str]:
        """Go on with it; give the keys that changed."""
        ...

    def stay(self) -> None:
        """Go on as before."""
        ...

    def finish(self) -> None:
        """Remove the directory that was replaced."""
        ...

    def abandon(self) -> None:
        """Remove what was prepared."""
        ...

    def interrupt(self) -> None:
        """End what another thread is doing in it."""
        ...


class Installable(Protocol):
    """What a snapshot is installed in: the till's directory."""

    @property
    def incoming(self) -> Path:
        """Where pieces are kept."""
        ...

    def installation(self, manifest: Manifest) -> Installing:
        """Prepare to install a snapshot."""
        ...


class Snapshots:
    """Takes snapshots, one at a time."""

    def __init__(
        self,
        link: HqLink,
        directory: Installable,
        *,
        verify: Callable[[], Verify | None],
        may_fetch: Callable[[], bool],
        on_orders: OnOrders,
        on_progress: Callable[[str, int, int], None],
        on_trouble: Callable[[str, Fault], None],
    ) -> None:
        """Prepare.

        Args:
            link: the way to HQ.
            directory: what they are installed in.
            verify: gives the check by HQ's root key; None while no till is enrolled.
            may_fetch: tells whether there is room for what can be had again.
            on_orders: carries out HQ's orders that a snapshot brings, before it is swapped in.
            on_progress: told (scope, bytes here, bytes in all) with every piece.
            on_trouble: told (scope, why) of a snapshot that must not be installed, or is `stalled`
                since no piece has come for `STALL_S`.
        """
        self._link, self._directory = link, directory
        self._verify, self._may_fetch = verify, may_fetch
        self._on_orders, self._on_progress = on_orders, on_progress
        self._on_trouble = on_trouble
        self._moved_at: dict[str, float] = {}
        self._turn = asyncio.Lock()
        self._installed: dict[str, str] = {}
        """Scope → the last snapshot: if HQ does not know its position, it is of no use."""
        self._must_go = False

    async def take(self, scope: str) -> tuple[Manifest, list[str]]:
        """Fetch and install the snapshot of a scope.

        Returns:
            What was installed, and keys that changed.

        Raises:
            NoSnapshot: HQ has none, or there is no room for one: read pages.
            SnapshotUnusable: it must not be installed: read pages.
            HqUnreachable, HqSlowDown, HqRefused: try again, what has come so far is kept.
            Fault: the disk or the journal cannot be written; try again.
        """
        async with self._turn:
            self._moved_at.setdefault(scope, _now())
            try:
                manifest, keys = await self._take(scope)
            except SnapshotUnusable as fault:
                self._on_trouble(scope, fault)
                raise
            except Fault as fault:
                self._look_whether_stalled(scope, fault)
                raise
            finally:
                if self._must_go:
                    await self._remove()
            del self._moved_at[scope]
        _log.info("snapshot installed", scope=scope, rows=manifest.rows, bytes=manifest.bytes)
        return manifest, keys

    async def let_go(self) -> None:
        """Remove what has come of snapshots: somebody who is in it was erased (P9).

        While one is taken, as soon as that has ended.
        """
        self._must_go = True
        if not self._turn.locked():
            async with self._turn:
                await self._remove()

    async def _remove(self) -> None:
        self._must_go = False
        await _thread(partial(shutil.rmtree, self._directory.incoming, ignore_errors=True))

    async def _take(self, scope: str) -> tuple[Manifest, list[str]]:
        manifest = await self._manifest(scope)
        pieces = Pieces(self._directory.incoming, manifest)
        try:
            whole = await self._fetch(manifest, pieces)
            keys = await self._install(manifest, whole)
        except OSError as error:
            # What takes up the room on a full disk is given back.
            await _thread(pieces.remove)
            raise no_room(scope, str(error)) from error
        except SnapshotUnusable:
            await _thread(pieces.remove)
            raise
        finally:
            pieces.close()
        self._installed[scope] = manifest.snapshot_id
        await _thread(pieces.remove)
        return manifest, keys

    def _look_whether_stalled(self, scope: str, fault: Fault) -> None:
        if isinstance(fault, NoSnapshot):
            del self._moved_at[scope]
        elif _now() - self._moved_at[scope] >= STALL_S:
            why = f"the snapshot of {scope} has not moved for minutes: {fault.detail}"
            self._on_trouble(scope, Fault(why, remedy=fault.remedy, name="stalled"))

    async def _manifest(self, scope: str) -> Manifest:
        verify = self._verify()
        if verify is None or not self._may_fetch():
            raise NoSnapshot(
                f"no snapshot of {scope} is taken: the disk is low, or no till is enrolled",
                remedy="make room on this disk (`df -h`); changes are read page by page meanwhile",
            )
        manifest = read_manifest(await self._link.snapshot(scope), scope, verify)
        if manifest.format != FORMAT:
            raise unusable(scope, f"its layout is {manifest.format}, this agent knows {FORMAT}")
        if manifest.snapshot_id == self._installed.get(scope):
            raise unusable(scope, "it was installed before, and HQ does not go on from it")
        return manifest

    async def _fetch(self, manifest: Manifest, pieces: Pieces) -> Path:
        """Have all pieces, and the file they make."""
        await _thread(pieces.open)
        done = 0
        for number, chunk in enumerate(manifest.chunks):
            content = await _thread(partial(pieces.held, number))
            if content is None:
                content = await self._piece(manifest, number)
                await _thread(partial(pieces.keep, number, content))
            await _thread(partial(pieces.unpack, content))
            done += chunk.bytes
            self._moved_at[manifest.scope] = _now()
            self._on_progress(manifest.scope, done, manifest.bytes)
        return await _thread(pieces.finish)

    async def _piece(self, manifest: Manifest, number: int) -> bytes:
        tries = AsyncRetrying(
            retry=retry_if_exception_type(HqUnreachable),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            reraise=True,
        )
        return await tries(self._fetched, manifest, number)

    async def _fetched(self, manifest: Manifest, number: int) -> bytes:
        try:
            async with asyncio.timeout(STALL_S):
                content = await self._link.snapshot_chunk(
                    manifest.scope, manifest.snapshot_id, number
                )
        except NoSnapshot as fault:
            raise HqSlowDown(
                f"HQ has another snapshot of {manifest.scope} by now",
                remedy="nothing: that one is fetched",
                delay_ms=0,
            ) from fault
        except TimeoutError as error:
            raise _not_come(manifest, number, f"it did not come within {STALL_S:.0f} s") from error
        if not is_chunk(manifest.chunks[number], content):
            raise _not_come(manifest, number, "what came is not what HQ has signed")
        return content

    async def _install(self, manifest: Manifest, whole: Path) -> list[str]:
        installation = self._directory.installation(manifest)
        try:
            await _thread(partial(installation.check, whole), installation.interrupt)
            orders = await _thread(installation.notices, installation.interrupt)
            await self._on_orders(orders)
            installation.begin()
            await _thread(installation.merge, installation.interrupt)
            keys = installation.swap()
        except BaseException:
            installation.stay()
            await _abandoned(installation)
            raise
        await _thread(installation.finish)
        return keys


async def _abandoned(installation: Installing) -> None:
    """Remove what was prepared; whatever the disk says to that, who gave up goes on doing so."""
    try:
        await _thread(installation.abandon)
    except OSError as error:
        _log.warning("the next start removes what was prepared of a snapshot", reason=str(error))


async def _thread(call: Callable[[], T], interrupt: Callable[[], None] | None = None) -> T:
    """Do it in a thread; who is cancelled meanwhile ends it first, for its files are shared."""
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if interrupt is not None:
            interrupt()
        await asyncio.wait([task])
        raise


def _now() -> float:
    return asyncio.get_running_loop().time()


def _not_come(manifest: Manifest, number: int, why: str) -> HqUnreachable:
    return HqUnreachable(
        f"piece {number} of the snapshot of {manifest.scope}: {why}",
        remedy="nothing: it is fetched again; if it goes on, check what stands between till and HQ",
        name="snapshot-piece",
    )
