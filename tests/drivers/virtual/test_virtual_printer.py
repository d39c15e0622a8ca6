from __future__ import annotations

import asyncio

import pytest

from drivers.virtual.commands import CommandReader
from drivers.virtual.paper import Paper
from drivers.virtual.printer import VirtualPrinter

JOB = b"\x1b@\x1ba\x01\x1b!\x30Shop\n\x1bt\x13\xd5 5\r\n\x1dh\x40\x1dV\x42\x00"


async def connected(printer):
    return await asyncio.open_connection("127.0.0.1", printer.port)


async def ask(printer, question, *, patience_s=5):
    reader, writer = await connected(printer)
    writer.write(question)
    try:
        return await asyncio.wait_for(reader.readexactly(1), patience_s)
    finally:
        writer.close()
        await writer.wait_closed()


def test_what_is_printed_is_read():
    """The demo and every journey would show other words than the paper."""
    paper = Paper()
    assert b"" == paper.feed(JOB)
    assert [("Shop", "€ 5")] == [receipt.lines for receipt in paper.receipts]
    assert "Shop\n€ 5" == paper.receipts[0].text
    assert [] == paper.unknown


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"\x1b*\x21\x02\x00abcdefX", ["ESC *", "text"]),
        (b"\x1b*\x00\x02\x00abX", ["ESC *", "text"]),
        (b"\x1dv0\x00\x01\x00\x02\x00\x1b\x1bX", ["GS v", "text"]),
        (b"\x1dk\x04ABC\x00X", ["GS k", "text"]),
        (b"\x1dk\x49\x02{BX", ["GS k", "text"]),
        (b"\x1d(k\x03\x001Q0X", ["GS ( k", "text"]),
        (b"\x1dV\x00\x1dV\x41\x05X", ["GS V", "GS V", "text"]),
        (b"\x1bD\x08\x10\x00\x1bp\x00\x19\xfaX", ["ESC D", "ESC p", "text"]),
        (b"\x10\x04\x01\x10\x14\x01\x00\x01\x10\x05\x01", ["DLE EOT", "DLE DC4", "DLE ENQ"]),
        (b"\x10\x99", ["DLE ?"]),
        (b"\x1b\xf0\x1c.\x01", ["ESC \xf0", "FS .", "unknown 01"]),
    ],
)
def test_commands_are_cut_at_their_ends(data, names):
    """A picture's bytes would be printed as letters, or letters swallowed as a picture."""
    whole = [command.name for command in CommandReader().feed(data)]
    reader = CommandReader()
    bytewise = [command.name for byte in data for command in reader.feed(bytes((byte,)))]
    assert names == whole == bytewise


def test_unknown_commands_are_told():
    """A driver's mistake would go unnoticed by every test."""
    paper = Paper()
    paper.feed(b"\x1b\xf0\x1bt\x63\x1d(Z\x01\x00x")
    assert ["ESC \xf0", "ESC t 99", "GS ( Z"] == paper.unknown


def test_symbols_and_pictures():
    """What is no text would be missing from what the tests see."""
    paper = Paper()
    paper.feed(b"\x1dk\x49\x08{B{{a{C\x0c\x1dk\x04ABC\x00")
    paper.feed(b"\x1d(k\x07\x001P0code\x1d(k\x03\x001Q0")
    paper.feed(b"a\x1b*\x21\x18\x00" + bytes(72) + b"b\x1bd\x02tail\x1dV\x00")
    (receipt,) = paper.receipts
    assert (("{a12", "ABC"), ("code",)) == (receipt.barcodes, receipt.qr)
    assert ("a▒▒b", "tail") == receipt.lines[-2:]


def test_condition_and_work_that_waits():
    """Faults would not look like those of a real printer."""
    paper = Paper()
    assert "12121212" == paper.feed(b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04").hex()
    paper.paper_empty = paper.cover_open = True
    assert "1a3672" == paper.feed(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04\x1dr\x01").hex()
    paper.paper_empty = paper.cover_open = False
    assert b"\x00" == paper.work()
    assert b"\x02" == paper.feed(b"\x1dI\x01")
    assert b"" == paper.feed(b"\x10\x04\x09")


def test_switching_off_forgets():
    """A power cut would print what was only in the printer's memory."""
    paper = Paper()
    paper.offline = True
    paper.feed(b"lost\n\x1b")
    paper.switch_off()
    paper.offline = False
    paper.feed(b"kept\n")
    assert ("kept",) == paper.unfinished


@pytest.mark.asyncio
async def test_answers_over_the_wire():
    """The driver's status questions would stay unanswered."""
    told = []
    async with VirtualPrinter() as printer:
        printer.on_receipt = told.append
        assert b"\x12" == await ask(printer, b"\x10\x04\x01")
        assert b"\x00" == await ask(printer, JOB + b"\x1dr\x01")
        assert "Shop" in (await printer.next_receipt()).text
        assert (printer.receipts, 2) == (told, printer.connections)
        assert f"tcp:127.0.0.1:{printer.port}" == printer.address


@pytest.mark.asyncio
async def test_new_paper_lets_work_go_on():
    """Putting in a roll in the demo would change nothing."""
    async with VirtualPrinter() as printer:
        printer.paper_empty = True
        reader, writer = await connected(printer)
        writer.write(JOB + b"\x1dr\x01")
        await writer.drain()
        with pytest.raises(TimeoutError):
            await printer.next_receipt(timeout_s=0.05)
        printer.paper_empty = False
        assert b"\x00" == await asyncio.wait_for(reader.readexactly(1), 30)
        assert "Shop" in (await printer.next_receipt()).text
        writer.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(("at", "lines"), [(0, ()), (12, ()), (13, ("Shop",))])
async def test_a_reset_to_order(at, lines):
    """A test of a broken connection would break it somewhere else."""
    async with VirtualPrinter() as printer:
        printer.reset_at = at
        reader, writer = await connected(printer)
        writer.write(JOB[:8] + b"Shop\n" + JOB[13:])
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        assert (lines, None) == (printer.paper.unfinished, printer.reset_at)


@pytest.mark.asyncio
async def test_deaf_and_silent():
    """A dead printer could not be played."""
    async with VirtualPrinter() as printer:
        for fault in ("silence", "deaf"):
            setattr(printer, fault, True)
            with pytest.raises(TimeoutError):
                await ask(printer, b"\x10\x04\x01", patience_s=0.05)
        assert 6 == printer.bytes_received
