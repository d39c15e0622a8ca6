"""A printer mechanism with a wire: how it is fed, and the faults of the wire.

The two kinds of wire, `printer` (TCP) and `serial_printer` (a pseudo-terminal), share it.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable

from drivers.virtual.live import LiveDevice
from drivers.virtual.mechanism import Mechanism, PrintedReceipt


class Machine(LiveDevice):
    """A printer one can print on, and break.

    Attributes:
        paper: the mechanism.
        silence: it takes bytes and prints, but answers nothing.
        deaf: it takes bytes and does nothing with them, as when its mains switch is off.
        half_open: it takes the connection, and then neither reads, nor answers, nor closes it.
        reset_at: the connection is reset as soon as this many bytes have come in all; what came
            before is printed. Set once, it is used up.
        slow_s: seconds it takes for each line; it answers status questions meanwhile.
        buffer_bytes: it reads no more while so much waits to be printed; None for all there is.
        bytes_received: over all connections.
        on_receipt: called with each receipt as it is cut off.
    """

    def __init__(self, paper: Mechanism) -> None:
        super().__init__()
        self.paper = paper
        self.silence = False
        self.deaf = False
        self.half_open = False
        self.reset_at: int | None = None
        self.slow_s = 0.0
        self.buffer_bytes: int | None = None
        self.bytes_received = 0
        self.on_receipt: Callable[[PrintedReceipt], None] | None = None
        self._working = asyncio.Lock()
        self._printed = asyncio.Condition()
        self._room = asyncio.Event()
        self._planned = (0, "")
        self._told = 0
        self._taken = 0

    @property
    @abstractmethod
    def address(self) -> str:
        """As written in the settings."""

    @abstractmethod
    async def send(self, answer: bytes) -> None:
        """Put an answer onto the wire, if anybody is there to hear it."""

    @abstractmethod
    def hang_up(self) -> None:
        """Break the connection, as a reset does."""

    @property
    def receipts(self) -> list[PrintedReceipt]:
        """All receipts cut off so far, oldest first."""
        return self.paper.receipts

    @property
    def drawer_kicks(self) -> int:
        """How often the drawer got a pulse."""
        return self.paper.drawer_kicks

    @property
    def paper_empty(self) -> bool:
        """Whether the roll is at its end; set False to put in a new one, and work goes on."""
        return self.paper.paper_empty

    @paper_empty.setter
    def paper_empty(self, empty: bool) -> None:
        self.paper.paper_empty = empty
        self.go_on()

    @property
    def cover_open(self) -> bool:
        """Whether the cover is open; work waits while it is."""
        return self.paper.cover_open

    @cover_open.setter
    def cover_open(self, is_open: bool) -> None:
        self.paper.cover_open = is_open
        self.go_on()

    @property
    def drawer_open(self) -> bool:
        """Whether the drawer is open; set False to push it shut."""
        return self.paper.drawer.is_open

    @drawer_open.setter
    def drawer_open(self, is_open: bool) -> None:
        self.paper.drawer.is_open = is_open
        self.go_on()

    def power_cycle(self) -> None:
        """Switch it off and on: what waited is lost, and so is the connection."""
        self.paper.switch_off()
        self.hang_up()

    def after_bytes(self, number: int, fault: str) -> None:
        """Set `silence`, `deaf` … when so many more bytes have come."""
        self._planned = (self.bytes_received + number, fault)

    def go_on(self) -> None:
        """Let it notice that something was changed by hand."""
        self.spawn(self._work())

    async def next_receipt(self, timeout_s: float = 60.0) -> PrintedReceipt:
        """Wait for the next receipt that this method has not given yet.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(timeout_s), self._printed:
            await self._printed.wait_for(lambda: len(self.receipts) > self._taken)
            self._taken += 1
            return self.receipts[self._taken - 1]

    async def hear(self, data: bytes) -> bool:
        """Take bytes off the wire; give whether the connection still stands."""
        allowed = self._allowed(len(data))
        self.bytes_received += allowed
        at, fault = self._planned
        if fault and self.bytes_received >= at:
            self._planned = (0, "")
            setattr(self, fault, True)
        if not self.deaf:
            await self._answer(self.paper.take(data[:allowed]))
            await self._work()
        if self.reset_at is not None and self.bytes_received >= self.reset_at:
            self.reset_at = None
            self.hang_up()
            return False
        await self._roomy()
        return True

    def _allowed(self, size: int) -> int:
        if self.reset_at is None:
            return size
        return max(0, min(size, self.reset_at - self.bytes_received))

    async def _roomy(self) -> None:
        while self.buffer_bytes is not None and self.paper.waiting_bytes > self.buffer_bytes:
            self._room.clear()
            await self._room.wait()

    async def _work(self) -> None:
        if self.slow_s:
            self.spawn(self._work_slowly())
        else:
            await self._answer(self.paper.work())

    async def _work_slowly(self) -> None:
        async with self._working:
            while self.paper.busy:
                await asyncio.sleep(self.slow_s)
                await self._answer(self.paper.work(lines=1))
        await self._answer(self.paper.news())

    async def _answer(self, answer: bytes) -> None:
        self._room.set()
        await self._tell()
        if answer and not self.silence:
            await self.send(answer)

    async def _tell(self) -> None:
        for receipt in self.receipts[self._told :]:
            self._told += 1
            if self.on_receipt is not None:
                self.on_receipt(receipt)
        async with self._printed:
            self._printed.notify_all()
