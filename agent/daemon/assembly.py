"""The agent put together: the one place that knows who implements what.

Starting is a list, stopping is the same list backwards; each part gets exactly what it needs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from importlib import metadata
from pathlib import Path

import msgspec
import structlog

from agent.api.app import create_app
from agent.api.backend import Backend
from agent.core.exchange.wire import Replaced
from agent.core.identifiers import DeviceId, PartyId, SaleId, TillId
from agent.core.loyalty import POINTS
from agent.core.receipt import Template
from agent.core.space import Level
from agent.daemon.clock import SystemClock
from agent.daemon.control import make_admin_token
from agent.daemon.files import DIRECTORY, state_dir
from agent.daemon.hardware import Hardware
from agent.daemon.machine_key import machine_key
from agent.daemon.receipts import load_template
from agent.daemon.renewing import renew_here
from agent.daemon.replica_keys import FILE_NAME as KEYS
from agent.daemon.replica_keys import ReplicaKeys
from agent.daemon.salvaging import open_or_salvage
from agent.daemon.scans import announce
from agent.daemon.upkeep import Upkeep
from agent.daemon.ways import link_to_hq, signer
from agent.devices.claims import Claims
from agent.directory import Directory, Keyring
from agent.journal.backup import Backup
from agent.settings import Settings
from agent.sync.enrolment import enrol
from agent.sync.leasing import Want
from agent.sync.loop import SyncLoop
from agent.sync.status import SyncStatus
from agent.till import OwnEntries, TillLoop
from agent.till.commands import DirectoryChanged, TakeSettings
from agent.till.documents import Papers
from agent.till.receipt_codes import ReceiptCodes
from drivers.printers.picture import png

log = structlog.get_logger(__name__)

DISK = "disk"
"""What the journal's disk is called among the devices in events."""
STUCK_AFTER_S = 10
"""A till loop that has not turned for this long is stuck, and the watchdog goes hungry."""


class Agent:
    """All parts of one agent, made but not yet running.

    Attributes:
        settings: as checked.
        journal: open, locked.
        directory: open.
        tills: one loop per till.
        papers: what is printed by; `change` it, and it holds from the next paper.
        devices: the supervisor.
        sync: the sync loop; None where there is no HQ.
        upkeep: the work beside selling.
        app: the local API.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the files and make every part; nothing runs, nothing is listened on.

        Raises:
            Fault: what keeps the agent from starting, and what to do about it.
        """
        self.settings = settings
        self.clock = SystemClock()
        self._renewing = asyncio.Lock()
        self.journal, self._key = open_or_salvage(settings)
        try:
            self._make()
        except BaseException:
            self.journal.close()
            raise

    def _make(self) -> None:
        settings, own = self.settings, OwnEntries()
        self.machine_key = machine_key(settings)
        keyring = Keyring(self.machine_key.secret, state_dir(settings) / KEYS)
        if keyring.trouble:
            log.warning("customers are read anew", why=keyring.trouble)
        self.directory = Directory.open(state_dir(settings) / DIRECTORY, keyring)
        if self.directory.damage:
            log.warning("the directory was begun anew", why=self.directory.damage)
        self.tills = {
            till.id: TillLoop(
                till=till,
                settings=settings,
                journal=self.journal,
                directory=self.directory,
                clock=self.clock,
                own=own,
            )
            for till in settings.tills
        }
        named = {till.id: till.scanners for till in settings.tills}
        self.claims = Claims(self.journal, named)
        codes = ReceiptCodes(lambda: self._key)
        self.papers = Papers(settings, load_template(settings), codes)
        for loop in self.tills.values():
            loop.desk.papers = self.papers
        self._hardware = Hardware(
            settings,
            self.journal,
            self.clock,
            self.tills,
            self.claims,
            self.papers,
            reveal=self.directory.keyring.reveal,
        )
        self.devices = self._hardware.devices
        self.upkeep = Upkeep(self.journal, self.clock, lambda: self.settings, self._key.keyid)
        self._link = link_to_hq(settings, self._key) if settings.hq else None
        self.sync = self._sync_loop()
        if self.sync is not None:
            for till, loop in self.tills.items():
                loop.desk.lease_wanted = partial(_wanted, self.sync, till)
                loop.desk.unheard_since = partial(_unheard_since, self.sync)
        self.app = create_app(self._backend())

    def _sync_loop(self) -> SyncLoop | None:
        if self._link is None:
            return None
        return SyncLoop(
            self._link,
            self.journal,
            self.directory,
            self.clock,
            store=self.settings.store.id,
            tills=list(self.tills),
            on_change=self._directory_changed,
            on_status=self._sync_changed,
            sign=signer(self._key),
            device_key=self._key.public_bytes,
            forget=self.directory.forget,
            installable=self.directory,
            keys=ReplicaKeys(self.directory, lambda: self._key),
        )

    def _backend(self) -> Backend:
        return Backend(
            settings=self.settings,
            tills=self.tills,
            journal=self.journal,
            directory=self.directory,
            clock=self.clock,
            devices=self.devices.status,
            claims=self.claims,
            sync=self._sync_status,
            picture=png,
            papers=self.papers,
            version=metadata.version("till-agent"),
            admin_token=make_admin_token(state_dir(self.settings)),
            back_up=self._back_up,
            enrol=self._enrol if self._link else None,
            renew_key=self._renew_key if self._link else None,
            lease=self._lease if self._link else None,
            ready=self.turning,
        )

    async def take_settings(self, settings: Settings, template: Template) -> list[DeviceId]:
        """Work by other settings, from each till's next command on.

        Args:
            settings: what differs in them must be able to change while the agent runs.
            template: of the receipts.

        Returns:
            The devices that were touched.
        """
        self.settings = settings
        self.papers.change(settings, template)
        for till in settings.tills:
            await self.tills[till.id].ask(TakeSettings(till, settings))
        return await self._hardware.reconfigure(settings)

    def turning(self) -> bool:
        """Tell whether every till loop turned lately: what the watchdog is fed by."""
        oldest = min(loop.turned_at for loop in self.tills.values())
        return time.monotonic() - oldest < STUCK_AFTER_S

    async def start(self) -> None:
        """Take up every till where the last run ended."""
        # Nobody is told of the disk yet: the tills do not turn before this has ended.
        await self.upkeep.tend()
        self.upkeep.tell = self._disk_changed
        for loop in self.tills.values():
            await loop.start()

    async def close(self) -> None:
        """Let go of everything, the journal last: what is queued is written first."""
        if self._link is not None:
            await self._link.aclose()
        self.directory.close()
        self.journal.close()

    def _sync_status(self) -> SyncStatus | None:
        return self.sync.status() if self.sync else None

    async def _back_up(self, folder: str) -> Backup:
        return await self.upkeep.back_up(Path(folder), rests=1)

    async def _disk_changed(self, level: Level, detail: str, remedy: str) -> None:
        data = {"device": DISK, "state": level.value, "detail": detail, "remedy": remedy}
        for loop in self.tills.values():
            await announce(loop, "device", data)

    async def _sync_changed(self, status: SyncStatus) -> None:
        data = msgspec.to_builtins(status)
        for loop in self.tills.values():
            await announce(loop, "sync", data)

    async def _directory_changed(self, scope: str, keys: Sequence[str]) -> None:
        for loop in self.tills.values():
            await loop.ask(DirectoryChanged(scope, tuple(keys)))

    async def _enrol(self, till: TillId, code: str) -> Sequence[Replaced]:
        if self._link is None or self.sync is None:
            return ()
        kept = await enrol(
            self._link,
            self.journal,
            store=self.settings.store.id,
            till=till,
            code=code,
            device_key=self._key.public_bytes,
            sign=signer(self._key),
        )
        self.sync.refresh()
        return kept.answer.replaced

    async def _lease(
        self, till: TillId, owner: str, unit: str, value: int, sale_id: SaleId
    ) -> None:
        if self.sync is not None:
            await self.sync.leasing.ask(till, Want(owner, unit, value, sale_id))

    async def _renew_key(self) -> tuple[str, Sequence[TillId]]:
        """Go on under a new device key: HQ agrees, then whoever signs here is told."""
        if self._link is None or self.sync is None:
            return self._key.keyid, ()
        async with self._renewing:
            self._key, tills = await renew_here(self._link, self.journal, self.settings, self._key)
            self._link.use_key(self._key.private, self._key.keyid)
            self.sync.renew(signer(self._key), self._key.public_bytes)
        return self._key.keyid, tills


def _unheard_since(sync: SyncLoop) -> str:
    """Tell since when HQ is out of reach; empty while it is not."""
    status = sync.status()
    return "" if status.online else status.since


def _wanted(sync: SyncLoop, till: TillId, owner: PartyId) -> None:
    sync.leasing.in_advance(till, owner, POINTS)
