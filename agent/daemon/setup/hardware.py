"""Which scanner and which printer, tried before they are written down."""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.barcode import BarcodeRules
from agent.daemon.ports import Port, find_ports, scanner_of
from agent.daemon.setup import trials
from agent.daemon.setup.asking import Asking, Read
from agent.daemon.setup.keys import NONE, Value, value_of
from agent.daemon.setup.trials import Trial
from agent.program.terminal import say, say_aside
from agent.settings import DeviceSettings

SCANNER, PRINTER, MODEL = "scanner.address", "printer.address", "printer.model"


def settle_scanner(asking: Asking) -> None:
    """Find the scanner and try it."""
    ports = find_ports()
    found = scanner_of(ports)
    _settle_address(asking, SCANNER, ports, f"serial:{found.path}" if found else NONE)
    while (device := asking.device("scanner")) is not None:
        if _is_settled(asking, _try_scanner(asking, device)):
            return
        _ask_address(asking, SCANNER, ports, device.address)


def settle_printer(asking: Asking) -> None:
    """Ask for the printer and try it."""
    ports = find_ports()
    _settle_address(asking, PRINTER, ports, NONE)
    if asking.device("printer") is not None:
        asking.settle(MODEL, _which_model(), _usual_model())
    while (device := asking.device("printer")) is not None:
        if _is_settled(asking, _try_printer(asking, device)):
            return
        _ask_address(asking, PRINTER, ports, device.address)
        if asking.device("printer") is not None:
            asking.ask(MODEL, _which_model(), device.model or _usual_model())


def _usual_model() -> str:
    from drivers.printers.models import DEFAULT_MODEL

    return DEFAULT_MODEL


def _which_model() -> str:
    from drivers.printers.models import MODELS

    return f"Its model, of {', '.join(MODELS)}"


def _settle_address(asking: Asking, key: str, ports: Sequence[Port], otherwise: str) -> None:
    if asking.asks:
        _show(ports)
    read = _reader(key, ports)
    asking.settle(key, _question(key, ports), otherwise, read=read)


def _ask_address(asking: Asking, key: str, ports: Sequence[Port], known: Value) -> None:
    _show(ports)
    asking.ask(key, _question(key, ports), known, read=_reader(key, ports))


def _show(ports: Sequence[Port]) -> None:
    for number, port in enumerate(ports, 1):
        say(f"  {number}  {port.title}")


def _question(key: str, ports: Sequence[Port]) -> str:
    numbers = "a number above, " if ports else ""
    if key == PRINTER:
        return f"Printer: its host or IP address, {numbers}a path, or {NONE}"
    return f"Scanner: {numbers}a path, or {NONE}"


def _reader(key: str, ports: Sequence[Port]) -> Read:
    """Read a port's number as that port, everything else as an address."""
    numbered = {str(number): port.path for number, port in enumerate(ports, 1)}
    return lambda text: value_of(key, numbered.get(text.strip(), text))


def _try_scanner(asking: Asking, device: DeviceSettings) -> Trial:
    if not asking.asks:
        return trials.open_scanner(device)
    say(f"Scan any barcode now, within {trials.SCAN_WITHIN_S:g} s …")
    settings = asking.draft()
    rules = BarcodeRules(settings.barcode.in_store, settings.store.currency)
    return trials.wait_for_scan(device, rules)


def _try_printer(asking: Asking, device: DeviceSettings) -> Trial:
    if not asking.asks:
        return trials.printer_status(device)
    say("Printing a test page …")
    store = asking.draft().store
    trial = trials.print_test_page(device, store.name or store.id, store.language)
    if not trial.ok or asking.confirm("Did it come out whole, every letter right?"):
        return trial
    return Trial(
        ok=False,
        said="the page did not come out right",
        remedy="choose the other paper width or another model",
    )


def _is_settled(asking: Asking, trial: Trial) -> bool:
    """Show how a trial went; a device that failed may be kept all the same."""
    if trial.ok:
        say(f"  {trial.said}")
        return True
    say_aside(f"  {trial.said}\n  → {trial.remedy}")
    return not asking.asks or not asking.confirm("Try again, or with another one?")
