"""Printers: can it print now, and is it the model the settings say."""

from __future__ import annotations

import asyncio
import re

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from agent.daemon.doctor.finding import Finding, ill, well
from agent.settings import DeviceSettings
from drivers.printers import making
from drivers.printers.models import DEFAULT_MODEL, MODELS
from drivers.printers.receipt_printer import ReceiptPrinter

_REMEDIES = {
    PrintOutcome.PAPER_EMPTY: "put in a new roll",
    PrintOutcome.COVER_OPEN: "close the cover",
    PrintOutcome.OFFLINE: "press its feed or online button",
    PrintOutcome.UNRESPONSIVE: "switch it off and on again; check [[device]] model",
    PrintOutcome.DISCONNECTED: "check its power, its network cable and its address",
}
_OTHERWISE = "look at the printer; switch it off and on again"
_GENERIC = "generic-"


def printer(name: str, device: DeviceSettings, place: str) -> Finding:
    """Talk to a printer nobody else talks to now: its state, then its name."""
    result, called = asyncio.run(_asked(making.printer(device)))
    if result.outcome is PrintOutcome.DISCONNECTED:
        return ill(name, result.detail, remedy_of(result.outcome.value))
    if result.outcome is not PrintOutcome.SUCCESS:
        said = f"the printer at {place} cannot print: {result.outcome.value}. {result.detail}"
        return ill(name, said, remedy_of(result.outcome.value))
    return profile(name, device, place, called)


async def _asked(driver: ReceiptPrinter) -> tuple[PrintResult, str | None]:
    result = await driver.status()
    if result.outcome is not PrintOutcome.SUCCESS:
        return result, None
    try:
        return result, await driver.identify()
    except DeviceFault:  # it has just answered: a name is worth no alarm
        return result, None


def profile(name: str, device: DeviceSettings, place: str, called: str | None) -> Finding:
    """Compare what a printer calls itself with the model of the settings."""
    said = f"the printer at {place} answers and could print"
    configured = device.model or DEFAULT_MODEL
    meant = model_called(called) if called else None
    if meant is None or meant == configured:
        return well(name, f"{said}{f'; it calls itself {called}' if called else ''}")
    remedy = f'set model = "{meant}"'
    if configured.startswith(_GENERIC):
        return well(name, f"{said}; it calls itself {called}", f"{remedy}, which knows it better")
    if MODELS[meant].dialect == MODELS[configured].dialect:
        return well(name, f"{said}; it calls itself {called}, which prints alike", remedy)
    return ill(name, f"{said}, but calls itself {called}, and the model is {configured}", remedy)


def model_called(called: str) -> str | None:
    """Find the model of a printer's own name; the longest that fits, None where none does.

    >>> model_called("EPSON TM-T20III")
    'epson-tm-t20iii'
    """
    words = _plain(called)
    fitting = [
        model for model in MODELS if not model.startswith(_GENERIC) and _core(model) in words
    ]
    return max(fitting, key=len, default=None)


def remedy_of(outcome: str) -> str:
    """Say what to do about a printer's state."""
    known = {state.value: remedy for state, remedy in _REMEDIES.items()}
    return known.get(outcome, _OTHERWISE)


def _core(model: str) -> str:
    """Leave the maker out: many printers name their model alone."""
    maker, _, rest = model.partition("-")
    return _plain(rest or maker)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
