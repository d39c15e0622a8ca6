from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from agent.contracts.devices import DeviceFault, WeightReading
from agent.contracts.devices import WeightState as State
from agent.core.faults import StateFault
from agent.core.identifiers import DeviceId
from agent.devices.board import Board
from agent.devices.weighing import FRESH_NS, ScaleWatch, weight_data
from drivers.scales.models import MODELS
from drivers.scales.polled import PolledScale
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.platter import Platter
from drivers.virtual.scale import VirtualScale
from tests.devices.conftest import StillClock

SCALE = DeviceId("scale")


class Watched:
    """A scale with its watch, and what was told of it."""

    def __init__(self, scale, now_ns=time.monotonic_ns):
        self.told = []
        self.board = Board(StillClock(), self._on_event)
        self.board.add(SCALE, "scale")
        self._news = asyncio.Condition()
        self.watch = ScaleWatch(
            SCALE,
            scale,
            board=self.board,
            rng=random.Random(1),
            on_weight=self._on_weight,
            now_ns=now_ns,
        )

    @property
    def states(self):
        return [data["state"] for kind, data in self.told if kind == "device"]

    @property
    def weights(self):
        return [(data["state"], data["grams"]) for kind, data in self.told if kind == "weight"]

    async def until(self, wanted):
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(wanted)

    async def _on_event(self, _device, kind, data):
        async with self._news:
            self.told.append((kind, data))
            self._news.notify_all()

    async def _on_weight(self, device, reading):
        await self._on_event(device, "weight", weight_data(device, reading, "now"))


@asynccontextmanager
async def plugged(platter=None, *, model="toledo-8217", **more):
    """Give a virtual scale on its port, and its watch."""
    async with (
        VirtualScale(platter, **more) as peer,
        watched(scale_on(peer.address, model)) as made,
    ):
        yield peer, made


@asynccontextmanager
async def watched(scale, **more):
    made = Watched(scale, **more)
    task = asyncio.create_task(made.watch.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def scale_on(address, model="toledo-8217"):
    return PolledScale(transport_of(parse_address(address)), MODELS[model])


class Played:
    """A scale that says what it is told to say."""

    def __init__(self):
        self.readings = asyncio.Queue()

    @asynccontextmanager
    async def open(self):
        yield self._readings()

    def zero(self):
        raise AssertionError("nobody asked for it")

    async def _readings(self):
        while True:
            reading = await self.readings.get()
            if isinstance(reading, Exception):
                raise reading
            yield reading


@pytest.mark.asyncio
@pytest.mark.parametrize("tcp", [False, True], ids=["pty", "tcp"])
async def test_a_stable_weight_is_given_at_once_and_a_swinging_one_awaited(tcp):
    """A cashier would wait for a weight that is there, or get one that is not there yet."""
    async with VirtualScale(tcp=tcp) as peer, watched(scale_on(peer.address)) as made:
        peer.put(1250)
        assert 1250 == (await made.watch.weigh(5)).weight
        assert 1250 == (await made.watch.weigh(0)).weight
        peer.put(800, swings_ms=300)
        await made.until(lambda: ("motion", None) in made.weights)
        began = time.monotonic()
        reading = await made.watch.weigh(5)
        assert 800 == reading.weight
        assert time.monotonic() - began < 0.3 + 3
        assert time.monotonic_ns() - reading.mono_ns < FRESH_NS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("grams", "swings_ms", "name"),
    [
        (0, 0, "no-weight"),
        (-30, 0, "no-weight"),
        (500, 60_000, "unstable-weight"),
        (15_001, 0, "scale-not-ready"),
    ],
)
async def test_what_is_no_weight_is_refused_with_what_to_do(grams, swings_ms, name):
    """A line of nothing, or of a hand on the scale, would be sold."""
    async with VirtualScale() as peer, watched(scale_on(peer.address)) as made:
        peer.put(grams, swings_ms=swings_ms)
        await made.until(lambda: made.weights)
        with pytest.raises((StateFault, DeviceFault)) as caught:
            await made.watch.weigh(0.2)
        assert name == caught.value.name
        assert caught.value.remedy


@pytest.mark.asyncio
async def test_a_scale_with_a_fault_of_its_own_says_which():
    """A cashier would not know that the scale has lost its zero."""
    platter = Platter("sma")
    platter.fault = "E"
    async with plugged(platter, model="sma-scp-0499") as (_, made):
        await made.until(lambda: made.weights)
        with pytest.raises(DeviceFault, match="zero") as caught:
            await made.watch.weigh(0)
    assert "scale-not-ready" == caught.value.name


@pytest.mark.asyncio
async def test_a_weight_older_than_a_second_is_never_given():
    """The goods of the customer before would be sold again after the scale went silent."""
    now = [10 * FRESH_NS]
    scale = Played()
    async with watched(scale, now_ns=lambda: now[0]) as made:
        scale.readings.put_nowait(WeightReading(State.STABLE, now[0], 1250))
        assert 1250 == (await made.watch.weigh(1)).weight
        now[0] += FRESH_NS
        assert 1250 == (await made.watch.weigh(0)).weight
        now[0] += 1
        with pytest.raises(DeviceFault) as caught:
            await made.watch.weigh(0)
        assert "scale-not-ready" == caught.value.name
        asked = asyncio.create_task(made.watch.weigh(5))
        await asyncio.sleep(0)
        scale.readings.put_nowait(WeightReading(State.STABLE, now[0] - FRESH_NS - 1, 1250))
        scale.readings.put_nowait(WeightReading(State.STABLE, now[0], 700))
        assert 700 == (await asked).weight


@pytest.mark.asyncio
async def test_goods_that_were_changed_just_now_are_weighed_anew():
    """A cashier with quick hands would sell the goods before by the last reading."""
    async with plugged() as (peer, made):
        peer.put(1250)
        await made.watch.weigh(5)
        for grams in (700, 300, 900, 55):
            peer.put(grams)
            assert grams == (await made.watch.weigh(5)).weight
        peer.put(0)
        with pytest.raises(StateFault):
            await made.watch.weigh(0.3)


@pytest.mark.asyncio
async def test_nothing_is_left_of_a_scale_that_went_away():
    """A weight from before would be sold after the scale was pulled out."""
    async with VirtualScale() as peer, watched(scale_on(peer.address)) as made:
        peer.put(1250)
        await made.watch.weigh(5)
        peer.unplug()
        await made.until(lambda: "gone" in made.states)
        with pytest.raises(DeviceFault) as caught:
            await made.watch.weigh(0)
    assert "scale-not-ready" == caught.value.name


@pytest.mark.asyncio
async def test_gone_once_and_back_once(tmp_path):
    """A scale pulled out would need a restart, or fill the log while it is away."""
    link = tmp_path / "scale"
    with capture_logs() as logs:
        async with plugged(link=link) as (peer, made):
            peer.put(500)
            await made.watch.weigh(5)
            for _ in range(2):
                peer.unplug()
                await made.until(lambda: made.states[-1:] == ["gone"])
                await asyncio.sleep(0.6)  # it is looked for several times meanwhile
                peer.plug()
                await made.until(lambda: made.states[-1:] == ["ready"])
                assert 500 == (await made.watch.weigh(5)).weight
    assert ["ready", "gone", "ready", "gone", "ready"] == made.states
    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert 2 == len(warnings)


@pytest.mark.asyncio
async def test_a_silent_scale_is_gone_within_two_seconds():
    """A till would offer to weigh on a scale that is switched off."""
    async with VirtualScale() as peer, watched(scale_on(peer.address)) as made:
        await made.until(lambda: "ready" in made.states)
        peer.platter.silent = True
        began = time.monotonic()
        await made.until(lambda: "gone" in made.states)
        assert time.monotonic() - began < 10
        await made.until(lambda: made.weights[-1:] == [("not_ready", None)])
        peer.platter.silent = False
        await made.until(lambda: made.states[-1:] == ["ready"])


@pytest.mark.asyncio
async def test_a_scale_that_never_answers_is_never_ready():
    """An open port without a scale behind it would look like one."""
    async with VirtualScale() as peer, watched(scale_on(peer.address)) as made:
        peer.platter.silent = True
        await made.until(lambda: "gone" in made.states)
    assert "ready" not in made.states


@pytest.mark.asyncio
async def test_only_changes_are_told_and_not_too_many():
    """The journal would be filled with ten weights a second, all day."""
    scale = Played()
    async with watched(scale) as made:
        began = time.monotonic()
        for grams in range(1, 400):
            scale.readings.put_nowait(WeightReading(State.STABLE, time.monotonic_ns(), grams))
            scale.readings.put_nowait(WeightReading(State.STABLE, time.monotonic_ns(), grams))
            if grams % 40 == 0:
                await asyncio.sleep(0.05)
        await made.until(lambda: made.weights[-1:] == [("stable", 399)])
        took = time.monotonic() - began
        assert len(made.weights) <= 2 + took / 0.15
        before = len(made.weights)
        scale.readings.put_nowait(WeightReading(State.STABLE, time.monotonic_ns(), 399))
        await asyncio.sleep(0.3)
        assert before == len(made.weights)


@pytest.mark.asyncio
async def test_a_driver_that_fails_is_broken_and_tried_again():
    """A mistake in a driver would end the scale until the next restart."""
    scale = Played()
    async with watched(scale) as made:
        scale.readings.put_nowait(RuntimeError("a bug"))
        with capture_logs():
            await made.until(lambda: "broken" in made.states)
            scale.readings.put_nowait(WeightReading(State.STABLE, time.monotonic_ns(), 300))
            assert 300 == (await made.watch.weigh(5)).weight


@pytest.mark.long
@pytest.mark.asyncio
@pytest.mark.parametrize(("model", "spoken"), [("toledo-8217", "toledo"), ("sma-scp-0499", "sma")])
async def test_a_settled_weight_is_known_within_a_quarter_of_a_second(model, spoken):
    """A queue would wait for the scale."""
    from tests.devices import settling

    took = await settling.measure(model, spoken, 10, random.Random(3))
    assert took[len(took) // 2] <= settling.GOAL_MS


@pytest.mark.asyncio
@pytest.mark.parametrize(("model", "spoken"), [("toledo-8217", "toledo"), ("sma-scp-0499", "sma")])
async def test_a_bowl_is_taken_as_zero_and_a_sack_is_not(model, spoken):
    """Dirt on the scale would be sold with each item, or goods be called nothing."""
    async with plugged(Platter(spoken), model=model) as (peer, made):
        peer.put(40)
        await made.watch.weigh(5)
        await made.watch.zero(5)
        with pytest.raises(StateFault):
            await made.watch.weigh(0.3)
        peer.put(540)
        assert 500 == (await made.watch.weigh(5)).weight
        peer.put(9_000)
        await made.watch.weigh(5)
        with pytest.raises(StateFault) as caught:
            await made.watch.zero(0.4)
        assert "not-zeroed" == caught.value.name
        peer.unplug()
        await made.until(lambda: "gone" in made.states)
        with pytest.raises(DeviceFault):
            await made.watch.zero(0.1)
