"""The lines of a completed sale as they are booked: each line's net, adding up to the last unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from agent.core.leads.model import BookedLine, LineRef
from agent.core.quantities import Minor, Thousandths
from agent.core.sale.model import Line, Stamp
from agent.core.sale.tax import Part, line_taxes, spread


def booked_lines(
    lines: tuple[Line, ...],
    *,
    discount: Minor,
    net: Minor,
    prices_include_tax: bool,
    item_of: Callable[[Line], str | None],
) -> tuple[BookedLine, ...]:
    """Book the lines of a sale: without tax and voided lines, after every discount.

    Args:
        lines: of the completed sale.
        discount: off the whole receipt.
        net: of the whole sale. Where its lines do not come to it (a foreign till's sum), a line 0
            about nothing carries the difference, so that no report is off by it.
        prices_include_tax: whether the lines' prices do.
        item_of: names what a line sold as leads name it; None of what has no name.
    """
    parts = spread(lines, discount)
    taxes = line_taxes(parts, included=prices_include_tax) if prices_include_tax else {}
    booked = [_line(part, taxes.get(part.line.line, 0), item_of) for part in parts]
    rest = net - sum(line.net for line in booked)
    if rest:
        booked.append(BookedLine(line=0, quantity=Thousandths(0), net=Minor(rest)))
    return tuple(booked)


def corrected(stamp: Stamp) -> str:
    """Tell a time by HQ's clock, where the till knew how far its own was off.

    >>> corrected(Stamp("2026-11-02T10:00:00.000Z", 0, "boot", offset_ms=-90_000))
    '2026-11-02T09:58:30.000Z'
    """
    if stamp.offset_ms is None:
        return stamp.wall
    try:
        wall = datetime.fromisoformat(stamp.wall).astimezone(UTC)
        shown = (wall + timedelta(milliseconds=stamp.offset_ms)).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):  # no time at all, or one before the year 1
        return stamp.wall
    return shown.replace("+00:00", "Z")


def _line(part: Part, tax: int, item_of: Callable[[Line], str | None]) -> BookedLine:
    line = part.line
    return BookedLine(
        line=line.line,
        quantity=line.quantity,
        net=Minor(part.amount - tax),
        item=item_of(line),
        returns=_back(line),
    )


def _back(line: Line) -> LineRef | None:
    """Name the line that goods come back of: of an order, booked by its channel, or of a sale."""
    if line.quantity < 0 and line.ordered is not None and line.ordered.line:
        return LineRef(line.ordered.order_id, line.ordered.line)
    return None if line.returns is None else LineRef(line.returns.sale_id, line.returns.line)
