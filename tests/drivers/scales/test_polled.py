from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from agent.contracts.devices import DeviceFault
from agent.contracts.devices import WeightState as State
from agent.core.faults import InputFault
from agent.settings.model import DeviceSettings
from drivers.catalogue import build
from drivers.scales.models import MODELS
from drivers.scales.polled import Patience, PolledScale
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.transports.scripted import ScriptedTransport
from drivers.virtual.platter import Platter
from drivers.virtual.scale import VirtualScale

QUICK = Patience(every_s=0.02, answer_s=0.2, silent_s=0.5, useless_s=1.0)
"""Of who waits for a fault."""
PATIENT = Patience(every_s=0.02, answer_s=0.5, silent_s=20.0, useless_s=20.0)
"""Of who waits for an answer: the peer may be slow, because the machine is."""
PROTOCOLS = [("toledo-8217", "toledo"), ("sma-scp-0499", "sma")]


def device(address, model=None):
    return DeviceSettings(id="scale", kind="scale", address=address, model=model)


@pytest.fixture(params=PROTOCOLS, ids=[name for name, _ in PROTOCOLS])
def protocol(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["pty", "tcp"])
def tcp(request):
    return request.param


@asynccontextmanager
async def reading(peer, model, patience=PATIENT):
    scale = PolledScale(transport_of(parse_address(peer.address)), MODELS[model], patience=patience)
    async with scale.open() as readings:
        yield readings


async def until(readings, state, weight=None):
    async with asyncio.timeout(30):
        async for one in readings:
            if (state, weight) == (one.state, one.weight):
                return one
    return None


@pytest.mark.asyncio
async def test_a_weighing_from_empty_to_empty(protocol, tcp):
    """A dialogue of a real weighing would go wrong over one of the lines or protocols."""
    model, spoken = protocol
    async with VirtualScale(Platter(spoken), tcp=tcp) as peer, reading(peer, model) as readings:
        await until(readings, State.ZERO, 0)
        peer.put(1250, swings_ms=60)
        await until(readings, State.MOTION)
        before_ns = time.monotonic_ns()
        one = await until(readings, State.STABLE, 1250)
        assert before_ns < one.mono_ns <= time.monotonic_ns()
        peer.put(15_001)
        await until(readings, State.OVERWEIGHT)
        peer.put(-20)
        await until(readings, State.UNDER_ZERO)
        peer.put(0)
        await until(readings, State.ZERO, 0)


@pytest.mark.asyncio
async def test_answers_byte_by_byte(protocol):
    """A slow line would give other weights than a quick one."""
    model, spoken = protocol
    async with VirtualScale(Platter(spoken, load_g=345)) as peer, reading(peer, model) as readings:
        peer.cut = True
        await until(readings, State.STABLE, 345)


@pytest.mark.asyncio
async def test_a_tare_is_taken_off(protocol):
    """The bowl would be sold with what is in it."""
    model, spoken = protocol
    platter = Platter(spoken, load_g=1200)
    platter.tare_g = 200
    async with VirtualScale(platter) as peer, reading(peer, model) as readings:
        await until(readings, State.STABLE, 1000)


@pytest.mark.asyncio
@pytest.mark.parametrize("unit", ["lb", "g", "oz", "kg"])
async def test_units_of_an_sma_scale(unit):
    """A scale that was switched to another unit would sell by a wrong weight."""
    platter = Platter("sma", unit=unit, load_g=1000)
    async with VirtualScale(platter) as peer, reading(peer, "sma-scp-0499") as readings:
        async with asyncio.timeout(30):
            one = await anext(readings)
    assert State.STABLE is one.state
    assert abs(1000 - one.weight) <= 3


@pytest.mark.asyncio
async def test_a_scale_in_pounds_by_the_model_of_its_own():
    """American scales could not be used."""
    platter = Platter(unit="lb", load_g=454)
    async with VirtualScale(platter) as peer, reading(peer, "toledo-8217-lb") as readings:
        await until(readings, State.STABLE, 454)


@pytest.mark.asyncio
async def test_a_fault_of_the_scale_is_told():
    """A cashier would wait for a scale that has lost its zero."""
    platter = Platter("sma")
    platter.fault = "I"
    async with VirtualScale(platter) as peer, reading(peer, "sma-scp-0499") as readings:
        one = await until(readings, State.NOT_READY)
        assert "switched on" in one.detail


@pytest.mark.asyncio
async def test_a_silent_scale_is_a_fault_with_the_line_in_its_remedy(protocol, tcp):
    """A scale with a wrong parity would look like one that is empty."""
    model, spoken = protocol
    async with (
        VirtualScale(Platter(spoken), tcp=tcp) as peer,
        reading(peer, model, QUICK) as readings,
    ):
        await anext(readings)
        peer.platter.silent = True
        began = time.monotonic()
        with pytest.raises(DeviceFault) as caught:
            await until(readings, State.OVERWEIGHT)
        assert QUICK.silent_s * 0.9 < time.monotonic() - began
    assert "device-silent" == caught.value.name
    assert MODELS[model].line in caught.value.remedy


@pytest.mark.asyncio
async def test_one_damaged_answer_is_passed_over(protocol):
    """A spark on the line would close the scale, or be a weight."""
    model, spoken = protocol
    async with VirtualScale(Platter(spoken, load_g=500)) as peer, reading(peer, model) as readings:
        await until(readings, State.STABLE, 500)
        peer.garbage = [b"\x02\x0a99.?99\r", b"\xff\xfe\r"]
        async with asyncio.timeout(30):
            seen = [await anext(readings) for _ in range(5)]
    assert {500} == {one.weight for one in seen}
    assert [] == peer.garbage


@pytest.mark.asyncio
@pytest.mark.parametrize("noise", [b"\x02nonsense\r", b"\xaa" * 20, b"\x02"])
async def test_a_scale_that_only_talks_nonsense_is_a_fault(noise):
    """A wrong baud rate would never be noticed."""
    async with VirtualScale() as peer, reading(peer, "toledo-8217", QUICK) as readings:
        peer.garbage = [noise] * 1000
        with pytest.raises(DeviceFault) as caught:
            await until(readings, State.OVERWEIGHT)
    assert "device-unreadable" == caught.value.name
    assert "bits=7" in caught.value.remedy


@pytest.mark.asyncio
async def test_a_late_answer_is_never_taken_for_the_next(protocol):
    """The goods of one customer would be sold by the weight of another's."""
    model, spoken = protocol
    patience = msgspec.structs.replace(PATIENT, answer_s=QUICK.answer_s)
    async with (
        VirtualScale(Platter(spoken, load_g=1000)) as peer,
        reading(peer, model, patience) as readings,
    ):
        await until(readings, State.STABLE, 1000)
        answer = peer.hear

        def answer_late_once(data):
            """Answer by the load of now, but late; by then another load lies there."""
            peer.hear, peer.late_s = answer, QUICK.answer_s * 1.5
            peer.hear(data)
            peer.late_s = 0.0
            peer.put(2000)

        peer.hear = answer_late_once
        async with asyncio.timeout(30):
            seen = [await anext(readings) for _ in range(3)]
    assert {2000} == {one.weight for one in seen}


@pytest.mark.asyncio
async def test_a_scale_that_is_always_late_is_a_fault_not_an_old_weight():
    """A scale behind a slow network would sell by weights of the past."""
    async with VirtualScale(Platter(load_g=1000)) as peer:
        peer.late_s = QUICK.answer_s * 1.5
        async with reading(peer, "toledo-8217", QUICK) as readings:
            with pytest.raises(DeviceFault) as caught:
                await anext(readings)
    assert "too late" in caught.value.detail


@pytest.mark.asyncio
async def test_what_a_silent_scale_still_owes_is_heard_out_at_the_next_opening():
    """An answer later than the whole patience would be the first weight after reopening."""
    patience = msgspec.structs.replace(QUICK, silent_s=1.5)
    async with VirtualScale(Platter(load_g=1000), tcp=False) as peer:
        scale = PolledScale(
            transport_of(parse_address(peer.address)), MODELS["toledo-8217"], patience=patience
        )
        async with scale.open() as readings:
            await anext(readings)
            peer.platter.silent = True
            with pytest.raises(DeviceFault):
                await until(readings, State.OVERWEIGHT)
        peer.platter.silent = False
        peer.put(2000)
        opening = scale.open()
        entering = asyncio.create_task(opening.__aenter__())
        await asyncio.sleep(QUICK.silent_s / 4)
        peer.say(b"\x0201.000\r")
        readings = await entering
        one = await anext(readings)
        await opening.__aexit__(None, None, None)
    assert 2000 == one.weight


@pytest.mark.asyncio
async def test_unasked_bytes_between_two_questions_are_dropped():
    """A scale that also sends by itself would be a weight behind."""
    async with VirtualScale(Platter(load_g=700)) as peer, reading(peer, "toledo-8217") as readings:
        for _ in range(5):
            peer.say(b"\x0209.999\r")
            one = await anext(readings)
            await asyncio.sleep(0)
        assert 700 == one.weight


@pytest.mark.asyncio
async def test_unplugging_is_noticed_at_once(protocol, tcp):
    """A scale pulled out would keep its last weight."""
    model, spoken = protocol
    async with VirtualScale(Platter(spoken), tcp=tcp) as peer, reading(peer, model) as readings:
        await anext(readings)
        peer.unplug()
        with pytest.raises(DeviceFault) as caught:
            await until(readings, State.OVERWEIGHT)
    assert "device-gone" == caught.value.name


@pytest.mark.asyncio
async def test_a_virtual_scale_without_a_port():
    """A till without hardware could not be tried out with goods sold by weight."""
    for model, _ in PROTOCOLS:
        async with build(device("virtual:bananas-750g", model)).open() as readings:
            await until(readings, State.STABLE, 750)
    async with build(device("virtual:empty", "toledo-8217-lb")).open() as readings:
        await until(readings, State.ZERO, 0)


def test_the_line_is_set_as_such_scales_are_delivered():
    """IT would have to know parity and bits of a protocol from the eighties."""
    lines = {
        "serial:/dev/ttyS0": (7, "even"),
        "serial:/dev/ttyS0?baud=4800": (7, "even"),
        "serial:/dev/ttyS0?bits=8": (8, "none"),
        "serial:/dev/ttyS0?parity=odd": (8, "odd"),
    }
    for address, expected in lines.items():
        line = build(device(address))._transport._line
        assert expected == (line.bits, line.parity)
    line = build(device("serial:/dev/ttyS0", "sma-scp-0499"))._transport._line
    assert (8, "none") == (line.bits, line.parity)


def test_an_unknown_model_is_refused_with_the_likely_one():
    """A typing error would open the port with another protocol."""
    with pytest.raises(InputFault, match="toledo-8218") as caught:
        build(device("virtual:x", "toledo-8218"))
    assert "'toledo-8217'" in caught.value.remedy


@pytest.mark.asyncio
async def test_a_device_that_takes_no_bytes_is_silent():
    """A hung adapter would block the scale for ever."""

    class Stuck(ScriptedTransport):
        @asynccontextmanager
        async def open(self):
            async with super().open() as stream:

                class Full:
                    read = stream.read

                    async def write_some(self, _data):
                        await asyncio.Event().wait()

                yield Full()

    scale = PolledScale(Stuck(), MODELS["toledo-8217"], patience=QUICK)
    async with scale.open() as readings:
        with pytest.raises(DeviceFault) as caught:
            await anext(readings)
    assert "device-silent" == caught.value.name


def test_patience_is_what_the_goals_ask_for():
    """A settled weight would take longer than a quarter of a second, or a second's be believed."""
    patience = Patience()
    assert patience.every_s + patience.answer_s / 3 <= 0.25
    assert 1.0 == msgspec.structs.asdict(patience)["silent_s"]
