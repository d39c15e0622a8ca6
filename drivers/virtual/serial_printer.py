"""A receipt printer on a pseudo-terminal: the serial driver opens it like any other port."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from drivers.virtual.machine import Machine
from drivers.virtual.mechanism import Mechanism
from drivers.virtual.paper import Paper
from drivers.virtual.terminal import PseudoTerminal

_READ_SIZE = 4096


class SerialVirtualPrinter(Machine):
    """Plugged in while entered; with `link`, the port keeps its name over a reset."""

    def __init__(self, *, paper: Mechanism | None = None, link: Path | None = None) -> None:
        super().__init__(paper or Paper())
        self._port = PseudoTerminal(link)
        self._stirred = asyncio.Event()

    async def begin(self) -> None:
        """Plug it in."""
        self.plug()
        self.spawn(self._listen())

    async def end(self) -> None:
        """Pull it out."""
        await self.put_away()
        self.unplug()

    @property
    def address(self) -> str:
        """As written in the settings, `serial:PATH`."""
        return self._port.address

    def plug(self) -> None:
        """Make the port."""
        self._port.plug()
        asyncio.get_running_loop().add_reader(self._port.ours, self._stirred.set)

    def unplug(self) -> None:
        """Take the port away: whoever has it open sees a hang-up."""
        asyncio.get_running_loop().remove_reader(self._port.ours)
        self._port.unplug()

    async def send(self, answer: bytes) -> None:
        """Answer; what nobody reads is lost, as on a wire."""
        with suppress(OSError):
            os.write(self._port.ours, answer)

    def hang_up(self) -> None:
        """Pull the plug and put it in again, as a USB adapter that resets."""
        self.unplug()
        self.plug()

    def power_cycle(self) -> None:
        """Switch the printer off and on; the line itself stays."""
        self.paper.switch_off()

    async def _listen(self) -> None:
        while True:
            self._stirred.clear()
            await self._stirred.wait()
            data = self._read()
            if data and not self.half_open:
                await self.hear(data)

    def _read(self) -> bytes:
        try:
            return os.read(self._port.ours, _READ_SIZE)
        except OSError:  # nothing there after all, or the plug was pulled meanwhile
            return b""
