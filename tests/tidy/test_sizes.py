"""Modules and functions stay small; the exceptions are listed and may only shrink."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LONGER: dict[str, int] = {}


def _sources():
    for room in ("agent", "drivers", "central"):
        yield from sorted((ROOT / room).rglob("*.py"))


def test_no_module_outgrows_one_idea():
    """A module of more than 400 lines holds more than one idea and is read by nobody."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > MODULE_LINES_MAX
    }
    assert long == LONGER


def test_no_function_outgrows_a_screen():
    """A function of more than 60 lines cannot be seen at once."""
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno > FUNCTION_LINES_MAX
    ]
    assert [] == long
