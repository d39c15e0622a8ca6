"""Trying the devices through the very drivers the daemon will use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from agent.contracts.devices import (
    DeviceFault,
    Printer,
    PrintOutcome,
    PrintResult,
    ScanFrame,
    Scanner,
)
from agent.core.barcode import BarcodeRules, InStoreItem, Meaning, Reading, TradeItem, read
from agent.core.receipt.document import Cut, ReceiptDocument, Row, Rule, Text
from agent.daemon.doctor.processes import holders_of_file
from agent.daemon.doctor.service import how_to_allow, may_use, service_user
from agent.settings import DeviceSettings
from drivers.catalogue import build
from drivers.transports.address import parse_address
from drivers.transports.serial_port import SerialLine

SCAN_WITHIN_S = 15.0
PRINT_WITHIN_S = 60.0


class Trial(msgspec.Struct, frozen=True):
    """How a device did."""

    ok: bool
    said: str
    """What was seen, or what is wrong."""
    remedy: str = ""


def open_scanner(device: DeviceSettings) -> Trial:
    """Only open a scanner: whether it scans, nobody is there to show."""
    return asyncio.run(_scanned(device, None, BarcodeRules((), "EUR")))


def wait_for_scan(
    device: DeviceSettings, rules: BarcodeRules, *, within_s: float = SCAN_WITHIN_S
) -> Trial:
    """Open a scanner and wait for one scan; say what was read."""
    return asyncio.run(_scanned(device, within_s, rules))


async def _scanned(device: DeviceSettings, within_s: float | None, rules: BarcodeRules) -> Trial:
    scanner: Any = build(device)
    try:
        return await _first_scan(scanner, device, within_s, rules)
    except DeviceFault as fault:
        return Trial(ok=False, said=_with_holder(fault.detail, device), remedy=fault.remedy)


async def _first_scan(
    scanner: Scanner, device: DeviceSettings, within_s: float | None, rules: BarcodeRules
) -> Trial:
    async with scanner.open() as frames:
        if within_s is None:
            return Trial(ok=True, said=f"{device.address} can be opened")
        try:
            async with asyncio.timeout(within_s):
                return _judged(await anext(frames), rules)
        except TimeoutError:
            return Trial(
                ok=False,
                said=f"nothing was scanned within {within_s:g} s",
                remedy="switch the scanner to USB-COM (CDC) or serial, by its manual's barcodes; "
                "as a keyboard it cannot be read here",
            )


def _judged(frame: ScanFrame, rules: BarcodeRules) -> Trial:
    if frame.noise is not None:
        return Trial(
            ok=False,
            said=f"what came is no scan: {frame.noise}",
            remedy="let the scanner send CR after each code, and check its baud rate "
            "(scanner.address=serial:PATH?baud=…)",
        )
    return Trial(ok=True, said=words_of(read(frame.data, rules)))


def words_of(reading: Reading) -> str:
    """Say what one scan can mean, and why it means nothing else."""
    kind = reading.symbology or "no AIM id, which is as well"
    meant = "; ".join(_meant(meaning) for meaning in reading.meanings) or "nothing"
    why = "".join(f"; {reason.detail}" for reason in reading.reasons)
    return f"{reading.text!r} ({kind}): {meant}{why}"


def _meant(meaning: Meaning) -> str:
    match meaning:
        case TradeItem(gtin=gtin):
            return f"item {gtin}"
        case InStoreItem(reference=reference):
            return f"in-store item {reference}"
        case _:
            return "a text: a card, an order, a receipt"


def printer_status(device: DeviceSettings) -> Trial:
    """Ask a printer whether it could print."""
    return asyncio.run(_printed(device, None))


def print_test_page(device: DeviceSettings, store: str, language: str) -> Trial:
    """Ask a printer whether it could print, and print a small page."""
    return asyncio.run(_printed(device, test_page(store, language)))


async def _printed(device: DeviceSettings, page: ReceiptDocument | None) -> Trial:
    printer: Any = build(device)
    try:
        async with asyncio.timeout(PRINT_WITHIN_S):
            return _outcome(await _conversation(printer, page), device)
    except TimeoutError:
        return Trial(ok=False, said="the printer does not end", remedy="switch it off and on")


async def _conversation(printer: Printer, page: ReceiptDocument | None) -> PrintResult:
    status = await printer.status()
    if page is None or status.outcome is not PrintOutcome.SUCCESS:
        return status
    return await printer.print_document(page)


def _outcome(result: PrintResult, device: DeviceSettings) -> Trial:
    if result.outcome is PrintOutcome.SUCCESS:
        return Trial(ok=True, said=f"the printer at {device.address} answers and can print")
    return Trial(
        ok=False,
        said=f"the printer at {device.address}: {result.outcome.value}. {result.detail}",
        remedy="check its power, cable, paper and cover, then its address and model",
    )


def test_page(store: str, language: str) -> ReceiptDocument:
    """Make a short page with what goes wrong first: letters, right edge, width, cut."""
    return ReceiptDocument(
        language=language,
        blocks=(
            Text("till-agent", align="center", bold=True, double=True),
            Text(store, align="center"),
            Rule(),
            Row("ÄÖÜ äöü ß é è ñ ç å ø", "1,99 €"),
            Row("0123456789", "right edge"),
            Rule(),
            Text("A receipt will look like this.", align="center"),
            Cut(),
        ),
    )


def service_trouble(device: DeviceSettings, state_dir: Path) -> tuple[str, str] | None:
    """Tell why the service's user could not use a device that this user can; None if it can."""
    address = parse_address(device.address)
    if not isinstance(address, SerialLine):
        return None
    user, path = service_user(state_dir), Path(address.path)
    try:
        return None if may_use(path, user) else how_to_allow(path, user)
    except OSError:
        return None


def _with_holder(detail: str, device: DeviceSettings) -> str:
    address = parse_address(device.address)
    holders = holders_of_file(Path(address.path)) if isinstance(address, SerialLine) else []
    return f"{detail}; {', '.join(map(str, holders))} has it open" if holders else detail
