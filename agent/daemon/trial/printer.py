"""A printer tried out: a page with everything it should know, and its drawer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec
from uuid_utils import uuid7

from agent.contracts.devices import Printer, PrintOutcome, PrintResult
from agent.core.faults import Fault
from agent.core.receipt.document import (
    Barcode,
    Block,
    Cut,
    Feed,
    Qr,
    ReceiptDocument,
    Row,
    Rule,
    Text,
)
from agent.daemon.control import DaemonAway, ask
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.trial.hearing import Hearing, hearing
from agent.settings import DeviceSettings, Settings
from drivers.printers import making
from drivers.printers.models import DEFAULT_MODEL, MODELS, PrinterModel
from drivers.printers.receipt_printer import ReceiptPrinter

_OPEN_WITHIN_S = 3.0
_SETTLED = frozenset({"confirmed", "uncertain", "failed", "expired", "held"})
_LINES = "Café €3 Žluť Привет Ωμέγα 漢 한글 مرحبا שלום"
_LOOK = "look at the printer, then: till-agent doctor"


def test_page(device: DeviceSettings) -> ReceiptDocument:
    """Lay out the page: columns, every character page of the model, sizes, codes, cut."""
    model = MODELS[device.model or DEFAULT_MODEL]
    return ReceiptDocument(language="en", blocks=tuple(_blocks(device, model)))


def _blocks(device: DeviceSettings, model: PrinterModel) -> Iterator[Block]:
    columns = model.dialect.columns
    yield Text("till-agent", align="center", double=True)
    yield Text(f"{device.id}: {model.title}, {columns} columns", align="center")
    yield Rule()
    yield Text(("1234567890" * (columns // 10 + 1))[:columns])
    yield Row("left", "right")
    yield Text("bold", bold=True)
    yield Text(_LINES)
    yield Rule()
    for page in model.dialect.pages:
        yield Text(f"{page.number} {page.codec}: {_characters(page.codec)}")
    yield Rule()
    yield Qr("https://example.com/till-agent")
    yield Barcode(f"TEST-{columns}")
    yield Feed(1)
    yield Cut()


def _characters(codec: str) -> str:
    text = bytes(range(0x80, 0x100)).decode(codec, "ignore")
    return "".join(c for c in text if c.isprintable() and not c.isspace())


def try_printer(
    settings: Settings, device: DeviceSettings, *, page: bool, drawer: bool, within_s: float
) -> list[Finding]:
    """Print the page and kick the drawer, through the daemon's queue or at the printer itself."""
    users = [till for till in settings.tills if device.id in {till.printer, till.drawer}]
    try:
        ask(settings, "GET", "/v1/status")
    except DaemonAway:
        return asyncio.run(_directly(making.printer(device), device, page=page, drawer=drawer))
    findings: list[Finding] = []
    printing = next((till.id for till in users if till.printer == device.id), None)
    kicking = next((till.id for till in users if till.drawer == device.id), None)
    if page:
        findings.append(
            _queued(settings, device, printing, within_s) if printing else _unused(device)
        )
    if drawer:
        findings.append(
            _kicked(settings, device, kicking, within_s) if kicking else _unused(device)
        )
    return findings


def _unused(device: DeviceSettings) -> Finding:
    return ill(
        "till",
        f"no till uses {device.id!r} for this, so the daemon takes no job for it",
        f'set printer = "{device.id}" (drawer = "{device.id}") in a [[till]]; or stop the daemon '
        "for this test",
    )


def _queued(settings: Settings, device: DeviceSettings, till: str, within_s: float) -> Finding:
    print_id = str(uuid7())
    body = {
        "print_id": print_id,
        "till": till,
        "document": msgspec.to_builtins(test_page(device)),
    }
    try:
        with hearing(settings, (till,)) as events:
            ask(settings, "POST", "/v1/print-jobs", body)
            return _settled("page", settings, print_id, events, within_s)
    except Fault as fault:
        return from_fault("page", fault)


def _settled(
    name: str, settings: Settings, print_id: str, events: Hearing, within_s: float
) -> Finding:
    def over(event: dict[str, Any]) -> bool:
        data = event["data"]
        return bool(data.get("print_id") == print_id and data.get("state") in _SETTLED)

    events.until(over, within_s)
    job = ask(settings, "GET", f"/v1/print-jobs/{print_id}")
    if job["state"] == "confirmed":
        said = job.get("reason") or "look whether all of it is there"
        return well(name, f"the printer confirms it; {said}")
    return ill(name, f"it is {job['state']}: {job.get('reason') or 'no word yet'}", _LOOK)


def _kicked(settings: Settings, device: DeviceSettings, till: str, within_s: float) -> Finding:
    def opened(event: dict[str, Any]) -> bool:
        return bool(event["type"] == "drawer" and event["data"].get("state") == "opened")

    print_id = str(uuid7())
    try:
        with hearing(settings, (till,)) as events:
            ask(settings, "POST", f"/v1/tills/{till}/drawer", {"print_id": print_id})
            seen = events.until(opened, min(within_s, _OPEN_WITHIN_S))
            told = _settled("drawer", settings, print_id, events, 0)
    except Fault as fault:
        return from_fault("drawer", fault)
    if not told.ok:
        return told
    return _drawer(device, seen=seen is not None)


def _drawer(device: DeviceSettings, *, seen: bool) -> Finding:
    if seen:
        return well("drawer", "it was kicked, and says that it opened")
    if device.drawer_open_is == "unknown":
        return well(
            "drawer",
            "it was kicked; whether it opened is not known",
            'did it open? Then set drawer_open_is = "high" or "low": the drawer is told from then '
            f"on. If not: set drawer_pin = {5 if device.drawer_pin == 2 else 2}",
        )
    return ill(
        "drawer",
        "it was kicked, and does not say that it opened",
        "was it open already? Is it locked, or its cable loose? If it opened all the same, set "
        f'drawer_open_is = "{"low" if device.drawer_open_is == "high" else "high"}"',
    )


async def _directly(
    printer: ReceiptPrinter, device: DeviceSettings, *, page: bool, drawer: bool
) -> list[Finding]:
    findings = [await _identified(printer, device)]
    if page:
        findings.append(_outcome("page", await printer.print_document(test_page(device))))
    if drawer:
        findings.append(await _kicked_here(printer, device))
    return findings


async def _identified(printer: ReceiptPrinter, device: DeviceSettings) -> Finding:
    try:
        name = await printer.identify()
    except Fault as fault:
        return from_fault("name", fault)
    said = f"it calls itself {name}" if name else "it does not say what it is"
    return well("name", f"{said}; the settings say {device.model or DEFAULT_MODEL}")


def _outcome(name: str, result: PrintResult) -> Finding:
    if result.outcome is PrintOutcome.SUCCESS:
        said = result.detail or "look whether all of it is there"
        return well(name, f"the printer confirms it; {said}")
    return ill(name, f"{result.outcome.value}: {result.detail}", _LOOK)


async def _kicked_here(printer: Printer, device: DeviceSettings) -> Finding:
    result = await printer.kick_drawer()
    if result.outcome is not PrintOutcome.SUCCESS:
        return _outcome("drawer", result)
    if device.drawer_open_is == "unknown":
        return _drawer(device, seen=False)
    high = device.drawer_open_is == "high"
    try:
        async with asyncio.timeout(_OPEN_WITHIN_S):
            return _drawer(device, seen=await _level(printer.watch(), high=high))
    except TimeoutError:
        return _drawer(device, seen=False)


async def _level(looks: AsyncGenerator[PrintResult, None], *, high: bool) -> bool:
    try:
        async for found in looks:
            if found.drawer_high is high:
                return True
    finally:
        await looks.aclose()
    return False
