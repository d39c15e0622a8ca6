"""A printer between its jobs: its condition is pushed, and the drawer behind it is followed."""

from __future__ import annotations

import asyncio

import pytest

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from agent.core.identifiers import DeviceId
from agent.devices import DrawerOptions, printing
from drivers.printers.conversation import Patience
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import MODELS
from drivers.transports.tcp import TcpTransport
from drivers.virtual.printer import VirtualPrinter

PRINTER = DeviceId("receipt")
QUICK = Patience(answer_s=2, stall_s=5, probe_s=0.1, fence_s=20, quiet_s=0.02)


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch):
    monkeypatch.setattr(printing, "TROUBLE_FIRST_S", 0.05)
    monkeypatch.setattr(printing, "TROUBLE_CAP_S", 0.1)


def on(peer, *, hold):
    transport = TcpTransport("127.0.0.1", peer.port)
    return EscPosPrinter(transport, MODELS["epson-tm-t20iii"], hold=hold, patience=QUICK)


async def until(condition):
    async with asyncio.timeout(30):
        for _ in iter(lambda: bool(condition()), True):
            await asyncio.sleep(0.01)


def now():
    return asyncio.get_running_loop().time()


@pytest.mark.asyncio
@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize("fault", ["paper_empty", "cover_open"])
async def test_a_fault_is_told_and_holds_the_next_job(desk, hold, fault):
    """The cashier would learn from a missing receipt that the paper is out (D7)."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: on(peer, hold=hold)}):
            await desk.told({"device": PRINTER, "state": "ready"})
            setattr(peer, fault, True)
            await desk.told({"state": fault})
            sent = peer.bytes_received
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            setattr(peer, fault, False)
            await desk.told({"print_id": "a", "state": "confirmed"})
        assert peer.bytes_received > sent
        assert 1 == len(peer.receipts)


@pytest.mark.asyncio
@pytest.mark.parametrize("hold", [True, False])
async def test_a_job_ends_the_watch_and_comes_out_at_once(desk, hold):
    """Each receipt would wait for the end of a pause between two looks (D8)."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: on(peer, hold=hold)}):
            await desk.told({"device": PRINTER, "state": "ready"})
            took = []
            for number in range(10):
                began = now()
                await desk.put(f"{number}")
                await desk.told({"print_id": f"{number}", "state": "confirmed"})
                took.append(now() - began)
        assert 10 == len(peer.receipts)
    assert sorted(took)[8] < 3


@pytest.mark.asyncio
@pytest.mark.parametrize("open_is", ["high", "low"])
@pytest.mark.parametrize("hold", [True, False])
async def test_the_drawer_is_followed(desk, open_is, hold):
    """Nobody would know that the drawer stands open, or a shut one be called open (D16)."""
    options = DrawerOptions(open_is=open_is, alert_s=0.3)
    async with VirtualPrinter() as peer:
        peer.paper.drawer.open_is_high = open_is == "high"
        printer = on(peer, hold=hold)
        async with desk.running(printers={PRINTER: printer}, drawer=options) as devices:
            await desk.told({"device": PRINTER, "state": "ready"})
            assert "closed" == devices.status()[0].drawer
            await desk.put("kick", kind="drawer")
            opened = await desk.told({"state": "opened"})
            assert ("kick", PRINTER) == (opened["print_id"], opened["device"])
            assert "open" == devices.status()[0].drawer
            late = await desk.told({"state": "open_too_long"}, timeout_s=15)
            assert opened["since"] == late["since"]
            peer.drawer_open = False
            await desk.told({"device": PRINTER, "state": "closed"}, timeout_s=15)
            assert "closed" == devices.status()[0].drawer
    told = [data for _, kind, data in desk.events if kind == "drawer" and "kind" not in data]
    assert ["opened", "open_too_long", "closed"] == [data["state"] for data in told]


@pytest.mark.asyncio
async def test_an_unknown_drawer_is_learnt_from_its_kick(desk):
    """A drawer whose wiring nobody wrote down would be claimed open while it is shut."""
    async with VirtualPrinter() as peer:
        peer.paper.drawer.open_is_high = False
        async with desk.running(printers={PRINTER: on(peer, hold=True)}) as devices:
            await desk.told({"device": PRINTER, "state": "ready"})
            peer.drawer_open = True
            await asyncio.sleep(0.1)
            peer.drawer_open = False
            await asyncio.sleep(0.1)
            assert "" == devices.status()[0].drawer
            await desk.put("kick", kind="drawer")
            await desk.told({"state": "opened"}, timeout_s=15)
            await until(lambda: 'set drawer_open_is = "low"' in devices.status()[0].detail)
            peer.drawer_open = False
            await desk.told({"device": PRINTER, "state": "closed"}, timeout_s=15)
    told = [data for _, kind, data in desk.events if kind == "drawer" and "kind" not in data]
    assert ["opened", "closed"] == [data["state"] for data in told]


@pytest.mark.asyncio
async def test_a_kick_goes_before_held_receipts(desk):
    """A customer would wait for change until somebody has put in a new roll."""
    async with VirtualPrinter() as peer:
        peer.cover_open = True
        async with desk.running(printers={PRINTER: on(peer, hold=False)}):
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            await desk.put("kick", kind="drawer")
            await desk.told({"print_id": "kick", "kind": "drawer", "state": "failed"})
    assert ["held"] == await desk.states("a")


class Silent:
    """A printer that takes a kick and never answers."""

    async def watch(self):
        yield PrintResult(PrintOutcome.SUCCESS, sent=False)
        await asyncio.Event().wait()

    async def kick_drawer(self):
        await asyncio.Event().wait()


@pytest.mark.asyncio
async def test_a_kick_that_is_not_taken_is_dropped(desk, monkeypatch):
    """A drawer would spring open minutes later, and nobody had been told why it did not."""
    monkeypatch.setattr(printing, "KICK_WITHIN_S", 1.0)
    async with desk.running(printers={PRINTER: Silent()}):
        await desk.put("kick", kind="drawer")
        told = await desk.told({"print_id": "kick", "state": "failed"})
    assert "dropped" in told["reason"]


class Sulking:
    """A printer that seems well, and takes nothing of some jobs."""

    def __init__(self, *sulks):
        self.sulks = sulks
        self.printed = []

    async def watch(self):
        while True:
            yield PrintResult(PrintOutcome.SUCCESS, sent=False)
            await asyncio.Event().wait()

    async def print_document(self, document):
        title = document.blocks[0].text
        if title in self.sulks:
            return PrintResult(PrintOutcome.UNRESPONSIVE, sent=False, detail="it sulks")
        self.printed.append(title)
        return PrintResult(PrintOutcome.SUCCESS, sent=True)


@pytest.mark.asyncio
async def test_a_job_the_printer_never_takes_does_not_block_the_others(desk):
    """One poisonous job would keep every receipt behind it from coming out."""
    printer = Sulking("Receipt bad")
    await desk.put("bad")
    await desk.put("b")
    await desk.put("c")
    async with desk.running(printers={PRINTER: printer}):
        await desk.told({"print_id": "c", "state": "confirmed"})
        printer.sulks = ()
        await desk.told({"print_id": "bad", "state": "confirmed"})
    assert ["Receipt b", "Receipt c", "Receipt bad"] == printer.printed


class Dying:
    """A printer whose driver breaks its word: the watch ends, or fails."""

    def __init__(self):
        self.looks = 0

    async def watch(self):
        self.looks += 1
        if self.looks == 1:
            return
        if self.looks == 2:
            raise DeviceFault("the cable is out", remedy="plug it in")
        yield PrintResult(PrintOutcome.SUCCESS, sent=False)
        await asyncio.Event().wait()


@pytest.mark.asyncio
async def test_a_watch_that_ends_is_begun_again(desk):
    """A printer would be taken for well for ever, whatever became of it."""
    async with desk.running(printers={PRINTER: Dying()}):
        await desk.told({"state": "disconnected"})
        await desk.told({"state": "ready"})


@pytest.mark.asyncio
async def test_a_copy_of_raw_bytes_is_marked(desk):
    """Bytes nobody can read would come out a second time without a word (P7)."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: on(peer, hold=False)}):
            await desk.put("raw", kind="raw", payload=b"Receipt raw\n\x1dV\x00", copy=True)
            await desk.told({"print_id": "raw", "state": "confirmed"})
        assert ["*** COPY ***", "Receipt raw"] == [
            line.strip() for line in peer.receipts[0].lines if line.strip()
        ]


@pytest.mark.asyncio
async def test_a_copy_of_raw_bytes_whose_mark_did_not_come_out(desk):
    """A mark without its copy, or a copy without its mark, would be called printed."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: on(peer, hold=False)}):
            await desk.told({"state": "ready"})
            peer.reset_at = peer.bytes_received + 40
            await desk.put("raw", kind="raw", payload=b"Receipt raw\n\x1dV\x00", copy=True)
            await desk.told({"print_id": "raw", "state": "uncertain"})
        assert "Receipt raw" not in "".join(receipt.text for receipt in peer.receipts)
