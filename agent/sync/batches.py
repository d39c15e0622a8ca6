"""Making a batch: the records, and what HQ is to know of the till besides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from agent.contracts.clock import Clock
from agent.core.exchange.coding import fitting
from agent.core.exchange.in_step import agreed
from agent.core.exchange.steps import Send
from agent.core.exchange.upward import Upward
from agent.core.exchange.wire import SYNC_VERSION, Batch, LastAck
from agent.core.faults import Fault, InputFault
from agent.core.sale.model import Stamp
from agent.journal import Connection, Journal, chains, prune
from agent.journal.chains import Head
from agent.journal.outgoing import Outgoing, backlog_bytes, outgoing
from agent.sync.ages import Ages, waited_s, written

WEIGHED_EVERY_S = 10.0
AHEAD_MIN = 50
"""Where fewer are sent at once, they are read in less time than it takes to ask for it."""


class _Ahead(NamedTuple):
    """Records that were read before they were asked for."""

    base: int
    limit: int
    out: Outgoing | None


class BatchMaker:
    """Reads one journal for HQ."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        head: Head,
        *,
        feed_cursors: Callable[[], dict[str, str]],
        agent_version: str,
    ) -> None:
        """Read the journal of `head`; `feed_cursors` tells how far each scope was applied."""
        self._journal, self._clock, self._id = journal, clock, head.journal_id
        self._feed_cursors, self._agent_version = feed_cursors, agent_version
        self._ages = Ages()
        self._entry_bytes = 0
        """Of one waiting entry, on average."""
        self._weighed_at = -WEIGHED_EVERY_S
        self._pruned_seq = 0
        self._ahead: asyncio.Task[_Ahead] | None = None
        """What comes after the batch in flight, read while it is."""
        self.pruned: tuple[int, int] | None = None
        """First and last entry HQ asked for again after their bodies were pruned here."""

    async def begin(self, state: Upward) -> None:
        """Look how long the oldest unsent entry has waited already, and how much waits."""
        stamp = await self._journal.read(lambda conn: self._oldest(conn, state))
        waited = 0 if stamp is None else waited_s(stamp, self._clock.stamp())
        self._ages.note(state.tail, state.acked, _now() - waited)

    def note(self, state: Upward) -> None:
        """Note where the journal stands."""
        self._ages.note(state.tail, state.acked, _now())

    def age_s(self) -> int:
        """Tell for how many seconds the oldest entry HQ lacks has waited."""
        return self._ages.oldest_s(_now())

    def backlog_bytes(self, state: Upward) -> int:
        """Tell how many bytes HQ lacks, about."""
        return self._entry_bytes * max(0, state.tail - state.acked)

    async def batch(self, send: Send, state: Upward, last: LastAck | None) -> Batch:
        """Make the batch that was decided on.

        Raises:
            Fault: the journal cannot be read.
        """
        out = await self._taken(send, state)
        records = out.records[: fitting(out.records)]
        if out.pruned and records:
            first = min(send.base, self.pruned[0]) if self.pruned else send.base
            self.pruned = (first, records[-1].seq)
        return Batch(
            version=SYNC_VERSION,
            journal_id=self._id,
            incarnation=self._journal.incarnation,
            base=send.base,
            prev_hash=out.prev_hash,
            tail_seq=state.tail,
            records=records,
            # Evidence of an epoch that is over is answered by 410: once, not at every batch.
            last_ack=last if last and (last.epoch == state.epoch or state.shows_evidence) else None,
            oldest_unacked_age_s=self.age_s(),
            backlog_bytes=self.backlog_bytes(state),
            agent_version=self._agent_version,
            # Asking for a position is the occasion to tell; every batch would only repeat it.
            feed_cursors={} if send.limit else self._feed_cursors(),
            pruned_seq=self._pruned_seq,
            wall=self._clock.stamp().wall,
            in_step=agreed(last, state.epoch, send.base - 1, out.prev_hash)
            if send.limit and state.is_lean
            else b"",
        )

    def read_ahead(self, batch: Batch, state: Upward) -> None:
        """Read what comes after a batch that is on its way, for as many records again.

        Asked for is it only if the journal's sync goes on from there; anything else reads anew.
        """
        base, count = batch.base + len(batch.records), len(batch.records)
        if count >= AHEAD_MIN and base <= state.tail:
            self._ahead = asyncio.ensure_future(self._look_ahead(base, count, state))

    async def _look_ahead(self, base: int, count: int, state: Upward) -> _Ahead:
        send = Send(0, base, min(count, state.tail - base + 1))
        try:
            out = await self._journal.read(lambda conn: self._read(conn, send, state))
        except Fault:
            return _Ahead(base, 0, None)  # Who asks for it reads it anew, and is told.
        return _Ahead(base, send.limit, out)

    async def _taken(self, send: Send, state: Upward) -> Outgoing:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            read = await ahead
            if read.out is not None and read.base == send.base and read.limit >= send.limit > 0:
                return _first(read.out, send.limit)
        return await self._journal.read(lambda conn: self._read(conn, send, state))

    def _oldest(self, conn: Connection, state: Upward) -> Stamp | None:
        """Read, once at the start, what a running journal knows by heart."""
        self._weigh(conn, state)
        if state.acked >= state.tail:
            return None
        try:
            return written(chains.body_at(conn, self._id, state.acked + 1))
        except InputFault:
            return None  # A later version wrote it: it is sent, if not understood.

    def _read(self, conn: Connection, send: Send, state: Upward) -> Outgoing:
        if _now() - self._weighed_at >= WEIGHED_EVERY_S:
            self._weigh(conn, state)
        return outgoing(conn, self._id, send.base, send.limit)

    def _weigh(self, conn: Connection, state: Upward) -> None:
        """Weigh now and then: each batch would make a long backlog longer."""
        self._weighed_at = _now()
        self._pruned_seq = prune.pruned_seq(conn, self._id)
        waiting = state.tail - state.acked
        if waiting > 0:
            size = backlog_bytes(conn, self._id, state.acked, state.tail)
            self._entry_bytes = -(-size // waiting)


def _first(out: Outgoing, count: int) -> Outgoing:
    if len(out.records) <= count:
        return out
    return Outgoing(out.records[:count], out.prev_hash, min(out.pruned, count))


def _now() -> float:
    return time.monotonic()
