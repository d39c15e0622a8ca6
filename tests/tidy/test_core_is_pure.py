"""Reads the core's source: what a linter's import rules cannot see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = sorted(
    [*(ROOT / "agent/core").rglob("*.py"), *(ROOT / "drivers").glob("*/codecs/*.py")],
)
FORBIDDEN_CALLS = {"float", "open", "print", "input", "eval", "exec"}


def _faults(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: float literal {node.value}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield f"line {node.lineno}: / gives a float, use divide_half_away"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in FORBIDDEN_CALLS
        ):
            yield f"line {node.lineno}: {node.func.id}() has no place in the core"


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_and_no_io_in_the_core(path):
    """A float or an open() in the core would bring rounding or I/O where rules are decided."""
    assert [] == list(_faults(ast.parse(path.read_text(encoding="utf-8"))))


def test_the_check_itself_finds_faults():
    """If the check saw nothing in faulty code, a clean result would prove nothing."""
    assert 3 == len(list(_faults(ast.parse("a = 1.5\nb = 1 / 2\nprint(a)"))))
