from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from agent.core.identifiers import DeviceId
from agent.devices import displaying
from agent.devices.board import Board
from agent.devices.displaying import DisplayWorker
from drivers.displays.line_display import LineDisplay
from drivers.displays.models import MODELS
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.display import VirtualDisplay
from tests.devices.conftest import StillClock

POLE = DeviceId("pole")


class States(list):
    def __init__(self):
        super().__init__()
        self.gone = asyncio.Queue()


@asynccontextmanager
async def working(address, model="generic-escpos"):
    states = States()

    async def on_event(_device, _kind, data):
        states.append(data["state"])
        if data["state"] == "gone":
            states.gone.put_nowait("gone")

    board = Board(StillClock(), on_event)
    board.add(POLE, "display")
    display = LineDisplay(transport_of(parse_address(address)), MODELS[model])
    worker = DisplayWorker(POLE, display, board=board, rng=random.Random(1))
    task = asyncio.create_task(worker.run())
    try:
        yield worker, states
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("tcp", [False, True], ids=["pty", "tcp"])
async def test_what_is_shown_last_stands_on_the_display(tcp):
    """A customer would read a line that was sold long before, while the queue is worked off."""
    async with VirtualDisplay(tcp=tcp) as peer, working(peer.address) as (worker, states):
        assert (20, 2) == (worker.columns, worker.rows)
        for number in range(200):
            worker.show((f"Line {number}", "Total"))
        assert ("Line 199", "Total") == await peer.until(lambda lines: lines[0] == "Line 199")
        assert ["ready"] == states


@pytest.mark.asyncio
async def test_showing_never_waits_for_a_display_that_is_away(tmp_path):
    """A till would stop selling because its display was pulled out."""
    link = tmp_path / "pole"
    async with VirtualDisplay(link=link) as peer:
        peer.unplug()
        async with working(f"serial:{link}") as (worker, _):
            for number in range(1000):
                worker.show((f"{number}",))
            peer.plug()
            assert ("999", "") == await peer.until(lambda lines: lines[0] == "999")


@pytest.mark.asyncio
async def test_an_unplugged_display_is_noticed_and_shows_again_what_stood_there(
    tmp_path, monkeypatch
):
    """A display that was plugged in again would stay dark until the next sale."""
    monkeypatch.setattr(displaying, "REFRESH_S", 0.1)
    link = tmp_path / "pole"
    async with VirtualDisplay(link=link) as peer, working(f"serial:{link}") as (worker, states):
        worker.show(("Tea", "2.50"))
        await peer.until(lambda lines: lines[0] == "Tea")
        peer.unplug()
        async with asyncio.timeout(30):
            assert "gone" == await states.gone.get()
        peer.glass(b"\x0c")
        peer.plug()
        assert ("Tea", "2.50") == await peer.until(lambda lines: lines == ("Tea", "2.50"))
        assert ["ready", "gone", "ready"] == states


@pytest.mark.asyncio
async def test_a_display_that_was_switched_off_shows_its_lines_again(monkeypatch):
    """A display with a power supply of its own would stay dark until the next sale."""
    monkeypatch.setattr(displaying, "REFRESH_S", 0.1)
    async with VirtualDisplay() as peer, working(peer.address) as (worker, _):
        worker.show(("Tea", "2.50"))
        await peer.until(lambda lines: lines[0] == "Tea")
        peer.glass(b"\x1b@")
        assert ("Tea", "2.50") == await peer.until(lambda lines: lines == ("Tea", "2.50"))
