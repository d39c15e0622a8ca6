"""A pseudo-terminal with a name that stays, as /dev/serial/by-id gives one to a serial port."""

from __future__ import annotations

import os
import tty
from pathlib import Path

from drivers.virtual.plugged import Plugged


class PseudoTerminal(Plugged):
    """A port that the serial driver opens like any other; what it does is its device's business.

    Attributes:
        ours: the device's end, which never blocks; -1 while the port is away.
    """

    def __init__(self, link: Path | None = None) -> None:
        """Make nothing yet; with `link`, the port keeps this name over each `plug`."""
        self.ours = -1
        self._theirs = -1
        self._link = link

    @property
    def path(self) -> str:
        """Where the port is."""
        return str(self._link) if self._link is not None else os.ttyname(self._theirs)

    @property
    def address(self) -> str:
        """As written in the settings, `serial:PATH`."""
        return f"serial:{self.path}"

    def plug(self) -> None:
        """Make the port; our own hold on its far side keeps it there between two openings.

        It has no echo: a device hears nothing of what the host thinks.
        """
        self.ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self.ours, False)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(self._theirs))

    def unplug(self) -> None:
        """Take the port away: whoever has it open sees a hang-up."""
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for descriptor in (self._theirs, self.ours):
            if descriptor >= 0:
                os.close(descriptor)
        self.ours = self._theirs = -1
