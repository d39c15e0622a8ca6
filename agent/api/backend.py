"""What the API serves: everything it needs, handed over by the daemon in one value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from litestar.di import NamedDependency

from agent.api.pace import Pace
from agent.api.uses import TokenUses
from agent.contracts.clock import Clock
from agent.core.exchange.wire import Replaced
from agent.core.identifiers import DeviceId, SaleId, TillId
from agent.core.receipt.document import ReceiptDocument
from agent.devices.claims import Claims
from agent.directory import Directory
from agent.journal import Journal
from agent.journal.backup import Backup
from agent.settings import Settings
from agent.sync.status import SyncStatus
from agent.till import TillLoop
from agent.till.documents import Papers


class DeviceState(Protocol):
    """A device as `agent.devices` reports it."""

    @property
    def id(self) -> DeviceId:
        """As in the settings."""
        ...

    @property
    def kind(self) -> str:
        """`scanner` or `printer`."""
        ...

    @property
    def address(self) -> str:
        """As in the settings."""
        ...

    @property
    def state(self) -> str:
        """One word; `ready` where all is well."""
        ...

    @property
    def detail(self) -> str:
        """One sentence, empty where all is well."""
        ...

    @property
    def since(self) -> str:
        """Wall clock, UTC, ISO 8601."""
        ...

    @property
    def last_error(self) -> str:
        """What was wrong last, also once it is over."""
        ...

    @property
    def counters(self) -> dict[str, int]:
        """What happened at it since the start, by name."""
        ...

    @property
    def drawer(self) -> str:
        """`open` or `closed`, of a printer that tells."""
        ...


class DeviceView(msgspec.Struct, frozen=True):
    """A device and how it is."""

    id: DeviceId
    kind: str
    address: str
    state: str
    detail: str = ""
    since: str = ""
    last_error: str = ""
    """What was wrong last, also once it is over."""
    counters: dict[str, int] = {}
    """Since the start of the agent: `scans`, `noise`, `reopenings`, `jobs` …"""
    drawer: str = ""
    """`open` or `closed`, of a printer that tells."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The parts behind the endpoints.

    Attributes:
        settings: as checked at start.
        tills: every till of the settings, by id.
        journal: for events, print jobs, tokens.
        directory: for the item search.
        clock: for the time a token was issued at.
        devices: gives the devices as they are now.
        sync: gives how the exchange with HQ stands; None where there is no HQ.
        picture: draws a document as PNG; called in a thread.
        papers: makes the documents of sales.
        version: of this program.
        admin_token: accepted for everything; made by the daemon at each start.
        back_up: makes a verified copy of the journal in a folder.
        enrol: trades a one-time code for a credential of a till, and tells of the machine that
            stood there before; None where there is no HQ.
        renew_key: puts a new device key in the place of the old one; gives its id and the tills.
        lease: asks HQ for (till, owner, unit, value, sale) of a balance; None where there is no HQ.
        ready: tells whether the agent is up and all its parts run.
        claims: which till each scanner serves.
        pace: how fast each token may change things.
        uses: when each token was last used.
    """

    settings: Settings
    tills: Mapping[TillId, TillLoop]
    journal: Journal
    directory: Directory
    clock: Clock
    devices: Callable[[], Sequence[DeviceState]]
    sync: Callable[[], SyncStatus | None]
    picture: Callable[[ReceiptDocument], bytes]
    papers: Papers
    version: str
    admin_token: str
    back_up: Callable[[str], Awaitable[Backup]]
    enrol: Callable[[TillId, str], Awaitable[Sequence[Replaced]]] | None = None
    renew_key: Callable[[], Awaitable[tuple[str, Sequence[TillId]]]] | None = None
    lease: Callable[[TillId, str, str, int, SaleId], Awaitable[None]] | None = None
    ready: Callable[[], bool] = lambda: True
    claims: Claims
    pace: Pace = field(default_factory=Pace)
    uses: TokenUses = field(default_factory=TokenUses)

    def device_views(self) -> tuple[DeviceView, ...]:
        """Show the devices."""
        return tuple(
            msgspec.convert(device, DeviceView, from_attributes=True) for device in self.devices()
        )


Served = NamedDependency[Backend]
"""An endpoint's parameter `backend`."""
