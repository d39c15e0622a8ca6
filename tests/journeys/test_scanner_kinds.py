"""A scanner of each kind at the real program: typing, reporting, and with a network cable."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from agent.daemon.demo.watching import Watcher
from drivers.virtual.hid_pos import VirtualHidPos
from drivers.virtual.tcp_scanner import VirtualTcpScanner
from drivers.virtual.wedge import VirtualWedge
from tests.journeys import lone
from tests.journeys.lone import OTHER_TILL, SETTINGS, lone_agent

KINDS = ("wedge", "hid", "net")
SYMBOL = "]C1010950600013435210ABC\x1d21S-1"
DEVICE = """
[[device]]
id = "{id}"
kind = "scanner"
address = "{address}"
{more}
"""


@pytest.fixture
def peers(tmp_path, monkeypatch):
    with ExitStack() as stack:
        wedge = stack.enter_context(VirtualWedge(tmp_path / "event5", layout="fr", gs="F8"))
        hid = stack.enter_context(VirtualHidPos(tmp_path / "hidraw0"))
        net = stack.enter_context(VirtualTcpScanner())
        made = dict(zip(KINDS, (wedge, hid, net), strict=True))
        more = {"wedge": 'layout = "fr"\nseparator = "F8"'}
        rows = [
            DEVICE.format(id=name, address=peer.address, more=more.get(name, ""))
            for name, peer in made.items()
        ]
        monkeypatch.setattr(lone, "SETTINGS", SETTINGS + "".join(rows))
        yield made


@pytest.mark.asyncio
async def test_a_scanner_of_each_kind(tmp_path, peers):
    """A scanner that its driver reads would not sell anything at the till."""
    folder = tmp_path / "agent"
    folder.mkdir()
    async with lone_agent(folder, shared=KINDS) as agent, asyncio.TaskGroup() as tasks:
        agent.watcher = Watcher(agent.url, OTHER_TILL, agent.other_token)
        watching = tasks.create_task(agent.watcher.run())
        for name, peer in peers.items():
            await agent.device(name, "ready")
            event = await scanned(name, peer, agent.watcher)
            assert (name, "]C1") == (event["data"]["device"], event["data"]["aim"])
            assert SYMBOL == event["data"]["raw"]
            peer.unplug()
            await agent.device(name, "gone")
            peer.plug()
            await agent.device(name, "ready")
        watching.cancel()


async def scanned(name, peer, watcher):
    """Scan as that kind of scanner does; give the till's event."""
    mark = watcher.mark()
    match name:
        case "hid":
            peer.scan(SYMBOL[3:].encode(), b"]C1")
        case "net":
            await asyncio.to_thread(peer.scan, SYMBOL.encode())
        case _:
            peer.scan(SYMBOL)
    return await watcher.until(mark, lambda event: event["type"] == "scan")
