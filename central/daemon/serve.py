"""`till-central serve`: starting is a list, stopping is the same list backwards."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import Protocol

import structlog
from litestar import Litestar
from sqlalchemy import Engine

from agent.core.exchange.sealed_rows import Master
from agent.core.faults import Fault
from agent.program import logs
from agent.program.notify import feed_watchdog, notify
from agent.program.serving import Server, listen_on
from central.channels.connections import Connections, link_to
from central.channels.registry import register
from central.daemon.app import create_app
from central.daemon.beating import Beating
from central.daemon.channel_tokens import ChannelTokens
from central.daemon.ended_tokens import EndedTokens, EndNotWrittenDown
from central.daemon.ended_tokens import settle as settle_ended
from central.daemon.erase_book import NotWrittenDown, settle
from central.daemon.evidence import evidence, order_giver, witnessing
from central.daemon.expiring import expiring
from central.daemon.filtering import filtering
from central.daemon.keys import master_of, opening_of
from central.daemon.leading import leading
from central.daemon.publishing import publishing
from central.daemon.reaching import reaching
from central.daemon.reviewing import reviewing
from central.daemon.settings import Settings, address_of, database_of
from central.daemon.sharing import Sharing
from central.daemon.staff import StaffTokens, staff_tokens
from central.daemon.state import locked, opened, prepare, root_key, utc_now
from central.daemon.threads import Applying, ForeignWrites
from central.daemon.watching import watching
from central.feed.grants import Grants
from central.feed.keeping import SnapshotKeeper
from central.feed.sealing import Sealer
from central.goods.routes import give_up
from central.histories.applier import Applier
from central.identity import replica_settings
from central.intake.rewinds import place_lost
from central.intake.root_key import RootKey
from central.intake.signatures import Signatures
from central.leads.rules import register as register_rules
from central.ledger.engine import POOL_SIZE, check_file, writing
from central.ledger.hq import FeedSignal, Hq
from central.ledger.migrate import migrate
from central.ledger.outbox import on_published
from central.privacy.access import SETTLE_S, AccessRecorder

PRESET_VARIABLE = "TILL_CENTRAL_STAFF_TOKEN"
"""Presets a staff token for one run: for demonstrations and tests, stored nowhere."""
SWITCH_S = 0.001
"""How long a thread that computes keeps the interpreter from one that waits for it, a fifth of what
Python sets: the applier must not hold up whoever asks, after each statement of theirs anew."""
_LOG = structlog.get_logger("central")


class ThreadEnded(Fault):
    """A thread HQ cannot do without ended by itself; the service manager starts HQ again."""

    name = "thread-ended"
    title = "HQ stopped because a part of it failed"


def serve(settings: Settings, show: Callable[[str], None], *, new_staff_token: bool) -> None:
    """Run HQ until SIGTERM or SIGINT.

    Args:
        settings: of `central.toml`.
        show: prints a line for the person who started it.
        new_staff_token: replace the staff tokens by a new one.

    Raises:
        Fault: something HQ needs is not there; nothing was started.
    """
    logs.set_up(settings.central.log_level)
    directory = Path(settings.central.state_dir)
    with ExitStack() as stack:
        prepare(directory)
        is_file = isinstance(database_of(settings.central), Path)
        stack.enter_context(locked(directory, shared=not is_file))
        sock = stack.enter_context(_listening(settings))
        engine = stack.enter_context(opened(settings.central))
        migrate(engine)
        key = root_key(directory, engine)
        _register_channels(engine, settings)
        staff = _staff(engine, directory, sock, show, replace=new_staff_token)
        asyncio.run(Daemon(settings, engine, key, staff).run(sock))


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    host, port = address_of(settings.central.listen) or ("127.0.0.1", 0)
    with listen_on(host, port, setting="[central] listen") as sock:
        yield sock


def _register_channels(engine: Engine, settings: Settings) -> None:
    with writing(engine) as conn:
        register(conn, settings.channels, utc_now())
        register_rules(conn, settings.credit_rules)
        replica_settings.register(conn, settings.replica)


def _staff(
    engine: Engine,
    directory: Path,
    sock: socket.socket,
    show: Callable[[str], None],
    *,
    replace: bool,
) -> StaffTokens:
    preset, ended = os.environ.get(PRESET_VARIABLE, ""), EndedTokens(directory)
    _settle_ended(engine, ended)
    staff, token = staff_tokens(engine, ended, utc_now(), preset=preset, replace=replace)
    if replace:
        _settle_ended(engine, ended)
    host, port = sock.getsockname()[:2]
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    if token is None:
        show(f"HQ console: {address}")
    else:
        show(f"HQ console: {address}#token={token}")
        show("The token is shown only now; a lost one is replaced by serve --new-staff-token")
    return staff


def _settle_ended(engine: Engine, ended: EndedTokens) -> None:
    """Obey what was ended before a restore; a backup's directory may be another user's."""
    try:
        settle_ended(engine, ended, utc_now())
    except EndNotWrittenDown as fault:
        _LOG.error(fault.name, reason=fault.detail, remedy=fault.remedy)


class _Beside(Protocol):
    """A thread beside the loop."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, and wait for it."""

    def is_alive(self) -> bool:
        """Tell whether it runs."""


class Daemon:
    """The loop, the server on it, and the threads beside it."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        key: RootKey,
        staff: StaffTokens,
        routes: Litestar | None = None,
    ) -> None:
        """Assemble everything; nothing runs yet. For `routes` see `create_app`."""
        self._engine = engine
        self._feed_changed = FeedSignal()
        self._applier = Applier(engine, utc_now, self._give_way, evidence(key), opening_of(key))
        self._applying = Applying(self._apply_pending, self._thread_ended)
        self.channel_tokens = ChannelTokens(engine, staff.ended)
        tokens = (staff.ended, staff, self.channel_tokens)
        self._sharing = Sharing(engine, tokens, self._applying.wake)
        self._watch = ForeignWrites(
            engine, self._feed_changed, self._thread_ended, self._sharing.look
        )
        directory, master = Path(settings.central.state_dir), master_of(key)
        self._state_dir = directory
        self._snapshots = SnapshotKeeper(
            engine, directory, key.sign, master, utc_now, ended=self._thread_ended
        )
        self._reads = AccessRecorder(engine, directory, utc_now)
        sealer = Sealer(engine, master)
        self._beats = self._beating(key, settings, sealer, master)
        self._stopping = False
        links = [link_to(each.id, each.connector) for each in settings.channels if each.connector]
        self._web_stores = Connections(
            engine, utc_now, links, self._thread_ended, self._sharing.applies, self._give_up
        )
        app = create_app(
            self._hq(key, settings, staff, sealer, master),
            root_key=key,
            staff=staff,
            channels=self.channel_tokens,
            settings=settings.central,
            privacy=settings.privacy,
            routes=routes,
        )
        self._server = Server(app, self._is_ready)
        on_published(engine, self._feed_changed.notify)

    def _hq(
        self,
        key: RootKey,
        settings: Settings,
        staff: StaffTokens,
        sealer: Sealer,
        master: Master,
    ) -> Hq:
        """Say to the endpoints who does what."""
        return Hq(
            engine=self._engine,
            now=utc_now,
            wake_applier=self._applying.wake,
            apply_later=self._applying.wake_later,
            feed_changed=self._feed_changed,
            access_log=self._reads,
            settle_reads=self._reads.settle,
            authenticate=Signatures(self._engine),
            admits=staff.admits,
            name=settings.central.name,
            take_back=evidence(key),
            open_body=opening_of(key),
            give_order=order_giver(key, utc_now),
            bear_witness=witnessing(key, utc_now),
            settle_erasure=self._settle_erasure,
            place_lost=place_lost,
            sealing=sealer,
            give_keys=Grants(self._engine, master, key.sign, utc_now),
            snapshots=self._snapshots,
            look_at=self._web_stores.heard,
            web_stores=self._web_stores.standing,
        )

    def _beating(
        self, key: RootKey, settings: Settings, sealer: Sealer, master: Master
    ) -> tuple[Beating, ...]:
        """Make the threads that look again and again."""
        engine, is_mine, ended = self._engine, self._sharing.applies, self._thread_ended
        privacy, settle = settings.privacy, self._settle_erasure
        return (
            watching(engine, utc_now, ended),
            leading(engine, utc_now, is_mine, ended),
            publishing(engine, is_mine, ended),
            reviewing(engine, key, privacy, utc_now, is_mine, ended, settle=settle),
            Beating("reads", self._reads.look, SETTLE_S, ended),
            filtering(engine, sealer, master, utc_now, is_mine, ended),
            reaching(engine, utc_now, is_mine, ended),
            expiring(engine, utc_now, is_mine, ended),
        )

    async def run(self, sock: socket.socket) -> None:
        """Start, serve until told to stop, stop.

        Raises:
            LedgerMoved: the database file was taken away; HQ was stopped in order.
            ThreadEnded: a thread died; HQ was stopped in order.
        """
        async with AsyncExitStack() as stack:
            self._prepare_loop(stack)
            self._start_threads(stack)
            await stack.enter_async_context(_fed_watchdog(self._is_up))
            await self._server.serve(sockets=[sock])
            self._check_threads()

    def _prepare_loop(self, stack: AsyncExitStack) -> None:
        self._loop = asyncio.get_running_loop()
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_S)
        # One thread per database connection: more would only wait for one another.
        self._loop.set_default_executor(ThreadPoolExecutor(2 * POOL_SIZE, "hq"))
        self._feed_changed.attach(self._loop)
        for order in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(order, self.stop)
            stack.callback(self._loop.remove_signal_handler, order)

    def _start_threads(self, stack: AsyncExitStack) -> None:
        stack.callback(self._reads.close)
        for thread in self._threads():
            thread.start()
            stack.callback(thread.stop)
        stack.callback(self._sharing.stop)
        # A backlog of an hour must not outlast the service manager's patience.
        stack.callback(self._applier.stop)
        stack.callback(setattr, self, "_stopping", True)

    def _check_threads(self) -> None:
        if not self._is_well():
            check_file(self._engine)
            raise ThreadEnded(
                "a thread ended by itself: the applier, the feed watch, the days, the snapshots, "
                "the filter, the reach, the leads, the reviews, the expiry, the access log or the "
                "web stores",
                remedy="look for its last error in the log above; the service starts again",
            )

    def stop(self) -> None:
        """Let long polls go, finish what is under way, end; on the loop's thread."""
        notify("STOPPING=1")
        _LOG.info("stopping")
        self._feed_changed.close()
        self._server.should_exit = True

    def _apply_pending(self) -> int:
        """Apply what is there, unless another process on the same database does."""
        return self._applier.apply_pending() if self._sharing.applies() else 0

    def _settle_erasure(self) -> None:
        """Have every file let go of who was erased; a backup's directory may be another user's."""
        try:
            settle(self._engine, self._state_dir)
        except NotWrittenDown as fault:
            _LOG.error(fault.name, reason=fault.detail, remedy=fault.remedy)

    def _give_up(self) -> None:
        """Let orders expire that nobody collected up to their last day."""
        expired = give_up(self._engine, utc_now())
        if expired:
            _LOG.info("orders expired", orders=expired)

    def _give_way(self) -> None:
        self._applying.give_way()

    def _is_ready(self) -> None:
        notify("READY=1")
        _LOG.info("serving")

    def _is_well(self) -> bool:
        return all(thread.is_alive() for thread in self._threads())

    def _threads(self) -> tuple[_Beside, ...]:
        return (self._applying, self._watch, *self._beats, self._snapshots, self._web_stores)

    def _is_up(self) -> bool:
        return self._server.started and self._is_well()

    def _thread_ended(self) -> None:
        if not self._stopping and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.stop)


@asynccontextmanager
async def _fed_watchdog(is_well: Callable[[], bool]) -> AsyncIterator[None]:
    task = asyncio.create_task(feed_watchdog(is_well), name="watchdog")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
