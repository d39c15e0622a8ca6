"""What the settings file says already, as answers: a repeated setup keeps what it is not told."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.core.faults import StateFault
from agent.daemon.setup.keys import KINDS, TAX, Answers
from agent.daemon.setup.text import example
from agent.program.terminal import say_aside
from agent.settings import DeviceSettings, Settings, SettingsFault, parse


def present_answers(config: Path) -> Answers:
    """Read the present settings as answers; nothing where there are none, or only the example.

    Raises:
        StateFault: they hold more than a setup can write: several tills, scanners or printers.
    """
    try:
        text = config.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return {}
    except OSError as error:
        raise StateFault(
            f"{config} cannot be read: {error.strerror}", remedy="run as root: till-agent setup"
        ) from error
    if text == example():
        return {}
    try:
        return answers_of(parse(text, config))
    except SettingsFault as fault:
        say_aside(f"The present settings are not taken over: {fault.detail}")
        return {}


def answers_of(settings: Settings) -> Answers:
    """Write settings as the answers that would make them.

    Raises:
        StateFault: `settings-too-rich`.
    """
    scanner, printer = _one(settings, "scanner"), _one(settings, "printer")
    if len(settings.tills) > 1:
        raise _too_rich(f"{len(settings.tills)} tills")
    answers: Answers = {f"{TAX}.{name}": rate for name, rate in settings.tax.items()}
    tables: dict[str, msgspec.Struct | None] = {
        "store": settings.store,
        "agent": settings.agent,
        "hq": settings.hq,
        "barcode": settings.barcode,
        "till": settings.tills[0],
        "scanner": scanner,
        "printer": printer,
    }
    for table, struct in tables.items():
        answers |= _changed(table, struct)
    return answers


def _changed(table: str, struct: msgspec.Struct | None) -> Answers:
    if struct is None:
        return {f"{table}.address": None} if table in {"scanner", "printer"} else {}
    return {
        key: getattr(struct, field.name)
        for field in msgspec.structs.fields(struct)
        if (key := f"{table}.{field.encode_name}") in KINDS
        and getattr(struct, field.name) != field.default
    }


def _one(settings: Settings, kind: str) -> DeviceSettings | None:
    found = [device for device in settings.devices if device.kind == kind]
    if len(found) > 1:
        raise _too_rich(f"{len(found)} {kind}s")
    return found[0] if found else None


def _too_rich(what: str) -> StateFault:
    return StateFault(
        f"the present settings have {what}; a setup writes one till with one scanner and printer",
        remedy="edit the file by hand, then: till-agent check-config FILE",
        name="settings-too-rich",
    )
