"""How many batches come in at once, whose turn it is, and what the others are told.

A thousand stores that come back after an outage have more to say than HQ can hold. So their bytes
are counted before they are read, few are worked on at a time, and the lane of a store that was
served longest ago comes first. What a till may send next is cut to what a round of all of them can
take, so that each gets on within seconds; who would wait longer is asked to come again, with a
time.

All of it lives on one event loop; nothing here is locked, and nothing outlives the process.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from agent.core.entries.kinds import SALES
from agent.core.exchange.wire import BATCH_RECORDS_MAX, Pace
from agent.core.faults import UnavailableFault
from central.intake.line import Line, Place, Sender

WORKERS = 3
"""One writes, one is being read, one waits ready: more would only wait for one another."""
BYTES_MAX = 128 << 20
"""Of batches being read, waiting and worked on (invariant I15)."""
WAITING_MAX = 4_000
WAIT_MAX_S = 25.0
"""Who would wait longer is asked to come again: links give up on silence after half a minute."""
ROUND_S = 6.0
"""How long a round of all stores with something to send should take."""
RECORDS_MIN = 50
"""Below, a batch costs more to carry than its records to keep: one signature to check and one to
make, with what is asked besides, weigh as much as some 50 records."""
CROWD = 8
"""From so many journals on they are taken in rounds."""
SMALL_BYTES = 4 << 10
"""A sale just made, or a heartbeat: it goes before any backlog."""
RETURN_S = 30.0
"""For so long after HQ's start whoever was known before is expected to come with a backlog."""
FORGET_S = 30.0
"""A journal not heard for so long is no longer counted among those that come in."""
SPREAD_MS_PER_STORE = 10
_FIRST_RATE = 8_000.0
_RATE_WEIGHT = 0.1
_RETRY_S_MAX = 60


class Crowded(UnavailableFault):
    """HQ has its hands full (RFC 6585, 4.): nothing is lost, come again after `retry_after_s`."""

    name = "crowded"
    status = 429
    title = "HQ has its hands full"

    def __init__(self, why: str, retry_after_s: int) -> None:
        """Keep when to come again."""
        super().__init__(why, remedy="nothing: the agent comes again by itself")
        self.retry_after_s = retry_after_s


class Note(msgspec.Struct, frozen=True):
    """What came of a batch, as far as the line is concerned."""

    sender: Sender
    records: int
    """How many were new."""
    more: bool
    """Its till has more to send."""
    took_s: float
    """How long HQ worked on it, beside the others at work."""


class Admission:
    """The line before the intake."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        workers: int = WORKERS,
        bytes_max: int = BYTES_MAX,
        known: int = 0,
    ) -> None:
        """Begin with nobody in line.

        Args:
            clock: monotonic seconds.
            workers: batches worked on at a time.
            bytes_max: of batches read, waiting and worked on.
            known: journals that may come back, as it was before the start. Those who come first
                would else be given all they ask for, and the last of them waits for all of it.
        """
        self._clock = clock
        self._workers, self._bytes_max = workers, bytes_max
        self._known, self._began = known, clock()
        self._bytes = self._here = self._working = 0
        self._senders: dict[str, Sender] = {}
        self._served: dict[Sender, float] = {}
        self._stores: set[str] = set()
        self._waiting = Line(self._served)
        self._incoming: dict[str, float] = {}
        """Journals with more to send, and when they were heard: the latest last."""
        self._rate = _FIRST_RATE

    @property
    def waiting(self) -> int:
        """Count the batches in line."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Count the bytes of all batches that are here."""
        return self._bytes

    @property
    def is_crowded(self) -> bool:
        """Tell whether more journals come in than can be taken in one go."""
        return max(len(self._incoming), len(self._waiting)) > CROWD

    @property
    def rate(self) -> float:
        """Tell how many records a second come in, lately."""
        return self._rate

    @asynccontextmanager
    async def space(self, size: int) -> AsyncIterator[None]:
        """Count the bytes of a batch while it is here.

        Raises:
            Crowded: it would be too many.
        """
        if len(self._waiting) >= WAITING_MAX or self._bytes + size > self._bytes_max:
            raise self._crowded("as many batches as it can hold are waiting already")
        self._bytes += size
        self._here += 1
        try:
            yield
        finally:
            self._bytes -= size
            self._here -= 1

    @asynccontextmanager
    async def turn(self, journal_id: str, size: int) -> AsyncIterator[Pace]:
        """Wait in line, then hold one of the few places at work.

        Args:
            journal_id: where the batch is going.
            size: of the batch as it travelled, in bytes.

        Yields:
            HQ's wish for what the till sends next.

        Raises:
            Crowded: the wait would be too long.
        """
        await self._wait(journal_id, size)
        try:
            yield self.pace()
        finally:
            self._working -= 1
            self._next()

    def heard(self, journal_id: str, note: Note) -> None:
        """Note what has come in of a journal."""
        self._senders[journal_id] = note.sender
        self._stores.add(note.sender.store)
        now = self._served[note.sender] = self._clock()
        self._incoming.pop(journal_id, None)
        if note.more:
            self._incoming[journal_id] = now
        if note.records >= RECORDS_MIN and note.took_s > 0:
            lately = max(self._working, 1) * note.records / note.took_s
            self._rate += _RATE_WEIGHT * (lately - self._rate)

    def pace(self) -> Pace:
        """Tell how much of what comes next can be taken at once, and after how long."""
        crowd = self._crowd()
        spread = len(self._stores) * SPREAD_MS_PER_STORE
        if crowd <= CROWD:
            return Pace(spread_ms=spread)
        share = int(self._rate * ROUND_S / crowd)
        records = max(RECORDS_MIN, min(share, BATCH_RECORDS_MAX))
        return Pace(max_records=records, spread_ms=spread)

    def _crowd(self) -> int:
        """Count the journals that are coming in: here, known to have more, or expected."""
        horizon, incoming = self._clock() - FORGET_S, self._incoming
        while incoming and incoming[journal_id := next(iter(incoming))] <= horizon:
            del incoming[journal_id]
        return max(len(incoming), len(self._waiting), self._here, self._expected())

    def _expected(self) -> int:
        """Count who was there before HQ's start and has not been heard since."""
        is_over = self._clock() - self._began > RETURN_S
        return 0 if is_over else self._known - len(self._senders)

    async def _wait(self, journal_id: str, size: int) -> None:
        if self._working < self._workers and not self._waiting:
            self._working += 1
            return
        sender = self._senders.get(journal_id, Sender(journal_id, SALES))
        place = Place(sender, size <= SMALL_BYTES, self._clock())
        self._waiting.join(place)
        try:
            async with asyncio.timeout(WAIT_MAX_S):
                await place.turn.wait()
        except TimeoutError:
            if not place.turn.is_set():
                self._waiting.leave(place)
                why = f"its turn did not come within {WAIT_MAX_S:.0f} s"
                # Who has waited keeps the place: the line goes by who was served longest ago.
                raise Crowded(why, 1) from None
        except asyncio.CancelledError:
            self._leave(place)
            raise

    def _leave(self, place: Place) -> None:
        """Give up a place in line; a turn that was given meanwhile goes to the next one."""
        if place.turn.is_set():
            self._working -= 1
            self._next()
        else:
            self._waiting.leave(place)

    def _next(self) -> None:
        while self._working < self._workers and self._waiting:
            now = self._clock()
            place = self._waiting.take(now)
            self._working += 1
            if place.sender in self._served:
                self._served[place.sender] = now
            place.turn.set()

    def _crowded(self, why: str) -> Crowded:
        round_s = self._crowd() * RECORDS_MIN / max(self._rate, 1.0)
        return Crowded(why, max(1, min(math.ceil(round_s / 2), _RETRY_S_MAX)))
