"""The cash drawer behind a printer: open or closed, as its switch at pin 3 tells (R16).

Drawers differ in which level means open. Where the settings do not say it, nothing is claimed
until a kick was seen to move the switch: the level after it is then taken for open, for this run.
"""

from __future__ import annotations

import asyncio

from agent.contracts.clock import Clock
from agent.core.identifiers import DeviceId, PrintId
from agent.devices.board import Board
from agent.devices.handed import DrawerOptions

FOLLOWS_S = 1.0
"""A switch that moves so soon after a kick was moved by it; later it may be a hand."""
_LEVELS = {"high": True, "low": False, "unknown": None}


class Drawer:
    """Follows the level of one switch, and tells what it means.

    Attributes:
        hint: what the settings should say, once it was seen; empty where they say it.
    """

    def __init__(
        self, device: DeviceId, options: DrawerOptions, *, board: Board, clock: Clock
    ) -> None:
        """Know nothing yet.

        Args:
            device: the printer.
            options: as in the settings.
            board: where changes are told.
            clock: for the times shown.
        """
        self.hint = ""
        self._device = device
        self._options = options
        self._board = board
        self._clock = clock
        self._open_level = _LEVELS[options.open_is]
        self._level: bool | None = None
        self._kick: tuple[PrintId, float] | None = None
        self._alert: asyncio.TimerHandle | None = None

    @property
    def level(self) -> bool | None:
        """Whether pin 3 is high, as last told."""
        return self._level

    def kicked(self, print_id: PrintId) -> None:
        """Note that a kick is being sent just now."""
        self._kick = (print_id, _now())

    def see(self, level: bool | None) -> None:
        """Take what the printer tells of pin 3; None is no news."""
        if level is None or level == self._level:
            return
        first = self._level is None
        self._level = level
        kick = self._taken_kick()
        if not first and kick is not None:
            self._learn(level)
        if self._open_level is None:
            return
        if level == self._open_level:
            self._opened(kick)
        elif not first:
            self._closed()
        else:
            self._board.show_drawer(self._device, "closed")

    def stop(self) -> None:
        """Follow no more."""
        if self._alert is not None:
            self._alert.cancel()

    def _learn(self, level: bool) -> None:
        """A kick opens: the level after it means open, unless the settings say otherwise."""
        if _LEVELS[self._options.open_is] is None and level != self._open_level:
            self._open_level = level
            said = "high" if level else "low"
            self.hint = f'its drawer seems open at level {said}: set drawer_open_is = "{said}"'

    def _opened(self, kick: PrintId | None) -> None:
        since = self._clock.stamp().wall
        data = {"since": since} if kick is None else {"since": since, "print_id": kick}
        self._tell("opened", data)
        self._board.show_drawer(self._device, "open")
        if self._options.alert_s > 0:
            self.stop()
            loop = asyncio.get_running_loop()
            self._alert = loop.call_later(self._options.alert_s, self._tell, "open_too_long", data)

    def _closed(self) -> None:
        self.stop()
        self._tell("closed", {})
        self._board.show_drawer(self._device, "closed")

    def _taken_kick(self) -> PrintId | None:
        """Give the kick that moved the switch, once: what moves it next is a hand."""
        kick, self._kick = self._kick, None
        return kick[0] if kick is not None and _now() - kick[1] <= FOLLOWS_S else None

    def _tell(self, state: str, data: dict[str, str]) -> None:
        self._board.post(self._device, "drawer", {"device": self._device, "state": state, **data})


def _now() -> float:
    return asyncio.get_running_loop().time()
