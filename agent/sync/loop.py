"""The sync loop: one task per journal up, one per scope down, and the watch over them.

A till that is not enrolled waits for it; what it sells meanwhile is the backlog, sent from the
first entry on. Nothing here is waited for by anyone who sells (P1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from importlib import metadata

import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqRefused, HqSlowDown, HqUnreachable
from agent.core.exchange.signed import Sign, Verify
from agent.core.exchange.steps import Appended, EpochChanged, HqSeen
from agent.core.exchange.waits import backoff_ms
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, PartyId, StoreId, TillId
from agent.core.space import Work
from agent.journal import Journal, chains
from agent.journal.chains import Head
from agent.sync.admission import Admission
from agent.sync.enrolment import Enrolled
from agent.sync.feeds import FeedFollower, OnChange, Replica
from agent.sync.following import Following
from agent.sync.keys import KeyKeeper, KeyStore, keeper
from agent.sync.leasing import Leasing
from agent.sync.orders import OrderDesk
from agent.sync.presence import Presence
from agent.sync.pump import Pump, Way
from agent.sync.reporting import Reporting
from agent.sync.snapshots import Installable, Snapshots
from agent.sync.standing import Standing, backlog
from agent.sync.status import SyncStatus
from agent.sync.troubles import Troubles
from agent.sync.watch import Watch
from agent.sync.words import of_all

_log = structlog.get_logger(__name__)
_DRAW_BYTES = 4

OnStatus = Callable[[SyncStatus], Awaitable[None]]


def _forget_nobody(_party_ids: Sequence[PartyId]) -> None:
    """Where there is no directory that holds people."""


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
        device_key: bytes | None = None,
        forget: Callable[[Sequence[PartyId]], None] = _forget_nobody,
        installable: Installable | None = None,
        keys: KeyStore | None = None,
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
            on_status: awaited once for each change between online and offline, and of troubles.
            sign: signs by the device key, to be readmitted by an HQ that has forgotten a till.
            device_key: its public half, which successor journals are bound to.
            forget: takes people out of the directory whose enrolment HQ ordered to be erased.
            installable: the directory, where it can take whole scopes; without it they are read
                page by page.
            keys: what opens the cards in it; without it none are asked for.
        """
        self._journal, self._directory, self._clock = journal, directory, clock
        self._link, self._on_change = link, on_change
        self._store, self._tills = store, tuple(tills)
        self._root_key, self._on_status = root_key, on_status
        self._presence = Presence(clock, self._presence_changed)
        self._troubles = Troubles(clock, self._tell_soon)
        self._reporting = Reporting(self._troubles, self._tills[0])
        self._admission = Admission(link, journal, tills, sign)
        self._orders = self._order_desk(device_key, forget)
        self.leasing = Leasing(link, journal, clock, self._orders, store)
        self._way = self._way_to_hq(device_key)
        self._snapshots = None if installable is None else self._snapshots_into(installable)
        self._heads: dict[JournalId, Head] = {}
        self._standing = Standing(self._troubles)
        self._pumps: dict[JournalId, Pump] = {}
        self._pumping: dict[JournalId, asyncio.Task[None]] = {}
        self._following = Following(self._follower)
        self._keys = self._keeper_of(keys)
        self._watch = Watch(self._pumps.values, lambda: self._presence.online)
        self._epoch = ""
        self._look_again = asyncio.Event()
        self._successors_due = asyncio.Event()
        self._told: asyncio.Queue[SyncStatus] = asyncio.Queue()

    def _keeper_of(self, store: KeyStore | None) -> KeyKeeper | None:
        """Have keys kept where there is a place for them; it looks at what comes before others."""
        made = keeper(
            store,
            self._link,
            self._clock,
            verify=self._any_verify,
            followers=self._following.followers,
            troubles=self._troubles,
            till=self._tills[0],
            on_scopes=self._following.granted,
        )
        if made is not None:
            self._on_change = made.before(self._on_change)
        return made

    def _order_desk(
        self, device_key: bytes | None, forget: Callable[[Sequence[PartyId]], None]
    ) -> OrderDesk:
        return OrderDesk(
            self._journal,
            self._clock,
            self._troubles,
            enrolled=lambda: self._admission.enrolled,
            device_key=device_key,
            forget=forget,
            on_revoked=self._revoked,
        )

    def _way_to_hq(self, device_key: bytes | None) -> Way:
        return Way(
            self._link,
            self._journal,
            self._clock,
            self._presence,
            self._troubles,
            on_refused=self._refused,
            on_epoch=self._epoch_heard,
            on_succession=self._succeeded,
            feed_cursors=self._feed_cursors,
            agent_version=metadata.version("till-agent"),
            device_key=device_key,
        )

    async def run(self) -> None:
        """Sync until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._following.begin(group)
            group.create_task(self._tell(), name="sync-tell")
            group.create_task(self._watch_entries(group), name="sync-watch")
            group.create_task(self._watch_enrolment(group), name="sync-enrolment")
            group.create_task(self._watch_successors(group), name="sync-successors")
            group.create_task(self._watch.run(), name="sync-progress")
            group.create_task(self.leasing.run(), name="sync-leasing")
            if self._keys is not None:
                group.create_task(self._keys.run(), name="sync-keys")

    def refresh(self) -> None:
        """Look again who is enrolled; to be called after `enrolment.enrol`.

        What HQ refused until now is tried at once: who enrols a till anew looks whether it helped.
        """
        self._look_again.set()
        self._wake_all()

    def renew(self, sign: Sign, device_key: bytes) -> None:
        """Go on under another device key, once every till's credential is for it."""
        self._admission.renew_sign(sign)
        self._way.device_key = self._orders.device_key = device_key
        self.refresh()

    def status(self) -> SyncStatus:
        """Tell where sync stands; the backlog is counted, never flagged."""
        presence, troubles = self._presence, self._troubles.all()
        told = [f"{trouble.name}: {trouble.detail}" for trouble in troubles]
        enrolled = all(till in self._admission.enrolled for till in self._tills)
        outage = "" if presence.online else (presence.last_error or "HQ was not reached yet")
        journals = self._standing.journals(
            self._heads.values(), self._pumps, self._watch.is_stalled, outage
        )
        return SyncStatus(
            enrolled=enrolled,
            online=presence.online,
            since=presence.since,
            epoch=self._epoch,
            backlog={till: backlog(journals, till) for till in self._tills},
            last_error=presence.last_error or next(iter(told), None),
            last_ack_at=presence.last_ack_at,
            troubles=troubles,
            journals=journals,
            complete=enrolled and not any(journal.unsent for journal in journals),
            said=of_all(journals, enrolled=enrolled, outage=outage if enrolled else ""),
        )

    async def _watch_entries(self, group: asyncio.TaskGroup) -> None:
        """Tell each journal's pump its tail after every commit, at once."""
        signal = self._journal.signals.entries
        while True:
            seen = signal.value
            await self._read_heads()
            self._start_pumps(group)
            await signal.wait(seen)

    async def _read_heads(self) -> None:
        heads = await self._journal.read(chains.heads)
        if len(heads) != len(self._heads):
            await self._journal.read(self._standing.read)
            self._successors_due.set()
        for head in heads:
            self._heads[head.journal_id] = head
            if pump := self._pumps.get(head.journal_id):
                pump.post(Appended(head.tail_seq))

    async def _watch_enrolment(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._look_again.clear()
            for found in await self._admission.load():
                self._admit(group, found)
            if self._admission.revoked:
                self._revoked(self._admission.revoked)
            else:
                for till in self._tills:
                    self._troubles.clear(till, "revoked")
            await self._look_again.wait()

    def _admit(self, group: asyncio.TaskGroup, found: Enrolled) -> None:
        if self._root_key is not None and found.root_key != self._root_key:
            self._presence.failed(f"till {found.till} is enrolled at another HQ: enrol it again")
            return
        self._admission.admit(found)
        self._epoch = self._epoch or found.answer.epoch
        self._successors_due.set()
        self._start_pumps(group)
        for scope in found.answer.scopes:
            self._following.start(scope)
        if self._keys is not None:
            self._keys.ask()

    async def _watch_successors(self, group: asyncio.TaskGroup) -> None:
        """Have HQ bind the journals that go on from others, until it has."""
        failures = 0
        while True:
            self._successors_due.clear()
            failed = [fault for till in self._tills if (fault := await self._bind(group, till))]
            failures = failures + 1 if failed else 0
            draw = int.from_bytes(self._clock.random(_DRAW_BYTES), "big")
            wait_s = backoff_ms(failures, draw) / 1000 if failures else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._successors_due.wait()

    async def _bind(self, group: asyncio.TaskGroup, till: TillId) -> Fault | None:
        try:
            bound = await self._admission.bind_successors(till)
        except (HqUnreachable, HqSlowDown) as fault:
            return fault
        except Fault as fault:
            self._reporting.not_bound(till, fault)
            return fault
        self._troubles.clear(till, "successor-not-bound")
        if bound:
            self._start_pumps(group)
        return None

    def _start_pumps(self, group: asyncio.TaskGroup) -> None:
        """Start what can be sent and is not yet: journals HQ has bound to a till of this agent.

        Those that were taken in from another machine are shown to HQ, which may have them already.
        """
        if self._admission.revoked:
            return
        for head in self._heads.values():
            if self._admission.may_send(head.till, head.journal_id):
                self._start_pump(group, head, self._admission.verify(head.till))
            elif self._admission.is_foreign(head) and (verify := self._any_verify()):
                self._start_pump(group, head, verify, is_foreign=True)

    def _start_pump(
        self, group: asyncio.TaskGroup, head: Head, verify: Verify, *, is_foreign: bool = False
    ) -> None:
        """Start a journal's pump; one that only showed it gives way when HQ has bound it."""
        journal_id = head.journal_id
        present = self._pumps.get(journal_id)
        if present is not None and present.is_foreign == is_foreign:
            return
        if journal_id in self._pumping:
            self._pumping.pop(journal_id).cancel()
        pump = Pump(self._way, head, verify, is_foreign=is_foreign)
        self._pumps[journal_id] = pump
        name = f"sync-{head.till}-{head.lane}"
        self._pumping[journal_id] = group.create_task(pump.run(), name=name)

    def _follower(self, scope: str) -> FeedFollower:
        return FeedFollower(
            scope,
            link=self._link,
            replica=self._directory,
            clock=self._clock,
            presence=self._presence,
            on_change=self._on_change,
            on_epoch=self._epoch_heard,
            on_orders=self._orders.take,
            snapshots=self._snapshots,
            require_room=self._require_room,
            on_trouble=self._reporting.feed,
        )

    def _require_room(self) -> None:
        """Take nothing new of HQ's while the disk has no room for it; it is all asked for again."""
        self._journal.space.require(Work.DELTAS, "nothing new of HQ is taken")

    def _snapshots_into(self, directory: Installable) -> Snapshots:
        return Snapshots(
            self._link,
            directory,
            verify=self._any_verify,
            may_fetch=lambda: self._journal.space.verdict().allows(Work.SNAPSHOTS),
            on_orders=self._orders.take,
            on_progress=self._reporting.snapshot_moved,
            on_trouble=self._reporting.snapshot,
        )

    def _any_verify(self) -> Verify | None:
        """Give the check by HQ's root key: the same one for every till that is admitted."""
        return next((self._admission.verify(till) for till in self._admission.enrolled), None)

    def _feed_cursors(self) -> dict[str, str]:
        return {scope: self._directory.cursor(scope) for scope in self._following.followers}

    async def _succeeded(self, head: Head, carried: int) -> None:
        await self._read_heads()
        self._reporting.succeeded(head, carried)

    def _revoked(self, reason: str) -> None:
        """HQ does not want to hear from this device any more: keep everything, and sell on."""
        self._admission.revoked = reason
        for task in self._pumping.values():
            task.cancel()
        self._pumping.clear()
        self._pumps.clear()
        self._reporting.revoked(self._tills, reason)

    def _presence_changed(self) -> None:
        if self._presence.online:
            self._wake_all()
            self._successors_due.set()
        self._tell_soon()

    def _tell_soon(self) -> None:
        self._told.put_nowait(self.status())

    def _wake_all(self) -> None:
        for pump in self._pumps.values():
            pump.post(HqSeen())
        for follower in self._following.followers.values():
            follower.hq_seen()

    def _epoch_heard(self, epoch: str) -> None:
        if epoch and epoch != self._epoch:
            self._epoch = epoch
            self._admission.epoch_changed()
            for pump in self._pumps.values():
                pump.post(EpochChanged(epoch))

    async def _tell(self) -> None:
        while True:
            status = await self._told.get()
            if self._on_status is not None:
                await self._on_status(status)

    async def _refused(self, head: Head, fault: HqRefused) -> bool:
        """Show a forgetful HQ the credential it once signed; tells whether that helped."""
        if self._admission.is_foreign(head):
            return False  # No credential is about it, and showing one changes nothing.
        is_back = await self._admission.readmit(head.till, fault)
        if is_back:
            self._wake_all()
        return is_back
