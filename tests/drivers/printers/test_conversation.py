from __future__ import annotations

import asyncio
import os
import tty
from contextlib import aclosing, asynccontextmanager, suppress

import msgspec
import pytest

from agent.contracts.devices import PrintOutcome, PrintResult
from agent.core.faults import InputFault
from agent.core.receipt.document import Barcode, Cut, Qr, ReceiptDocument, Row, Text
from drivers.printers.conversation import Patience
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import MODELS
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.tcp import TcpTransport
from drivers.virtual.paper import Paper
from drivers.virtual.printer import VirtualPrinter

QUICK = Patience(
    answer_s=0.6, stall_s=0.8, probe_s=0.1, fence_s=0.8, bytes_per_s=100_000, quiet_s=0.02
)
RECEIPT = ReceiptDocument(
    "en", (Text("Shop"), *(Row(f"Item {n}", "1.00") for n in range(40)), Barcode("s1-7"), Cut())
)
MODEL = MODELS["epson-tm-t20iii"]
COUNTED = MODELS["generic-80mm"]
"""Its fence is `GS r`, whose answers can only be counted."""


def over_tcp(printer, patience=QUICK):
    return EscPosPrinter(TcpTransport("127.0.0.1", printer.port), MODEL, patience=patience)


@asynccontextmanager
async def serial_printer():
    """The same mechanism behind a pty: what the driver writes is fed to it by the event loop."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    paper = Paper()

    def feed():
        os.write(ours, paper.feed(os.read(ours, 4096)))

    loop = asyncio.get_running_loop()
    loop.add_reader(ours, feed)
    try:
        yield (
            paper,
            EscPosPrinter(SerialTransport(SerialLine(os.ttyname(theirs))), MODEL, patience=QUICK),
        )
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)


@pytest.mark.asyncio
async def test_a_receipt_over_tcp():
    """The commonest case of all would not work."""
    async with VirtualPrinter() as peer:
        result = await over_tcp(peer).print_document(RECEIPT)
        receipt = await peer.next_receipt()
    assert PrintResult(PrintOutcome.SUCCESS, sent=True, drawer_high=False) == result
    assert ("Shop", "s1-7") == (receipt.lines[0], receipt.barcodes[0])
    assert [] == peer.paper.unknown


@pytest.mark.asyncio
async def test_a_receipt_over_a_serial_line():
    """A printer on a serial line would not print, or a long receipt would be cut off."""
    long = ReceiptDocument("en", (*(Row(f"Item {n}", "1.00") for n in range(500)), Cut()))
    async with serial_printer() as (paper, printer):
        results = [await printer.print_document(document) for document in (long, RECEIPT)]
    assert [PrintOutcome.SUCCESS] * 2 == [result.outcome for result in results]
    assert (500, "Shop") == (len(paper.receipts[0].lines), paper.receipts[1].lines[0])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("paper_empty", PrintOutcome.PAPER_EMPTY), ("cover_open", PrintOutcome.COVER_OPEN)],
)
async def test_a_known_fault_refuses_before_sending(fault, outcome):
    """A job would lie in a printer that cannot print it, and come out twice later."""
    async with VirtualPrinter() as peer:
        setattr(peer, fault, True)
        printer = over_tcp(peer)
        results = [
            await printer.print_document(RECEIPT),
            await printer.kick_drawer(),
            await printer.status(),
        ]
        setattr(peer, fault, False)
        assert (0, 0, ()) == (len(peer.receipts), peer.drawer_kicks, peer.paper.unfinished)
        again = await printer.print_document(RECEIPT)
    assert [(outcome, False)] * 3 == [(result.outcome, result.sent) for result in results]
    assert all(result.detail for result in results)
    assert PrintOutcome.SUCCESS == again.outcome


@pytest.mark.asyncio
async def test_paper_that_ends_in_the_middle():
    """A half receipt would be called printed, or be printed again by itself."""
    async with VirtualPrinter() as peer:
        peer.paper.lines_left = 5
        result = await over_tcp(peer).print_document(RECEIPT)
        assert (PrintOutcome.PAPER_EMPTY, True) == (result.outcome, result.sent)
        assert 5 == len(peer.paper.unfinished)
        peer.paper_empty = False
        assert 42 <= len((await peer.next_receipt()).lines)


@pytest.mark.asyncio
async def test_a_silent_printer():
    """A dead printer would hold its worker for ever, or be sent a job."""
    async with VirtualPrinter() as peer:
        peer.silence = True
        result = await over_tcp(peer).print_document(RECEIPT)
        assert (PrintOutcome.UNRESPONSIVE, False) == (result.outcome, result.sent)
        assert 3 == peer.bytes_received


@pytest.mark.asyncio
async def test_a_printer_that_falls_silent():
    """A job that may be on paper would be sent again."""
    async with VirtualPrinter() as peer:
        printer = over_tcp(peer)
        await printer.print_document(RECEIPT)
        peer.on_receipt = lambda _: setattr(peer, "silence", True)
        result = await printer.print_document(RECEIPT)
    assert (PrintOutcome.UNRESPONSIVE, True) == (result.outcome, result.sent)


@pytest.mark.asyncio
@pytest.mark.parametrize("at", [3, 9])
async def test_a_reset_before_the_job(at):
    """A receipt nobody has seen would be called uncertain."""
    async with VirtualPrinter() as peer:
        peer.reset_at = at
        result = await over_tcp(peer).print_document(RECEIPT)
        assert (PrintOutcome.DISCONNECTED, False) == (result.outcome, result.sent)
        assert (0, ()) == (len(peer.receipts), peer.paper.unfinished)


@pytest.mark.asyncio
async def test_a_reset_in_the_middle_and_the_next_job():
    """A half-sent job would be sent again by itself, or swallow the next receipt."""
    async with VirtualPrinter() as peer:
        printer = over_tcp(peer)
        document = ReceiptDocument("en", (Text("漢" * 20), Text("end"), Cut()))
        peer.reset_at = 100
        broken = await printer.print_document(document)
        assert (PrintOutcome.DISCONNECTED, True) == (broken.outcome, broken.sent)
        again = await printer.print_document(RECEIPT)
        receipt = await peer.next_receipt()
    assert PrintOutcome.SUCCESS == again.outcome
    assert "Item 39" in receipt.text


@pytest.mark.asyncio
async def test_nobody_listens():
    """A printer that is switched off would be a bug instead of a result."""
    async with VirtualPrinter() as peer:
        printer = over_tcp(peer)
    result = await printer.print_document(RECEIPT)
    assert (PrintOutcome.DISCONNECTED, False) == (result.outcome, result.sent)
    assert "check" in result.detail


@pytest.mark.asyncio
async def test_a_slow_printer_is_waited_for():
    """A long receipt would be called failed while it is still being printed."""
    patience = Patience(answer_s=0.5, stall_s=0.9, probe_s=0.1, fence_s=5, quiet_s=0.02)
    async with VirtualPrinter() as peer:
        peer.slow_s = 0.005
        long = ReceiptDocument("en", (*(Row(f"Item {n}", "1.00") for n in range(200)), Cut()))
        began = asyncio.get_running_loop().time()
        result = await over_tcp(peer, patience).print_document(long)
        took = asyncio.get_running_loop().time() - began
    assert PrintOutcome.SUCCESS == result.outcome
    assert took > patience.stall_s


@pytest.mark.asyncio
async def test_a_printer_without_the_fence():
    """A wrong model would hold the queue for ever, without a hint."""
    paper = Paper()

    def without_fence(data):
        answered = paper.feed(data)
        return bytes(byte for byte in answered if byte & 0x90)

    first = EscPosPrinter(ScriptedTransport(answers=without_fence), COUNTED, patience=QUICK)
    result = await first.print_document(RECEIPT)
    assert (PrintOutcome.UNRESPONSIVE, False) == (result.outcome, result.sent)
    paper_answers = ScriptedTransport(answers=_fence_once(paper))
    result = await EscPosPrinter(paper_answers, COUNTED, patience=QUICK).print_document(RECEIPT)
    assert (PrintOutcome.UNRESPONSIVE, True) == (result.outcome, result.sent)
    assert "right model" in result.detail


def _fence_once(paper):
    fences = [b"\x00"]

    def answers(data):
        said = b""
        for byte in paper.feed(data):
            if byte & 0x90:
                said += bytes((byte,))
            elif fences:
                said += fences.pop()
        return said

    return answers


@pytest.mark.asyncio
async def test_an_error_is_asked_for_its_cause():
    """The cashier would see "error" and not know what to press."""

    def jammed(data):
        return {b"\x10\x04\x02": b"\x52", b"\x10\x04\x03": b"\x1a"}.get(data, b"\x12")

    result = await EscPosPrinter(ScriptedTransport(answers=jammed), MODEL).status()
    assert (PrintOutcome.ERROR, False) == (result.outcome, result.sent)
    assert "cutter" in result.detail


@pytest.mark.asyncio
async def test_a_late_answer_to_an_earlier_job_is_not_taken_for_this_one():
    """A receipt would be called printed because an earlier one was."""
    paper = Paper()
    late = [b"\x00\x00", b""]  # two fences of an earlier process, still on their way

    def answers(data):
        return (late.pop(0) if b"\x1dr\x01" in data and late else b"") + _status(paper.feed(data))

    printer = EscPosPrinter(ScriptedTransport(answers=answers), COUNTED, patience=QUICK)
    result = await printer.print_document(RECEIPT)
    assert (PrintOutcome.UNRESPONSIVE, True) == (result.outcome, result.sent)


def _status(answer):
    return bytes(byte for byte in answer if byte & 0x90)


@pytest.mark.asyncio
async def test_a_drawer_opens():
    """The drawer would stay shut, or open at the next print."""
    async with VirtualPrinter() as peer:
        result = await over_tcp(peer).kick_drawer()
        assert (PrintOutcome.SUCCESS, 1) == (result.outcome, peer.drawer_kicks)


@pytest.mark.asyncio
async def test_raw_bytes_pass_unchanged():
    """What POS software wrote for its printer would come out altered."""
    async with VirtualPrinter() as peer:
        result = await over_tcp(peer).print_raw(b"\x1b@raw\n\x1dV\x00")
        receipt = await peer.next_receipt()
    assert (PrintOutcome.SUCCESS, ("raw",)) == (result.outcome, receipt.lines)


@pytest.mark.asyncio
async def test_characters_without_a_font_are_told():
    """A box on paper would be silent about what stood there."""
    async with VirtualPrinter() as peer:
        document = ReceiptDocument("en", (Text("\ue000"), Cut()))
        result = await over_tcp(peer).print_document(document)
    assert "U+E000" in result.detail


@pytest.mark.asyncio
async def test_what_can_never_be_printed_is_a_fault():
    """A document no printer can print would be tried for ever."""
    async with VirtualPrinter() as peer:
        with pytest.raises(InputFault):
            await over_tcp(peer).print_document(ReceiptDocument("en", (Qr("x" * 5000),)))


@pytest.mark.asyncio
async def test_cancelled_in_the_middle():
    """After a stop in mid-job, its late answer would confirm the next job."""
    paper, sent = Paper(), asyncio.Event()

    def answers(data):
        if b"Item 39" in data:
            sent.set()
            paper.offline = True
        return paper.feed(data)

    printer = EscPosPrinter(ScriptedTransport(answers=answers), MODEL, patience=QUICK)
    await printer.kick_drawer()
    assert not printer._unsettled
    task = asyncio.create_task(printer.print_document(RECEIPT))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert printer._unsettled


@asynccontextmanager
async def late_printer(late_s):
    """A printer on a pty that takes its time for each answer; its drawer is open."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    paper, asked = Paper(), asyncio.Event()
    paper.drawer.is_open = True
    loop = asyncio.get_running_loop()

    def feed():
        asked.set()
        answer = paper.take(os.read(ours, 4096))
        if answer:
            loop.call_later(late_s, os.write, ours, answer)

    loop.add_reader(ours, feed)
    try:
        yield SerialTransport(SerialLine(os.ttyname(theirs))), asked
    finally:
        loop.remove_reader(ours)
        await asyncio.sleep(2 * late_s)
        os.close(ours)
        os.close(theirs)


@pytest.mark.asyncio
@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize("late_s", [0.04, 0.1])
async def test_an_answer_to_a_watch_that_was_cut_off_is_not_taken_for_another(hold, late_s):
    """Each answer would be read as the next question's: a shut drawer, or an open cover."""
    patience = Patience(answer_s=1, stall_s=1, quiet_s=0.08)
    async with late_printer(late_s) as (transport, asked):
        printer = EscPosPrinter(transport, MODEL, hold=hold, patience=patience)

        async def watch():
            async with aclosing(printer.watch()) as conditions:
                async for _ in conditions:
                    pass

        watching = asyncio.create_task(watch())
        await asked.wait()
        watching.cancel()
        await asyncio.wait({watching})
        status = await printer.status()
    assert (PrintOutcome.SUCCESS, True) == (status.outcome, status.drawer_high)


@pytest.mark.asyncio
async def test_a_printer_that_sends_without_end():
    """A line set wrongly would keep its worker listening for ever, and every receipt waiting."""
    paper = Paper()

    hung_up = asyncio.Event()

    async def babble(reader, writer):
        with suppress(ConnectionError):
            while not reader.at_eof():
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.005):
                        writer.write(paper.feed(await reader.read(4096)))
                writer.write(b"\xff")
                await writer.drain()
        writer.transport.abort()
        hung_up.set()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        # A busy machine lets it be silent for longer than a quick test calls quiet.
        patience = msgspec.structs.replace(QUICK, quiet_s=0.5)
        printer = EscPosPrinter(TcpTransport("127.0.0.1", port), MODEL, patience=patience)
        async with asyncio.timeout(30):
            result = await printer.print_document(RECEIPT)
            await hung_up.wait()
    assert (PrintOutcome.UNRESPONSIVE, False) == (result.outcome, result.sent)
    assert "without end" in result.detail
    assert [] == paper.receipts
