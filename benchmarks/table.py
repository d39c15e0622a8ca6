"""One measured figure, and how the figures of all benchmarks are shown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One figure of a benchmark."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    """Against the base measured in the same run; None for the base itself and for times."""
    target: str = ""
    """What it should reach, for a reader: `>= 0.6x`, `<= 15 ms`."""
    met: bool | None = None
    """Whether it does; None where there is no target."""


_HEADINGS = ("what", "value", "unit", "x base", "target", "met")


def table(rows: Sequence[Row]) -> str:
    """Lay rows out as text, names to the left, figures to the right."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    return "\n".join(_line(row, widths) for row in cells)


def _cells(row: Row) -> tuple[str, ...]:
    met = "" if row.met is None else ("yes" if row.met else "NO")
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.name, _figure(row.value), row.unit, ratio, row.target, met)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, value, unit, *rest = (
        cell.rjust(width) if column in {1, 3} else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((name, value, unit, *rest)).rstrip()
