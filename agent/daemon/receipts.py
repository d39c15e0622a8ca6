"""The receipt template of the settings: its file and its logo, to what papers are laid out by."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from agent.core.faults import InputFault
from agent.core.fields import FieldProblem
from agent.core.receipt import BUILT_IN, Template
from agent.core.receipt.document import Image
from agent.core.receipt.template import LogoSettings
from agent.core.receipt.template_rules import parse_template
from agent.settings import DeviceSettings, Settings, SettingsFault
from drivers.transports.address import parse_address
from drivers.transports.serial_port import SerialLine

SETTING = "store.receipt_template"
SLOW_S = 3
"""A customer waits this long for a logo without asking what is wrong."""
_BITS_PER_BYTE = 10
"""On a serial line: start bit, eight bits, stop bit."""


class TemplateFault(SettingsFault):
    """The receipt template cannot be used; `problems` has each of its mistakes."""

    name = "bad-receipt-template"
    title = "The receipt template has errors"

    def __init__(self, path: Path, problems: list[FieldProblem]) -> None:
        """Keep the problems; a template is tried by looking at what it prints."""
        super().__init__(path, problems)
        self.remedy = f"edit {path}, then try: till-agent receipt preview --template {path}"


def load_template(settings: Settings) -> Template:
    """Load the template the settings name; the built-in one where they name none.

    Raises:
        TemplateFault: with every problem of the template file and its logo.
    """
    if settings.store.receipt_template is None:
        return BUILT_IN
    return read_template(Path(settings.store.receipt_template))


def read_template(path: Path) -> Template:
    """Read a template file and the logo it names.

    Raises:
        TemplateFault: with every problem.
    """
    template, problems = _read(path)
    if template is None:
        raise TemplateFault(path, problems)
    return template


def template_problems(settings: Settings) -> Iterator[FieldProblem]:
    """Say what is wrong with the template of the settings, each problem with the file's path."""
    if settings.store.receipt_template is None:
        return
    path = Path(settings.store.receipt_template)
    for found in _read(path)[1]:
        yield FieldProblem(f"{SETTING} {path}: {found.path}", found.detail, found.remedy)


def logo_notes(settings: Settings, template: Template) -> Iterator[FieldProblem]:
    """Name the serial printers that the logo keeps busy for long, each with the seconds it takes.

    Raises:
        InputFault: a printer's address cannot be read.
    """
    if template.logo is None or "logo" not in template.settings.receipt.sections:
        return
    for place, device in enumerate(settings.devices):
        seconds = _seconds(device, template.logo)
        if seconds >= SLOW_S:
            yield FieldProblem(
                f"device[{place}]",
                f"the logo takes {seconds} s on the way to printer {device.id}, on each receipt",
                "set printer and address to a faster baud rate, or make [logo] width smaller",
            )


def _seconds(device: DeviceSettings, logo: Image) -> int:
    if device.kind != "printer":
        return 0
    match parse_address(device.address):
        case SerialLine(baud=baud):
            return (len(logo.data) * _BITS_PER_BYTE + baud // 2) // baud
        case _:
            return 0


def _read(path: Path) -> tuple[Template | None, list[FieldProblem]]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        remedy = "mend the line; texts stand in quotes, tables in [brackets]"
        return None, [FieldProblem("TOML", str(error), remedy)]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        return None, [
            FieldProblem("file", f"cannot be read: {why}", "check the path and its rights")
        ]
    settings, problems = parse_template(data)
    logo, more = _logo(settings.logo if settings else _logo_of(data), path)
    if settings is None or more:
        return None, [*problems, *more]
    return Template(settings, logo), []


def _logo_of(data: dict[str, object]) -> LogoSettings | None:
    """Give the logo of a file with other mistakes, so that its own are told at the same time."""
    table = data.get("logo")
    file = table.get("file") if isinstance(table, dict) else None
    return LogoSettings(file) if isinstance(file, str) and file.strip() else None


def _logo(logo: LogoSettings | None, template: Path) -> tuple[Image | None, list[FieldProblem]]:
    if logo is None:
        return None, []
    # Pillow takes megabytes, and most shops print no logo.
    from drivers.printers.logo import load_logo

    try:
        image = load_logo(
            template.parent / logo.file,
            width=logo.width,
            dither=logo.method == "dither",
            threshold=logo.threshold,
            alt=logo.text,
        )
    except InputFault as fault:
        return None, [FieldProblem("logo.file", fault.detail, fault.remedy)]
    return image, []
