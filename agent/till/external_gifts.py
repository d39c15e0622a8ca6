"""Gift cards that a whole sale has sold: charged as one of the agent's own sales charges them.

The sale has happened, so it is kept whatever its lines say (P6): one that charges no card stands in
the sale with the reason in the place of the card's name, and the answer tells it. The number of a
card is kept nowhere; the line names its balance.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from agent.core.entries.bodies import SaleCompleted
from agent.core.faults import Fault
from agent.core.sale.bounds import money
from agent.core.sale.model import Line, Sale
from agent.till import value
from agent.till.desk import Desk
from agent.till.replies import Uncharged
from agent.till.requests import ExternalLine

MARK = "not charged: "
"""What the serial of such a line begins with; the name of the reason follows."""
log = structlog.get_logger(__name__)


async def charged(desk: Desk, sale: Sale, sent: Sequence[ExternalLine]) -> Sale:
    """Name the gift card that each line charges, or why it charges none.

    Args:
        desk: the till's.
        sale: as it was rebuilt.
        sent: the lines it was rebuilt of, with the numbers of gift cards.
    """
    numbers = [each.gift_card for each in sent]
    lines = [await _charged(desk, *each) for each in zip(sale.lines, numbers, strict=True)]
    return msgspec.structs.replace(sale, lines=tuple(lines))


def uncharged_in(body: SaleCompleted) -> tuple[Uncharged, ...]:
    """List the lines of a sale that should have charged a gift card, each with its reason."""
    return tuple(_told(body, line) for line in body.lines if (line.serial or "").startswith(MARK))


async def _charged(desk: Desk, line: Line, number: str | None) -> Line:
    try:
        if number is not None and line.quantity > 0:
            line = await value.naming(desk, line, number)
        value.require_named(desk, line)
    except Fault as fault:
        log.warning("gift-card-not-charged", till=desk.till.id, line=line.line, why=fault.name)
        return msgspec.structs.replace(line, serial=MARK + fault.name)
    return line


def _told(body: SaleCompleted, line: Line) -> Uncharged:
    amount = money(line.extension, body.currency)
    return Uncharged(
        line.line,
        (line.serial or "").removeprefix(MARK),
        f"{line.name}, {amount}, stands in the sale, and changed what is on no gift card",
        "settle it with the customer; send each piece of a gift card as a line of its own, with "
        'the number on the card as "gift_card"',
    )
