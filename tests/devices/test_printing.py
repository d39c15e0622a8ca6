from __future__ import annotations

import asyncio
from functools import partial

import pytest
from structlog.testing import capture_logs

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from agent.core.identifiers import DeviceId, PrintId
from agent.devices import printing
from agent.devices.board import Board
from agent.devices.queue import PrintQueue
from agent.journal import JournalBusy, prints
from agent.journal.prints import RECEIPT
from drivers.printers.conversation import Patience
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import MODELS
from drivers.transports.tcp import TcpTransport
from drivers.virtual.printer import VirtualPrinter

PRINTER = DeviceId("receipt")
QUICK = Patience(answer_s=0.2, stall_s=0.5, probe_s=0.1, fence_s=1, quiet_s=0.02)
"""Of who waits for a dead printer."""
PATIENT = Patience(answer_s=2, stall_s=5, probe_s=0.1, fence_s=20, quiet_s=0.02)
"""Of who waits for one that answers: a busy machine may be slow."""

NO_SYMBOL = b'{"language":"en","blocks":[{"type":"qr","data":"%s"}]}' % (b"x" * 5000)


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch):
    monkeypatch.setattr(printing, "TROUBLE_FIRST_S", 0.05)
    monkeypatch.setattr(printing, "TROUBLE_CAP_S", 0.1)


def over_tcp(peer, patience=PATIENT):
    transport = TcpTransport("127.0.0.1", peer.port)
    return EscPosPrinter(transport, MODELS["generic-80mm"], patience=patience)


def titles(peer):
    return [line for receipt in peer.receipts for line in receipt.lines if "Receipt" in line]


@pytest.mark.asyncio
async def test_a_job_is_printed_and_confirmed(desk):
    """A completed sale's receipt would not come out, or its job stay open for ever."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("a")
        done = await desk.told({"print_id": "a", "state": "confirmed"})
        assert ["Receipt a"] == titles(peer)
    job = await desk.job("a")
    assert ("confirmed", None, "") == (job.state, job.payload, job.reason)
    assert {"till": "till-1", "device": PRINTER, "kind": "document"}.items() <= done.items()
    states = [data["state"] for _, kind, data in desk.events if kind == "print"]
    assert ["sending", "confirmed"] == states


@pytest.mark.asyncio
async def test_jobs_come_out_in_order_and_once(desk):
    """Receipts would be swapped between customers, or a repeated request print twice."""
    names = [f"{n:02}" for n in range(12)]
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        for name in names:
            await desk.put(name)
            await desk.put(name)
        await desk.told({"print_id": names[-1], "state": "confirmed"})
        await desk.put(names[0])
        assert [f"Receipt {name}" for name in names] == titles(peer)


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", ["paper_empty", "cover_open"])
async def test_held_jobs_are_printed_when_all_is_well(desk, fault):
    """Receipts would be lost while the paper is out, or come out in another order."""
    async with VirtualPrinter() as peer:
        setattr(peer, fault, True)
        async with desk.running(printers={PRINTER: over_tcp(peer)}) as devices:
            await desk.put("a")
            await desk.put("b")
            held = await desk.told({"print_id": "b", "state": "held"})
            assert fault in held["reason"]
            assert ["held", "held"] == await desk.states("a", "b")
            assert (fault, True) == (devices.status()[0].state, bool(devices.status()[0].detail))
            setattr(peer, fault, False)
            await desk.told({"print_id": "b", "state": "confirmed"})
            await desk.told({"device": PRINTER, "state": "ready"})
            assert ["Receipt a", "Receipt b"] == titles(peer)


@pytest.mark.asyncio
async def test_what_was_sent_and_not_confirmed_is_never_sent_again(desk):
    """A customer would get two receipts, or one that is nowhere known to be in doubt."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: over_tcp(peer)}):
            await desk.told({"state": "ready"})
            peer.reset_at = peer.bytes_received + 60
            await desk.put("a")
            doubt = await desk.told({"print_id": "a", "state": "uncertain"})
            await desk.put("b")
            await desk.told({"print_id": "b", "state": "confirmed"})
        assert "disconnected" in doubt["reason"]
        assert ["uncertain", "confirmed"] == await desk.states("a", "b")
        assert ("Receipt b", "Tea") == _title_and_first_word(peer.receipts[-1])
        assert titles(peer).count("Receipt a") <= 1


def _title_and_first_word(receipt):
    return receipt.lines[0], receipt.lines[1].split()[0]


@pytest.mark.asyncio
async def test_a_printer_that_is_away_gets_its_jobs_when_it_is_back(desk):
    """A printer switched on after the agent would need a restart."""
    async with VirtualPrinter() as peer:
        port, printer = peer.port, over_tcp(peer)
    async with desk.running(printers={PRINTER: printer}):
        await desk.put("a")
        await desk.told({"print_id": "a", "state": "held"})
        async with VirtualPrinter(port=port) as peer:
            await desk.told({"print_id": "a", "state": "confirmed"})
            assert ["Receipt a"] == titles(peer)


@pytest.mark.asyncio
async def test_a_dead_printer_does_not_delay_another(desk):
    """One printer without power would stop the receipts of all tills."""
    kitchen = DeviceId("kitchen")
    async with VirtualPrinter() as dead, VirtualPrinter() as peer:
        dead.deaf = True
        printers = {kitchen: over_tcp(dead, QUICK), PRINTER: over_tcp(peer)}
        async with desk.running(printers=printers):
            await desk.told({"device": PRINTER, "state": "ready"})
            await desk.put("dead", device=kitchen)
            began = asyncio.get_running_loop().time()
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "confirmed"})
            took = asyncio.get_running_loop().time() - began
            await desk.told({"print_id": "dead", "state": "held"})
            await desk.told({"device": kitchen, "state": "unresponsive"})
    assert took < 15


@pytest.mark.asyncio
async def test_a_job_found_sending_at_the_start_is_uncertain(desk):
    """After a crash in mid-print, the receipt would be printed twice or called printed."""
    await desk.put("a")
    await desk.move("a", "sending")
    await desk.put("b")
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        doubt = await desk.told({"print_id": "a", "state": "uncertain"})
        await desk.told({"print_id": "b", "state": "confirmed"})
        assert ["Receipt b"] == titles(peer)
        assert (2, ("",)) == (len(peer.receipts), peer.receipts[0].lines)
    assert "look whether it came out" in doubt["reason"]


@pytest.mark.asyncio
async def test_raw_jobs(desk):
    """POS software could not print with its own commands."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("raw", kind="raw", payload=b"Receipt raw\n\x1dV\x00")
        await desk.told({"print_id": "raw", "state": "confirmed"})
        assert ["Receipt raw"] == titles(peer)


@pytest.mark.asyncio
async def test_receipts_are_made_from_their_sale(desk):
    """A receipt carries no document: without its sale the paper would stay empty."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("a", kind=RECEIPT, sale_id="sold")
        await desk.put("b", kind=RECEIPT, sale_id="sold", copy=True)
        await desk.told({"print_id": "b", "state": "confirmed"})
        assert ["Receipt sold", "Receipt sold copy"] == titles(peer)


@pytest.mark.asyncio
@pytest.mark.parametrize("sale_id", ["missing", None])
async def test_receipt_of_no_sale_has_failed(desk, sale_id):
    """A sale that is not there would keep every receipt behind it waiting."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("a", kind=RECEIPT, sale_id=sale_id)
        await desk.put("b")
        failed = await desk.told({"print_id": "a", "state": "failed"})
        await desk.told({"print_id": "b", "state": "confirmed"})
        assert ["Receipt b"] == titles(peer)
    assert failed["reason"]


@pytest.mark.asyncio
async def test_receipt_waits_for_a_journal_that_is_busy(desk, monkeypatch):
    """A receipt would be given up although nothing is wrong with it."""
    laid_out = iter([JournalBusy("too many requests", remedy="repeat"), None, None])
    original = desk._receipt

    def busy_once(conn, sale_id, copy):
        problem = next(laid_out)
        if problem is not None:
            raise problem
        return original(conn, sale_id, copy)

    monkeypatch.setattr(desk, "_receipt", busy_once)
    monkeypatch.setattr(printing, "TROUBLE_FIRST_S", 0.01)
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        with capture_logs():
            await desk.put("a", kind=RECEIPT, sale_id="sold")
            await desk.told({"print_id": "a", "state": "confirmed"})
        assert ["Receipt sold"] == titles(peer)


@pytest.mark.asyncio
@pytest.mark.parametrize("payload", [b"", b"{}", NO_SYMBOL])
async def test_what_can_never_be_printed_has_failed(desk, payload):
    """A broken document would block every receipt behind it."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("bad", payload=payload)
        await desk.put("b")
        failed = await desk.told({"print_id": "bad", "state": "failed"})
        await desk.told({"print_id": "b", "state": "confirmed"})
    assert failed["reason"]


@pytest.mark.asyncio
async def test_a_drawer_opens_once(desk):
    """The drawer would stay shut while a customer waits for change."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.put("kick", kind="drawer")
        await desk.told({"print_id": "kick", "state": "confirmed"})
        assert 1 == peer.drawer_kicks
    told = [(kind, data["state"]) for _, kind, data in desk.events if data.get("kind") == "drawer"]
    assert [("drawer", "sending"), ("drawer", "confirmed")] == told


@pytest.mark.asyncio
async def test_a_drawer_asked_for_in_the_moment_of_the_start_opens(desk):
    """The first customer's drawer would stay shut, and be told to be from before the start."""
    async with VirtualPrinter() as peer:
        asked = partial(desk.put, "kick", kind="drawer")
        async with desk.running(printers={PRINTER: over_tcp(peer)}, first=asked):
            await desk.told({"print_id": "kick", "state": "confirmed"})
        assert 1 == peer.drawer_kicks


@pytest.mark.asyncio
async def test_a_drawer_never_opens_later(desk):
    """The drawer would open by itself when the roll is changed."""
    async with VirtualPrinter() as peer:
        peer.paper_empty = True
        async with desk.running(printers={PRINTER: over_tcp(peer)}):
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            await desk.put("kick", kind="drawer")
            failed = await desk.told({"print_id": "kick", "state": "failed"})
            peer.paper_empty = False
            await desk.told({"print_id": "a", "state": "confirmed"})
        assert 0 == peer.drawer_kicks
    assert "paper_empty" in failed["reason"]


@pytest.mark.asyncio
async def test_a_drawer_asked_for_before_the_start_stays_shut(desk):
    """The drawer would open by itself when the agent is started."""
    await desk.put("kick", kind="drawer")
    await desk.put("sent", kind="drawer")
    await desk.move("sent", "sending")
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.told({"print_id": "sent", "state": "failed"})
        assert ["expired", "failed"] == await desk.states("kick", "sent")
        assert 0 == peer.drawer_kicks


@pytest.mark.asyncio
async def test_a_drawer_behind_a_long_print_stays_shut(desk, monkeypatch):
    """The drawer would open for the next customer, or for nobody."""
    monkeypatch.setattr(printing, "KICK_WITHIN_S", 0.1)
    async with VirtualPrinter() as peer:
        peer.slow_s = 0.15
        async with desk.running(printers={PRINTER: over_tcp(peer)}):
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "sending"})
            await desk.put("kick", kind="drawer")
            await desk.told({"print_id": "kick", "state": "expired"})
        assert 0 == peer.drawer_kicks


class BuggyPrinter:
    """Fails in a way no driver should, each time it is asked to print."""

    async def print_document(self, _):
        raise ZeroDivisionError("a bug")

    async def print_raw(self, _):
        return PrintResult(PrintOutcome.SUCCESS, sent=True)

    async def kick_drawer(self):
        raise ZeroDivisionError("a bug")

    async def status(self):
        return PrintResult(PrintOutcome.SUCCESS, sent=False)

    async def watch(self):
        yield await self.status()
        await asyncio.Event().wait()


@pytest.mark.asyncio
async def test_a_driver_with_a_bug(desk):
    """A bug in a driver would print a receipt twice, or end the agent."""
    with capture_logs() as logs:
        async with desk.running(printers={PRINTER: BuggyPrinter()}):
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "uncertain"})
    assert "a printer's driver failed" in {entry["event"] for entry in logs}


@pytest.mark.asyncio
async def test_a_worker_that_failed_begins_again(desk):
    """One failure would leave a printer dead until the agent is restarted."""
    with capture_logs():
        async with desk.running(printers={PRINTER: BuggyPrinter()}) as devices:
            await desk.put("kick", kind="drawer")
            await desk.told({"device": PRINTER, "state": "broken"})
            await desk.told({"print_id": "kick", "state": "failed"})
            await desk.put("raw", kind="raw", payload=b"x")
            await desk.told({"print_id": "raw", "state": "confirmed"})
            assert "ready" == devices.status()[0].state


class NotingPrinter:
    """Prints everything, and has something to say about it."""

    async def status(self):
        return PrintResult(PrintOutcome.SUCCESS, sent=False, detail="the paper is nearly out")

    async def watch(self):
        yield await self.status()
        await asyncio.Event().wait()

    async def print_document(self, document):
        del document
        return PrintResult(PrintOutcome.SUCCESS, sent=True, detail="shown as boxes: \u8336")


@pytest.mark.asyncio
async def test_what_there_is_to_know_of_a_success_is_told(desk):
    """Nobody would hear that names came out as boxes, or that the roll will end in the queue."""
    async with desk.running(printers={PRINTER: NotingPrinter()}) as devices:
        await desk.told({"state": "ready"})
        assert "the paper is nearly out" == devices.status()[0].detail
        await desk.put("a")
        told = await desk.told({"print_id": "a", "state": "confirmed"})
    assert "shown as boxes: \u8336" == told["reason"]


@pytest.mark.asyncio
async def test_stopping_lets_a_receipt_come_out_whole(desk):
    """Each restart for an update would leave a receipt in doubt."""
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: over_tcp(peer)}):
            await desk.told({"state": "ready"})
            peer.slow_s = 0.05
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "sending"})
        assert ["confirmed"] == await desk.states("a")


@pytest.mark.asyncio
async def test_an_idle_printer_is_watched(desk):
    """The cashier would learn that the paper is out only from a missing receipt."""
    async with VirtualPrinter() as peer, desk.running(printers={PRINTER: over_tcp(peer)}):
        await desk.told({"state": "ready"})
        peer.cover_open = True
        told = await desk.told({"state": "cover_open"}, timeout_s=15)
    assert "close it" in told["detail"]


@pytest.mark.asyncio
async def test_a_journal_that_cannot_be_written(desk, monkeypatch):
    """A full disk would end printing until a restart."""
    real = desk.journal.write
    failures = [DeviceFault("disk full", remedy="make room")]

    async def write(function):
        if failures:
            raise failures.pop()
        return await real(function)

    async with VirtualPrinter() as peer:
        await desk.put("a")
        monkeypatch.setattr(desk.journal, "write", write)
        with capture_logs():
            async with desk.running(printers={PRINTER: over_tcp(peer)}):
                await desk.told({"print_id": "a", "state": "confirmed"})
        assert ["Receipt a"] == titles(peer)


@pytest.mark.asyncio
async def test_a_job_asked_for_at_another_printer_meanwhile_comes_out_at_one(desk):
    """A receipt that two printers have read from the journal would come out twice, unmarked."""
    board = Board(desk.clock, lambda *_: asyncio.sleep(0))
    here, there = (
        PrintQueue(DeviceId(name), desk.journal, desk.clock, board) for name in ("receipt", "spare")
    )
    await desk.put("a")
    await desk.move("a", "held")
    (read,) = await here.waiting()

    def ask(conn):
        return prints.ask_again(
            conn, PrintId("a"), device=DeviceId("spare"), stamp=desk.clock.stamp(), reason=""
        )

    await desk.journal.write(ask)
    (asked,) = await there.waiting()
    assert None is await here.move(read, "sending")
    assert "sending" == (await there.move(asked, "sending")).state
    assert None is await there.move(asked, "sending")
