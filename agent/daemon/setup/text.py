"""The settings as TOML: the shipped example with its comments, and the answers in their places.

What was answered stands where the example shows it; what was not stays as a comment that names
the default, so that whoever opens the file later finds every setting there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources

from agent.daemon.setup.keys import Answers, Value

SCANNER, PRINTER = "counter", "receipt"
"""What the two devices are called where nobody has named them."""
_HEADER = re.compile(r"(?P<off># )?\[+(?P<name>[a-z]+)\]+(?P<comment>.*)")
_SETTING = re.compile(r"(?:# )?(?P<key>[a-z_]+) = (?P<value>.*?)(?P<comment> {2,}#.*)?")
_COMMENT_COLUMN = 31


def example() -> str:
    """Read the example that ships with the program."""
    return resources.files("agent.settings").joinpath("agent.example.toml").read_text("utf-8")


def toml_text(answers: Answers) -> str:
    """Write the settings file of one till with at most one scanner and one printer."""
    filled = {**answers, **_wired(answers)}
    lines: list[str] = []
    for name, header, body in _sections(example().splitlines()):
        if name in {"scanner", "printer"} and filled.get(f"{name}.address") is None:
            continue
        here = _of_table(filled, name)
        lines += [*_header(header, wanted=bool(here)), *_body(body, here)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _wired(answers: Answers) -> Answers:
    """Give the till its devices, and the devices their names and kinds."""
    scanner = answers.get("scanner.id") or SCANNER
    printer = answers.get("printer.id") or PRINTER
    has_scanner = answers.get("scanner.address") is not None
    has_printer = answers.get("printer.address") is not None
    return {
        "scanner.id": scanner,
        "scanner.kind": "scanner",
        "printer.id": printer,
        "printer.kind": "printer",
        "till.scanners": (str(scanner),) if has_scanner else (),
        "till.printer": printer if has_printer else None,
        "till.drawer": printer if has_printer else None,
    }


def _of_table(answers: Answers, table: str) -> dict[str, Value]:
    prefix = f"{table}."
    return {
        key.removeprefix(prefix): value
        for key, value in answers.items()
        if key.startswith(prefix) and value is not None
    }


def _sections(lines: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Cut the example into tables; its first device is the scanner, its second the printer.

    Those behind them stay as they are: setup wires neither displays nor scales.
    """
    devices = iter(("scanner", "printer"))
    name, header, body = "", "", list[str]()
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            body.append(line)
            continue
        yield name, header, body
        name, header, body = found["name"], line, []
        if name == "device":
            name = next(devices, "")
    yield name, header, body


def _header(header: str, *, wanted: bool) -> list[str]:
    """Switch a table on that the example shows as a comment."""
    if not header:
        return []
    return [header.removeprefix("# ") if wanted else header]


def _body(body: list[str], answers: dict[str, Value]) -> list[str]:
    lines = [_line(line, answers) for line in body]
    known = {found["key"] for line in body if (found := _SETTING.fullmatch(line))}
    more = [f"{key} = {toml(value)}" for key, value in answers.items() if key not in known]
    end = len(lines)
    while end and (not lines[end - 1] or _is_remark(lines[end - 1])):
        end -= 1
    return [*lines[:end], *more, *lines[end:]]


def _is_remark(line: str) -> bool:
    """A sentence before the next table, not a setting that is switched off."""
    return line.startswith("#") and _SETTING.fullmatch(line) is None


def _line(line: str, answers: dict[str, Value]) -> str:
    found = _SETTING.fullmatch(line)
    if found is None:
        return line
    key, comment = found["key"], (found["comment"] or "").strip()
    if key not in answers:
        return line if line.startswith("# ") else f"# {line}"
    setting = f"{key} = {toml(answers[key])}"
    return f"{setting:<{_COMMENT_COLUMN}} {comment}" if comment else setting


def toml(value: Value) -> str:
    """Write a value as TOML (version 1.0.0).

    >>> toml("Müller & Söhne"), toml(True), toml(("a", "b")), toml(1900)
    ('"Müller & Söhne"', 'true', '["a", "b"]', '1900')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    # A basic string escapes as JSON does, and the delete character besides.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
