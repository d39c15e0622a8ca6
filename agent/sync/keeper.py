"""Keeping HQ's acks in the journal, without making the next batch wait for the disk.

Until an ack is on disk nothing rests on it: a till that dies now asks HQ from an older position,
and what HQ holds already is verified and acked again.
"""

from __future__ import annotations

import asyncio

from agent.core.exchange.wire import LastAck
from agent.core.faults import Fault
from agent.core.identifiers import JournalId
from agent.journal import Journal, cursors
from agent.journal.cursors import Acked
from agent.sync.presence import Presence


class AckKeeper:
    """Writes the acks of one journal, the newest of those that wait."""

    def __init__(self, journal: Journal, journal_id: JournalId, presence: Presence) -> None:
        """Keep acks of `journal_id` in `journal`; a failure is shown by `presence`."""
        self._journal = journal
        self._journal_id = journal_id
        self._presence = presence
        self._acks: asyncio.Queue[Acked] = asyncio.Queue()

    async def kept(self) -> Acked | None:
        """Read what an earlier run kept."""
        return await self._journal.read(lambda conn: cursors.acked(conn, self._journal_id))

    def keep(self, last: LastAck, safe_seq: int) -> None:
        """Have an ack written as soon as the one before is."""
        acked = Acked(last.epoch, last.seq, last.hash, last.signature, safe_seq)
        self._acks.put_nowait(acked)

    async def run(self) -> None:
        """Write acks until cancelled."""
        while True:
            acked = await self._acks.get()
            while not self._acks.empty():
                acked = self._acks.get_nowait()
            await self._write(acked)

    async def _write(self, acked: Acked) -> None:
        try:
            await self._journal.write(lambda conn: cursors.set_acked(conn, self._journal_id, acked))
        except Fault as fault:
            self._presence.failed(str(fault))
