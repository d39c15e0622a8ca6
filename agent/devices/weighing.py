"""One scale: kept open, its newest reading at hand, and a stable weight for whoever asks (R24).

A weight older than `FRESH_NS` is never given to anybody, whatever happened to the scale since.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from agent.contracts.devices import DeviceFault, Scale, WeightReading, WeightState
from agent.core.faults import Fault, StateFault
from agent.core.identifiers import DeviceId
from agent.devices.board import READY, Board
from agent.devices.keeping import keep_in_use, opened_in_time

FRESH_NS = 1_000_000_000
"""A weight older than this is what lay on the scale before."""
TELL_EVERY_S = 0.15
"""Events are written to disk: a load that swings is told some times a second, no more."""

OnWeight = Callable[[DeviceId, WeightReading], Awaitable[None]]
"""Is told each change of state or weight; see `weight_data`."""


def weight_data(device: DeviceId, reading: WeightReading, at: str) -> dict[str, Any]:
    """Make the data of a `weight` event; `grams` only where the weight is stable."""
    return {"device": device, "state": reading.state.value, "grams": reading.weight, "at": at}


class ScaleWatch:
    """Keeps one scale open for ever; a dead one costs the others nothing."""

    def __init__(
        self,
        device: DeviceId,
        scale: Scale,
        *,
        board: Board,
        rng: random.Random,
        on_weight: OnWeight,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Take a scale over; nothing is opened yet.

        Args:
            device: as in the settings.
            scale: its driver.
            board: where its state is noted.
            rng: for the jitter of waits.
            on_weight: awaited for each change, a few times a second at most.
            now_ns: the clock that stamps the driver's readings.
        """
        self._device = device
        self._scale = scale
        self._board = board
        self._rng = rng
        self._on_weight = on_weight
        self._now_ns = now_ns
        self._newest: WeightReading | None = None
        self._news = asyncio.Event()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Weigh until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell())
            await keep_in_use(self._device, self._read, board=self._board, rng=self._rng)

    async def weigh(self, within_s: float) -> WeightReading:
        """Give a stable weight above zero that is at most a second old, or wait for one.

        The next reading is waited for, since goods may have been changed after the last one.

        Args:
            within_s: how long to wait for a load to settle; 0 for what the last reading says.

        Raises:
            StateFault: `no-weight` (the scale is empty, or below zero), `unstable-weight`.
            DeviceFault: `scale-not-ready` (gone, silent, overloaded, warming up).
        """
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
                while (reading := self._settled()) is None:
                    await self._news.wait()
        except TimeoutError:
            reading = self._settled()
        if reading is None:
            raise self._why_not()
        return reading

    async def zero(self, within_s: float) -> None:
        """Have the scale take its present load as zero, and wait until it says so.

        Raises:
            StateFault: `not-zeroed`: the load swings, or is too heavy to be called nothing.
            DeviceFault: `scale-not-ready`.
        """
        if self._fresh() is None:
            raise self._why_not()
        self._scale.zero()
        try:
            async with asyncio.timeout(within_s):
                while (reading := self._newest) is None or reading.state is not WeightState.ZERO:
                    await self._news.wait()
        except TimeoutError:
            raise StateFault(
                f"scale {self._device} did not take its load as zero",
                remedy="empty it, wait until its figure stands still, and try again",
                name="not-zeroed",
            ) from None

    async def _read(self) -> None:
        try:
            async with opened_in_time(self._scale.open(), self._device) as readings:
                async for reading in readings:
                    # Ready is a scale that answers: an open port alone weighs nothing.
                    self._board.note(self._device, READY)
                    self._take(reading)
        finally:
            self._take(None)

    def _take(self, reading: WeightReading | None) -> None:
        before, self._newest = self._newest, reading
        if _said(before) != _said(reading):
            self._changed.set()
        self._news.set()
        self._news = asyncio.Event()

    async def _tell(self) -> None:
        told = _said(None)
        while True:
            await self._changed.wait()
            self._changed.clear()
            reading = self._newest or _away(self._now_ns())
            if _said(reading) != told:
                told = _said(reading)
                await self._on_weight(self._device, reading)
                await asyncio.sleep(TELL_EVERY_S)

    def _settled(self) -> WeightReading | None:
        reading = self._fresh()
        settled = reading is not None and reading.state is WeightState.STABLE and reading.weight
        return reading if settled else None

    def _fresh(self) -> WeightReading | None:
        reading = self._newest
        if reading is None or self._now_ns() - reading.mono_ns > FRESH_NS:
            return None
        return reading

    def _why_not(self) -> Fault:
        reading = self._fresh()
        if reading is None:
            return DeviceFault(
                f"scale {self._device} gives no weight: it is away or does not answer",
                remedy="check its power and cable, or type the weight",
                name="scale-not-ready",
            )
        return _refusal(self._device, reading)


def _said(reading: WeightReading | None) -> tuple[WeightState, int | None] | None:
    return None if reading is None else (reading.state, reading.weight)


def _away(now_ns: int) -> WeightReading:
    return WeightReading(WeightState.NOT_READY, now_ns, detail="the scale is away")


def _refusal(device: DeviceId, reading: WeightReading) -> Fault:
    match reading.state:
        case WeightState.MOTION:
            return StateFault(
                f"the load on scale {device} does not come to rest",
                remedy="let go of the goods, wait until the scale's figure stands still, and "
                "ask again",
                name="unstable-weight",
            )
        case WeightState.UNDER_ZERO:
            return StateFault(
                f"scale {device} is below zero",
                remedy="take everything off, press the scale's zero key, and weigh again",
                name="no-weight",
            )
        case WeightState.OVERWEIGHT:
            return DeviceFault(
                f"scale {device} is overloaded",
                remedy="take some of the goods off and weigh them in parts",
                name="scale-not-ready",
            )
        case WeightState.NOT_READY:
            return DeviceFault(
                f"scale {device} is not ready: {reading.detail or 'it says no more'}",
                remedy="look at the scale's own display; weigh again, or type the weight",
                name="scale-not-ready",
            )
        case WeightState.STABLE | WeightState.ZERO:
            return StateFault(
                f"nothing lies on scale {device}",
                remedy="put the goods on the scale, and ask again",
                name="no-weight",
            )
