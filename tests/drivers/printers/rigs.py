"""Every printer driver on every wire, beside the virtual printer it talks to."""

from __future__ import annotations

from contextlib import asynccontextmanager

import msgspec

from agent.core.receipt.document import Barcode, Cut, ReceiptDocument, Row, Text
from drivers.printers.conversation import Patience
from drivers.printers.making import LANGUAGES
from drivers.printers.models import MODELS
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.transports.scripted import ScriptedTransport
from drivers.virtual.pages import MAKERS
from drivers.virtual.paper import Paper
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.serial_printer import SerialVirtualPrinter
from drivers.virtual.star_paper import StarPaper

QUICK = Patience(
    answer_s=1.0,
    stall_s=1.0,
    probe_s=0.1,
    fence_s=1.0,
    bytes_per_s=100_000,
    quiet_s=0.03,
    watch_s=0.1,
    watch_answer_s=0.3,
)
"""So quick that a test of a dead printer takes a second."""
PATIENT = msgspec.structs.replace(QUICK, answer_s=15.0, stall_s=15.0, fence_s=15.0)
"""Of who waits for an answer that comes: a busy machine may be slow to give it."""
RECEIPT = ReceiptDocument(
    "en", (Text("Shop"), *(Row(f"Item {n}", "1.00") for n in range(40)), Barcode("s1-7"), Cut())
)


class Rig(msgspec.Struct, frozen=True):
    """One kind of printer on one kind of wire."""

    name: str
    model: str
    wire: str
    """`tcp`, `serial` or `scripted`."""


RIGS = (
    Rig("escpos-id-tcp", "epson-tm-t20iii", "tcp"),
    Rig("escpos-id-serial", "epson-tm-t20iii", "serial"),
    Rig("escpos-counted-tcp", "generic-80mm", "tcp"),
    Rig("escpos-counted-serial", "generic-80mm", "serial"),
    Rig("star-tcp", "star-tsp650ii", "tcp"),
    Rig("star-serial", "star-tsp650ii", "serial"),
)
SCRIPTED = tuple(
    Rig(f"{model}-scripted", model, "scripted")
    for model in ("epson-tm-t20iii", "generic-80mm", "star-tsp650ii")
)


def mechanism(rig):
    """Make the printer's inside."""
    model = MODELS[rig.model]
    if model.language == "Star Line mode":
        return StarPaper(MAKERS[model.maker], network=rig.wire == "tcp")
    return Paper(MAKERS[model.maker], has_process_id=model.dialect.answers_by_id)


def driver(rig, transport, patience=QUICK, **options):
    """Make the driver."""
    model = MODELS[rig.model]
    return LANGUAGES[model.language][0](transport, model, patience=patience, **options)


@asynccontextmanager
async def running(rig, tmp_path, patience=QUICK, *, buffer_bytes=None, **options):
    """Give the driver and the virtual printer at the other end of its wire."""
    if rig.wire == "tcp":
        machine = VirtualPrinter(paper=mechanism(rig), buffer_bytes=buffer_bytes)
    else:
        machine = SerialVirtualPrinter(paper=mechanism(rig), link=tmp_path / "port")
    async with machine:
        transport = transport_of(parse_address(machine.address))
        yield driver(rig, transport, patience, **options), machine


def scripted(rig):
    """Give the driver and the mechanism it writes to, without a wire."""
    paper = mechanism(rig)
    return driver(rig, ScriptedTransport(answers=paper.feed)), paper
