from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agent.contracts.devices import PrintOutcome
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.standalone import COMMANDS, command, virtual_printer
from tests.drivers.printers.rigs import RECEIPT, Rig, driver


class Program:
    """The program beside the test, as it runs beside an agent that is killed."""

    def __init__(self, family, on, receipts):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "drivers.virtual.standalone"),
                *("--family", family, "--on", on, "--receipts", str(receipts)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        assert 0 == self.process.wait(10)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().strip()


@pytest.mark.asyncio
@pytest.mark.parametrize("on", ["tcp:127.0.0.1:0", "pty"])
@pytest.mark.parametrize(
    ("family", "model"), [("escpos", "epson-tm-t20iii"), ("star", "star-tsp650ii")]
)
async def test_a_printer_that_outlives_the_agent(family, model, on, tmp_path):
    """What came out of a printer while an agent was killed could not be counted."""
    receipts = tmp_path / "receipts.jsonl"
    with Program(family, on, receipts) as program:
        transport = transport_of(parse_address(program.address))
        printer = driver(Rig("own", model, "any"), transport)
        results = [await printer.print_document(RECEIPT), await printer.kick_drawer()]
        assert "ok" == program.say("cover_open on")
        results.append(await printer.print_document(RECEIPT))
        assert "ok" == program.say("cover_open off")
        assert "unknown command" in program.say("nonsense")
        assert "ok" == program.say("power_cycle")
        results.append(await printer.print_document(RECEIPT))
    assert [
        PrintOutcome.SUCCESS,
        PrintOutcome.SUCCESS,
        PrintOutcome.COVER_OPEN,
        PrintOutcome.SUCCESS,
    ] == [result.outcome for result in results]
    came_out = [json.loads(line) for line in receipts.read_text().splitlines()]
    assert ["receipt", "drawer", "receipt"] == [each["kind"] for each in came_out]
    assert ["s1-7"] == came_out[0]["barcodes"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("paper_empty maybe", "write `on` or `off`"),
        ("slow soon", "could not convert"),
        ("reset_at x", "invalid literal"),
        ("", ", ".join(COMMANDS)),
    ],
)
def test_mistakes_are_told(line, answer):
    """A test would believe that a fault is on which is not."""
    assert answer in command(virtual_printer("escpos", "tcp:127.0.0.1:0"), line)


@pytest.mark.asyncio
async def test_faults_are_switched():
    """A kill would be tried against a printer without the fault it is to have."""
    machine = virtual_printer("star", "tcp:127.0.0.1:0")
    for line in ("silence on", "deaf on", "slow 0.5", "lines_left 3", "reset_at 10"):
        assert "ok" == command(machine, line)
    assert (True, True, 0.5, 3, 10) == (
        machine.silence,
        machine.deaf,
        machine.slow_s,
        machine.paper.lines_left,
        machine.reset_at,
    )
    assert ["ok", "ok"] == [command(machine, "reset_at off"), command(machine, "hang_up")]
    assert machine.reset_at is None
    with pytest.raises(ValueError, match="neither"):
        virtual_printer("escpos", "usb:1")
