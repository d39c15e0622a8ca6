"""What the rooms of HQ are handed at start: one value, no globals.

It lives in the lowest room so that every room may name its type; only `central.daemon` makes it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from litestar import Request
from litestar.connection import ASGIConnection
from msgspec import Struct
from sqlalchemy import Connection, Engine

from agent.core.consent import ConsentRecord
from agent.core.entries.bodies import Body, PartyEnrolled
from agent.core.entries.payments import AccountSeen
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.snapshots import SignedManifest
from agent.core.exchange.wire import FeedPage
from agent.core.faults import AccessFault, NotFoundFault, StateFault


class AccessLog(Protocol):
    """Writes down who read what of whom."""

    def __call__(self, reader: str, action: str, party_ids: Sequence[str]) -> None:
        """Make the reads durable; call it in a worker thread, before the answer leaves.

        Args:
            reader: who read: `staff`, or a device's key id.
            action: what was read: `card`, `timeline`, `search` …
            party_ids: of whom, one row each.
        """
        ...


def _nothing_to_settle() -> None:
    """Leave it at that: what an `Hq` does whose access log is the ledger itself."""


class Device(NamedTuple):
    """Who a signed request came from."""

    keyid: str
    store: str
    till: str


class SignedMessage(NamedTuple):
    """A request as its signature covers it (RFC 9421, 2.)."""

    method: str
    url: str
    """Absolute; its path and query are byte for byte what was sent."""
    headers: Mapping[str, str]
    body: bytes
    """The content as it travelled, before decoding."""


Authenticate = Callable[[SignedMessage], Device]
"""Establishes the sender, or raises an `AccessFault`; blocking."""


HQ_PLACE = "http://hq"
"""Stands for HQ's address in `SignedMessage.url`: a proxy in front may change the real one."""


def nobody(message: SignedMessage) -> Device:
    """Refuse every device: what an `Hq` without an intake does."""
    raise AccessFault(
        f"{message.method} {message.url}: this HQ has no intake",
        remedy="send it to the address of till-central serve",
    )


TakeBack = Callable[[Connection, SignedOrder, str, str, str, str], None]
"""Takes HQ's own order up again out of a till's evidence: signed, store, till, at, outcome."""


def keep_in_ledger(
    _conn: Connection, _signed: SignedOrder, _store: str, _till: str, _at: str, _outcome: str
) -> None:
    """Leave the evidence where it is: what an `Hq` without orders does."""


GiveOrder = Callable[[Connection, str, str, Struct, str], None]
"""Signs an order to tills and publishes it: its kind, the scope, its body, the reason."""


def orders_nothing(_conn: Connection, _kind: str, _scope: str, _body: Struct, _reason: str) -> None:
    """Keep it at HQ: what an `Hq` without a root key does."""


BearWitness = Callable[[Connection, ConsentRecord], None]
"""Has stores keep evidence of an answer that HQ's staff wrote down."""


def known_here_alone(_conn: Connection, _record: ConsentRecord) -> None:
    """Keep it at HQ: what an `Hq` without a root key does."""


OpenBody = Callable[[Body], Body]
"""Gives the body of an entry as it was before a till closed it for HQ; any other as it is."""


def leave_closed(body: Body) -> Body:
    """Open nothing: what an HQ without the key does.

    Raises:
        StateFault: it is closed; the entry waits until somebody can open it.
    """
    if isinstance(body, PartyEnrolled) and body.sealed is not None:
        raise _closed(f"the enrolment of party {body.party_id}", "enrolment-closed")
    if isinstance(body, AccountSeen):
        raise _closed(f"the payment account of party {body.party_id}", "payment-account-closed")
    return body


def _closed(what: str, name: str) -> StateFault:
    return StateFault(
        f"{what} is closed for HQ, and its key is not here",
        remedy="try it again with HQ's root key at hand: till-central quarantine",
        name=name,
    )


class Snapshots(Protocol):
    """Whole scopes as files; both calls block."""

    def manifest(self, scope: str) -> SignedManifest:
        """Say what there is, or raise a `Fault`: there is none, or it is being made."""
        ...

    def chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """Give a piece, or raise a `NotFoundFault`."""
        ...


class NoSnapshots:
    """What an `Hq` without snapshots has."""

    def manifest(self, scope: str) -> SignedManifest:
        """Refuse."""
        raise NotFoundFault(f"no snapshot of {scope[:80]!r}", remedy="read the feed by pages")

    def chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """Refuse."""
        del snapshot_id, number
        raise NotFoundFault(f"no snapshot of {scope[:80]!r}", remedy="read the feed by pages")


class Sealing(Protocol):
    """The feed as it leaves HQ: what is personal in it is closed."""

    @property
    def turns(self) -> AbstractAsyncContextManager[None]:
        """Held while a page is made: few are at one time, beside all else."""
        ...

    def page(self, scope: str, after: str, limit: int) -> FeedPage:
        """Read and seal the changes after a cursor; blocking."""
        ...


class NoFeed:
    """What an `Hq` without sealing has: it tells nothing."""

    turns = nullcontext()

    def page(self, scope: str, after: str, limit: int) -> FeedPage:
        """Refuse."""
        del after, limit
        raise NotFoundFault(f"no feed of {scope[:80]!r}", remedy="ask till-central serve")


GiveKeys = Callable[[str, Sequence[str]], SignedKeys]
"""Gives a device (key id) the keys of its scopes; blocking."""


def give_none(keyid: str, _scopes: Sequence[str]) -> SignedKeys:
    """Refuse: what an `Hq` without keys does."""
    raise NotFoundFault(f"no keys for {keyid}", remedy="ask till-central serve")


def admits_nobody(_token: str) -> bool:
    """Refuse every staff token: what an `Hq` without staff does."""
    return False


class FeedSignal:
    """Wakes long polls of a scope; told from any thread, awaited on one event loop."""

    def __init__(self) -> None:
        """Start with nobody waiting; `notify` before `attach` is harmless."""
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._seen: Counter[str] = Counter()
        self._waiters: dict[str, dict[asyncio.Event, None]] = {}
        """Scope → who waits, first come first."""

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver from now on to waiters on `loop`."""
        self._loop = loop

    def notify(self, scopes: Iterable[str]) -> None:
        """Tell, from any thread, that something was published and committed in these scopes."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, tuple(scopes))

    def notify_all(self) -> None:
        """Wake every long poll: another program wrote, and nobody knows which scopes."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def close(self) -> None:
        """End every wait, now and from now on: the program stops."""
        self._closed = True
        self.notify_all()

    def seen(self, scope: str) -> int:
        """Count the notifications of a scope; take it before looking, then wait above it."""
        return self._seen[scope]

    async def wait(self, scope: str, seen: int, timeout_s: float) -> bool:
        """Wait until a scope was notified more than `seen` times; False when time is up."""
        if self._seen[scope] > seen or self._closed:
            return not self._closed
        event = asyncio.Event()
        self._waiters.setdefault(scope, {})[event] = None
        try:
            async with asyncio.timeout(timeout_s):
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiters[scope].pop(event, None)

    def _wake_all(self) -> None:
        self._wake(tuple(self._waiters))

    def _wake(self, scopes: tuple[str, ...]) -> None:
        for scope in scopes:
            self._seen[scope] += 1
            for event in self._waiters.get(scope, ()):
                event.set()


def _not_later() -> None:
    """Leave it to whoever applies next."""


PlaceLost = Callable[[Connection, str, str], None]
"""Told the scope and the cursor of a till whose place in the feed HQ does not know (any more)."""


def tell_nobody(_conn: Connection, _scope: str, _cursor: str) -> None:
    """Do without: what an `Hq` does that keeps no incidents."""


def _no_files() -> None:
    """Have no files that hold anybody: what an `Hq` does that is a database alone."""


def no_connector(_channel: str, _order_no: str) -> bool:
    """Leave a webhook alone: what an `Hq` without connectors does."""
    return False


@dataclass(frozen=True, slots=True)
class Hq:
    """Everything a route handler of any room needs."""

    engine: Engine
    now: Callable[[], str]
    """HQ's own wall clock: UTC, ISO 8601 with milliseconds and `Z`."""
    wake_applier: Callable[[], None]
    """Have pending entries applied at once; from any thread, returns immediately."""
    feed_changed: FeedSignal
    access_log: AccessLog
    settle_reads: Callable[[], object] = _nothing_to_settle
    """Brings all that `access_log` was told into the ledger, for whoever asks it; blocking."""
    apply_later: Callable[[], None] = _not_later
    """Have pending entries applied soon: more of the same backlog is about to come in."""
    authenticate: Authenticate = nobody
    """Who sent a request of a device."""
    admits: Callable[[str], bool] = admits_nobody
    """Whether a staff token is valid: the console asks it of its cookie."""
    name: str = ""
    """The chain's name, as the console shows it."""
    take_back: TakeBack = keep_in_ledger
    """What is done with an order of HQ that comes back as a till's evidence."""
    settle_erasure: Callable[[], None] = _no_files
    """Has every file let go of what a committed erasure took out; before it is answered."""
    give_order: GiveOrder = orders_nothing
    """How tills become witnesses of what was decided here."""
    bear_witness: BearWitness = known_here_alone
    """How an answer outlives this database."""
    open_body: OpenBody = leave_closed
    """Opens what tills closed for HQ."""
    place_lost: PlaceLost = tell_nobody
    """What is done when a till's place in the feed is not known here."""
    sealing: Sealing = field(default_factory=NoFeed)
    """The feed, closed for the tills that read it."""
    give_keys: GiveKeys = give_none
    """The keys by which they open it."""
    snapshots: Snapshots = field(default_factory=NoSnapshots)
    """Whole scopes, for tills that begin one or have lost their place."""
    look_at: Callable[[str, str], bool] = no_connector
    """Has a channel's web store asked at once for an order; False where nobody asks it."""
    web_stores: Callable[[], Sequence[Struct]] = tuple
    """How each connector to a web store stands."""


def hq_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Hq:
    """Give a handler (`request`) its `Hq`."""
    hq = connection.app.state.hq
    if not isinstance(hq, Hq):
        raise TypeError(hq)
    return hq


def signed_message(request: Request[Any, Any, Any], body: bytes) -> SignedMessage:
    """Give a request as its sender signed it; path and query exactly as they travelled.

    Only method, path, query, digest and version are covered, so that a proxy in front may change
    the host: a fixed one stands in its place.
    """
    path, query = request.scope["raw_path"], request.scope["query_string"]
    target = (path + b"?" + query if query else path).decode("latin-1")
    return SignedMessage(request.method, HQ_PLACE + target, request.headers, body)
