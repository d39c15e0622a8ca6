"""Paying for an order where it is collected: its goods as lines of a sale, at the order's price."""

from __future__ import annotations

from agent.core.faults import NotFoundFault
from agent.core.orders.model import CustomerOrder, Part
from agent.core.orders.states import OrderFault
from agent.core.orders.tally import tallies
from agent.core.quantities import ONE, Minor, Thousandths, divide_half_away
from agent.core.sale.bounds import pieces
from agent.core.sale.lines import NewLine


def counter_line(order: CustomerOrder, part: Part, line_id: str | None = None) -> NewLine:
    """Make the sale line by which goods of an order are paid; `sale.lines.record_line` adds it.

    It costs its share of what the customer ordered at, whatever the shelf says today; all shares
    add up to the line.

    Raises:
        NotFoundFault: `no-such-line`.
        OrderFault: `more-than-open`.
    """
    lines = {tally.line.line: tally for tally in tallies(order).lines if tally.known}
    tally = lines.get(part.line)
    if tally is None:
        raise NotFoundFault(
            f"the order has no goods in line {part.line}",
            remedy=f"lines of the order: {', '.join(map(str, lines)) or 'none'}",
            name="no-such-line",
        )
    line, before = tally.line, tally.handed
    if not 0 < part.quantity <= line.quantity - before:
        raise OrderFault(
            f"{line.name}: {pieces(line.quantity)} ordered, {pieces(before)} handed "
            f"over, so {pieces(part.quantity)} cannot be paid for",
            remedy="pay for what is collected now",
            name="more-than-open",
        )
    until = divide_half_away(line.amount * (before + part.quantity), line.quantity)
    amount = until - divide_half_away(line.amount * before, line.quantity)
    each = divide_half_away(line.amount * ONE, line.quantity)
    return NewLine(
        name=line.name,
        quantity=Thousandths(part.quantity),
        unit_price=Minor(each),
        taxes=line.taxes,
        unit=line.unit,
        item_id=line.item,
        gtin=line.gtin,
        extension=Minor(amount),
        line_id=line_id,
    )
