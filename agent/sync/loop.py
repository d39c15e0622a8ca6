"""The sync loop: one task per journal up, one per scope down, and the watch over them.

A till that is not enrolled waits for it; what it sells meanwhile is the backlog, sent from the
first entry on. Nothing here is waited for by anyone who sells (P1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import metadata

import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqRefused
from agent.core.exchange.credentials import readmission
from agent.core.exchange.signed import Sign
from agent.core.exchange.steps import Appended, EpochChanged, HqSeen
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal import Connection, Journal, chains, cursors
from agent.journal.chains import Head
from agent.sync.enrolment import Enrolled, enrolments
from agent.sync.feeds import FeedFollower, OnChange, Replica
from agent.sync.keys import verifier
from agent.sync.presence import Presence
from agent.sync.pump import Pump, Way
from agent.sync.status import SyncStatus, Trouble

_log = structlog.get_logger(__name__)
FORGOTTEN = frozenset({"unknown-device", "not-your-journal"})
"""How HQ's refusals are named when it was restored from a backup and has forgotten the device, or
one till of a device it knows."""

OnStatus = Callable[[SyncStatus], Awaitable[None]]


class SyncLoop:
    """Keeps this agent's journals and HQ in step."""

    def __init__(
        self,
        link: HqLink,
        journal: Journal,
        directory: Replica,
        clock: Clock,
        *,
        store: StoreId,
        tills: Sequence[TillId],
        on_change: OnChange,
        root_key: bytes | None = None,
        on_status: OnStatus | None = None,
        sign: Sign | None = None,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            link: the way to HQ.
            journal: what is sent, and where acks are kept.
            directory: what the feeds fill.
            clock: wall time to show, random draws for jitter.
            store: as in the settings.
            tills: as in the settings.
            on_change: awaited with (scope, keys) after changes from HQ were applied.
            root_key: HQ's public key where it is pinned; otherwise each enrolment's own.
            on_status: awaited once for each change between online and offline.
            sign: signs by the device key, to be readmitted by an HQ that has forgotten a till.
        """
        self._link, self._journal, self._directory, self._clock = link, journal, directory, clock
        self._store, self._tills, self._on_change = store, tuple(tills), on_change
        self._root_key, self._on_status, self._sign = root_key, on_status, sign
        self._presence = Presence(clock, self._presence_changed)
        self._way = Way(
            link,
            journal,
            clock,
            self._presence,
            on_refused=self._refused,
            on_epoch=self._epoch_heard,
            agent_version=metadata.version("till-agent"),
        )
        self._heads: dict[JournalId, Head] = {}
        self._acked: dict[JournalId, int] = {}
        self._enrolled: dict[TillId, Enrolled] = {}
        self._pumps: dict[JournalId, Pump] = {}
        self._followers: dict[str, FeedFollower] = {}
        self._epoch = ""
        self._look_again = asyncio.Event()
        self._told: asyncio.Queue[SyncStatus] = asyncio.Queue()

    async def run(self) -> None:
        """Sync until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="sync-tell")
            group.create_task(self._watch_entries(group), name="sync-watch")
            group.create_task(self._watch_enrolment(group), name="sync-enrolment")

    def refresh(self) -> None:
        """Look again who is enrolled; to be called after `enrolment.enrol`."""
        self._look_again.set()

    def status(self) -> SyncStatus:
        """Tell where sync stands; the backlog is counted, never flagged."""
        presence, troubles = self._presence, tuple(self._troubles())
        told = [f"{trouble.name}: {trouble.detail}" for trouble in troubles]
        return SyncStatus(
            enrolled=all(till in self._enrolled for till in self._tills),
            online=presence.online,
            since=presence.since,
            epoch=self._epoch,
            backlog={till: self._backlog(till) for till in self._tills},
            last_error=presence.last_error or next(iter(told), None),
            last_ack_at=presence.last_ack_at,
            troubles=troubles,
        )

    async def _watch_entries(self, group: asyncio.TaskGroup) -> None:
        """Tell each journal's pump its tail after every commit, at once."""
        signal = self._journal.signals.entries
        while True:
            seen = signal.value
            for head in await self._journal.read(chains.heads):
                self._heads[head.journal_id] = head
                if pump := self._pumps.get(head.journal_id):
                    pump.post(Appended(head.tail_seq))
            self._start_pumps(group)
            await signal.wait(seen)

    async def _watch_enrolment(self, group: asyncio.TaskGroup) -> None:
        self._acked = await self._journal.read(_acked_seqs)
        while True:
            self._look_again.clear()
            for found in await self._journal.read(lambda conn: enrolments(conn, self._tills)):
                self._admit(group, found)
            await self._look_again.wait()

    def _admit(self, group: asyncio.TaskGroup, found: Enrolled) -> None:
        if self._root_key is not None and found.root_key != self._root_key:
            self._presence.failed(f"till {found.till} is enrolled at another HQ: enrol it again")
            return
        self._enrolled[found.till] = found
        self._epoch = self._epoch or found.answer.epoch
        self._start_pumps(group)
        for scope in found.answer.scopes:
            self._start_follower(group, scope)

    def _start_pumps(self, group: asyncio.TaskGroup) -> None:
        """Start what can be sent and is not yet: journals of tills that are enrolled."""
        for head in self._heads.values():
            enrolled = self._enrolled.get(head.till)
            if enrolled is not None and head.journal_id not in self._pumps:
                pump = Pump(self._way, head, verifier(enrolled.root_key))
                self._pumps[head.journal_id] = pump
                group.create_task(pump.run(), name=f"sync-{head.till}-{head.lane}")

    def _start_follower(self, group: asyncio.TaskGroup, scope: str) -> None:
        if scope in self._followers:
            return
        follower = FeedFollower(
            scope,
            link=self._link,
            replica=self._directory,
            clock=self._clock,
            presence=self._presence,
            on_change=self._on_change,
            on_epoch=self._epoch_heard,
        )
        self._followers[scope] = follower
        group.create_task(follower.run(), name=f"sync-feed-{scope}")

    def _presence_changed(self) -> None:
        if self._presence.online:
            self._wake_all()
        self._told.put_nowait(self.status())

    def _wake_all(self) -> None:
        for pump in self._pumps.values():
            pump.post(HqSeen())
        for follower in self._followers.values():
            follower.hq_seen()

    def _epoch_heard(self, epoch: str) -> None:
        if epoch and epoch != self._epoch:
            self._epoch = epoch
            for pump in self._pumps.values():
                pump.post(EpochChanged(epoch))

    async def _tell(self) -> None:
        while True:
            status = await self._told.get()
            if self._on_status is not None:
                await self._on_status(status)

    async def _refused(self, head: Head, fault: HqRefused) -> None:
        """Show a forgetful HQ the credential it once signed; the next retry then succeeds."""
        enrolled = self._enrolled.get(head.till)
        if fault.name not in FORGOTTEN or self._sign is None or enrolled is None:
            return
        request = readmission(enrolled.request, enrolled.answer, self._sign)
        try:
            await self._link.enrol(request)
        except Fault as refusal:
            _log.warning("HQ does not take the till back", till=head.till, reason=str(refusal))
            return
        _log.info("HQ had forgotten this till and has taken it back", till=head.till)
        self._wake_all()

    def _backlog(self, till: TillId) -> dict[str, int]:
        waiting = {"sales": 0, "side": 0}
        for head in self._heads.values():
            if head.till == till:
                waiting[head.lane] += max(0, head.tail_seq - self._acked_seq(head.journal_id))
        return waiting

    def _acked_seq(self, journal_id: JournalId) -> int:
        pump = self._pumps.get(journal_id)
        return pump.state.acked if pump else self._acked.get(journal_id, 0)

    def _troubles(self) -> list[Trouble]:
        return [
            Trouble(pump.head.till, pump.head.lane, pump.alarm.name, pump.alarm.detail)
            for pump in self._pumps.values()
            if pump.alarm
        ]


def _acked_seqs(conn: Connection) -> dict[JournalId, int]:
    found = {head.journal_id: cursors.acked(conn, head.journal_id) for head in chains.heads(conn)}
    return {journal_id: ack.seq for journal_id, ack in found.items() if ack}
