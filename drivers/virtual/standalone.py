"""A virtual printer as a program of its own: it outlives whoever prints on it, as a real one does.

    python -m drivers.virtual.standalone --family escpos --on tcp:127.0.0.1:0 --receipts FILE

Its first line is its address. What comes out of it is appended to FILE, one JSON object a line, as
it is cut off: `{"kind": "receipt", "lines": […], "qr": […], "barcodes": […]}`, and each pulse of
the drawer as `{"kind": "drawer", "pin": 2, "on_ms": 120}`. Faults are switched by the commands of
`COMMANDS` on its standard input; each is answered by a line, `ok` or why not. It ends when its
standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from drivers.virtual.machine import Machine
from drivers.virtual.mechanism import Mechanism, PrintedReceipt, Pulse
from drivers.virtual.paper import Paper
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.serial_printer import SerialVirtualPrinter
from drivers.virtual.star_paper import StarPaper

FAMILIES: dict[str, Callable[[bool], Mechanism]] = {
    "escpos": lambda _: Paper(),
    "star": lambda network: StarPaper(network=network),
}
"""What `--family` may say → how it is made; a Star on a network speaks a little differently."""


def virtual_printer(family: str, on: str, *, link: Path | None = None) -> Machine:
    """Make a printer.

    Args:
        family: a key of `FAMILIES`.
        on: `tcp:HOST:PORT` (port 0 for any that is free) or `pty`.
        link: of a `pty`, the path it is to have, also after a reset.

    Raises:
        ValueError: `on` has neither form.
    """
    paper = FAMILIES[family](on != "pty")
    if on == "pty":
        return SerialVirtualPrinter(paper=paper, link=link)
    kind, _, place = on.partition(":")
    host, _, port = place.rpartition(":")
    if kind != "tcp" or not host or not port.isdecimal():
        raise ValueError(f"{on!r} is neither tcp:HOST:PORT nor pty")
    return VirtualPrinter(host, int(port), paper=paper)


class Journal:
    """Writes down what comes out of a printer, at once."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def receipt(self, receipt: PrintedReceipt) -> None:
        """Write a receipt down."""
        self._write(kind="receipt", lines=receipt.lines, qr=receipt.qr, barcodes=receipt.barcodes)

    def pulse(self, pulse: Pulse) -> None:
        """Write a pulse of the drawer down."""
        self._write(kind="drawer", pin=pulse.pin, on_ms=pulse.on_ms)

    def _write(self, **fields: str | int | tuple[str, ...]) -> None:
        self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        self._file.flush()


def _switch(name: str) -> Callable[[Machine, str], None]:
    def turn(machine: Machine, word: str) -> None:
        if word not in ("on", "off"):
            raise ValueError("write `on` or `off`")
        setattr(machine, name, word == "on")

    return turn


def _reset_at(machine: Machine, word: str) -> None:
    machine.reset_at = None if word == "off" else machine.bytes_received + int(word)


def _slow(machine: Machine, word: str) -> None:
    machine.slow_s = float(word)


def _lines_left(machine: Machine, word: str) -> None:
    machine.paper.lines_left = int(word)


def _power_cycle(machine: Machine, _: str) -> None:
    machine.power_cycle()


def _hang_up(machine: Machine, _: str) -> None:
    machine.hang_up()


COMMANDS: dict[str, Callable[[Machine, str], None]] = {
    **{
        name: _switch(name)
        for name in ("paper_empty", "cover_open", "silence", "deaf", "half_open", "drawer_open")
    },
    "reset_at": _reset_at,
    "slow": _slow,
    "lines_left": _lines_left,
    "power_cycle": _power_cycle,
    "hang_up": _hang_up,
}
"""First word of a command → what it does to the printer; `reset_at` counts bytes from now on."""


def command(machine: Machine, line: str) -> str:
    """Obey one line of standard input; give what is answered."""
    name, _, word = line.strip().partition(" ")
    if name not in COMMANDS:
        return f"unknown command {name!r}: {', '.join(COMMANDS)}"
    try:
        COMMANDS[name](machine, word.strip())
    except ValueError as problem:
        return f"{name}: {problem}"
    return "ok"


async def serve_virtual_printer(machine: Machine, journal: Journal, ask: TextIO) -> None:
    """Print until the input ends; the address is told first."""
    machine.on_receipt = journal.receipt
    machine.paper.drawer.on_pulse = journal.pulse
    async with machine:
        _tell(machine.address)
        lines = await _lines(ask)
        while line := await lines.readline():
            _tell(command(machine, line.decode()))


async def _lines(file: TextIO) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), file
    )
    return reader


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m drivers.virtual.standalone")
    parser.add_argument("--family", choices=FAMILIES, default="escpos")
    parser.add_argument("--on", default="tcp:127.0.0.1:0", help="tcp:HOST:PORT or pty")
    parser.add_argument("--link", type=Path, help="path of a pty; a temporary one where absent")
    parser.add_argument("--receipts", type=Path, required=True, help="file to append to")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(chosen.receipts.open("a", encoding="utf-8"))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="virtual-printer-"))
        link = chosen.link or Path(folder) / "port"
        try:
            machine = virtual_printer(chosen.family, chosen.on, link=link)
        except ValueError as problem:
            parser.error(str(problem))
        asyncio.run(serve_virtual_printer(machine, Journal(file), sys.stdin))


if __name__ == "__main__":
    main()
