"""Keeping HQ's acks in the journal, without making the next batch wait for the disk.

Until an ack is on disk nothing rests on it: a till that dies now asks HQ from an older position,
and what HQ holds already is verified and acked again.
"""

from __future__ import annotations

import asyncio

import msgspec

from agent.core.exchange.wire import LastAck
from agent.core.faults import Fault
from agent.core.identifiers import JournalId
from agent.journal import Connection, Journal, cursors, endings, registry
from agent.journal.cursors import Acked, Held
from agent.sync.presence import Presence

_HINT = "sync/spread-ms"


class Kept(msgspec.Struct, frozen=True):
    """What an earlier run left for this one to begin from."""

    acked: Acked | None
    held_seq: int
    """Up to where HQ is known to hold the journal, and in which epoch it said so."""
    epoch: str
    hint_ms: int
    """HQ's hint over how long first contacts are to spread."""
    due_seq: int
    """See `agent.journal.endings.due_seq`."""
    is_closed: bool
    """A successor goes on from the journal."""


class AckKeeper:
    """Writes the acks of one journal, the newest of those that wait."""

    def __init__(self, journal: Journal, journal_id: JournalId, presence: Presence) -> None:
        """Keep acks of `journal_id` in `journal`; a failure is shown by `presence`."""
        self._journal = journal
        self._journal_id = journal_id
        self._presence = presence
        self._acks: asyncio.Queue[tuple[Acked, int]] = asyncio.Queue()
        self._hint_ms: int | None = None

    async def kept(self) -> Kept:
        """Read what an earlier run kept."""
        found = await self._journal.read(self._kept)
        self._hint_ms = found.hint_ms
        return found

    def keep(self, last: LastAck, safe_seq: int, hint_ms: int = 0) -> None:
        """Have an ack written as soon as the one before is."""
        acked = Acked(last.epoch, last.seq, last.hash, last.signature, safe_seq)
        self._acks.put_nowait((acked, hint_ms))

    async def note(self, held: Held) -> None:
        """Write down that HQ holds a journal that has ended; else the next start asks again."""
        try:
            await self._journal.write(lambda conn: cursors.note_held(conn, self._journal_id, held))
        except Fault as fault:
            self._presence.failed(str(fault))

    async def run(self) -> None:
        """Write acks until cancelled."""
        while True:
            waiting = await self._acks.get()
            while not self._acks.empty():
                waiting = self._acks.get_nowait()
            await self._write(*waiting)

    async def _write(self, acked: Acked, hint_ms: int) -> None:
        try:
            await self._journal.write(lambda conn: self._put(conn, acked, hint_ms))
            self._hint_ms = hint_ms
        except Fault as fault:
            self._presence.failed(str(fault))

    def _kept(self, conn: Connection) -> Kept:
        return Kept(
            cursors.acked(conn, self._journal_id),
            cursors.held_seq(conn, self._journal_id),
            cursors.last_epoch(conn, self._journal_id),
            int(registry.get(conn, _HINT) or 0),
            endings.due_seq(conn, self._journal_id),
            endings.is_succeeded(conn, self._journal_id),
        )

    def _put(self, conn: Connection, acked: Acked, hint_ms: int) -> None:
        """Write it down; it may be run again, so what is remembered follows the commit."""
        cursors.set_acked(conn, self._journal_id, acked)
        if hint_ms != self._hint_ms:
            registry.put(conn, _HINT, hint_ms)
