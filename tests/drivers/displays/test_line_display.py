from __future__ import annotations

import asyncio

import pytest

from agent.contracts.devices import DeviceFault
from agent.core.faults import InputFault
from agent.settings.model import DeviceSettings
from drivers.catalogue import build
from drivers.displays.line_display import LineDisplay
from drivers.displays.models import MODELS
from drivers.transports.scripted import ScriptedTransport
from drivers.virtual.display import VirtualDisplay


def device(address, model=None):
    return DeviceSettings(id="pole", kind="display", address=address, model=model)


@pytest.mark.asyncio
@pytest.mark.parametrize("tcp", [False, True], ids=["pty", "tcp"])
@pytest.mark.parametrize("model", MODELS)
async def test_lines_arrive_on_the_glass(model, tcp):
    """A customer would see nothing, or another sale's lines."""
    async with VirtualDisplay(tcp=tcp) as peer:
        driver = build(device(peer.address, model))
        assert (20, 2) == (driver.columns, driver.rows)
        async with driver.open() as screen:
            await screen.show(["Tea             2.50", "Total           2.50"])
            await peer.until(lambda lines: lines[1].endswith("2.50"))
            await screen.show(["Thank you"])
            assert ("Thank you", "") == await peer.until(lambda lines: lines[1] == "")
        assert [] == peer.glass.unknown


@pytest.mark.asyncio
async def test_opening_wipes_what_stood_there_before():
    """The next customer would read the bill of the one before."""
    async with VirtualDisplay() as peer:
        peer.glass(b"old text")
        async with build(device(peer.address)).open():
            assert ("", "") == await peer.until(lambda lines: lines == ("", ""))


@pytest.mark.asyncio
async def test_a_display_that_went_away_is_a_fault():
    """It would be written to for ever, and nobody told."""
    async with VirtualDisplay() as peer, build(device(peer.address)).open() as screen:
        await screen.show(["Tea"])
        peer.unplug()
        with pytest.raises(DeviceFault):
            await screen.show(["Coffee"])


@pytest.mark.asyncio
async def test_a_display_that_takes_nothing_is_a_fault():
    """Flow control of a display that is off would hang the display for ever."""

    class Full:
        async def read(self):
            return b""

        async def write_some(self, _data):
            await asyncio.Event().wait()

    class Stuck(ScriptedTransport):
        def open(self):
            return _Opened()

    class _Opened:
        async def __aenter__(self):
            return Full()

        async def __aexit__(self, *_):
            return None

    display = LineDisplay(Stuck(), MODELS["generic-escpos"], stall_s=0.05)
    with pytest.raises(DeviceFault, match="takes nothing"):
        async with display.open():
            pass


@pytest.mark.asyncio
async def test_a_virtual_display_without_a_port():
    """A till could not be tried out without hardware."""
    async with build(device("virtual:pole", "generic-cd5220")).open() as screen:
        await screen.show(["Tea", "2.50"])


def test_an_unknown_model_is_refused_with_the_likely_one():
    """A typing error would send another display's commands."""
    with pytest.raises(InputFault, match="epson-dm-d11") as caught:
        build(device("virtual:x", "epson-dm-d11"))
    assert "'epson-dm-d110'" in caught.value.remedy
