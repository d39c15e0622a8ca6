"""What the goods of an order have earned: once when they are bought, and for what is kept of them.

An order tells not event by event what came back, but how much is kept: as a set of things told, by
whichever channel, it cannot take back twice what a store and the web store both tell. So what
stands for a line is brought to the share of what is kept, down and up again: money that was on its
way back may never have gone, and an order may turn out to be somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.core.identifiers import SaleId
from agent.core.loyalty.bookings import goods
from agent.core.loyalty.ledger import HELD, ISSUED, Account, Posting, Source, booking
from agent.core.quantities import Thousandths, divide_half_away

ORDER = "order/"
"""What the event begins with by which the goods of an order earn; the order's id follows."""


def order_event(order_id: str) -> SaleId:
    """Name what an order's goods earn, as `bookings.earned` names what a sale's do.

    No line of a sale returns goods of such a name: what is kept says how much came back.

    >>> order_event("web/W-1")
    'order/web/W-1'
    """
    return SaleId(f"{ORDER}{order_id}")


def order_goods(order_id: str, line: int) -> Source:
    """Name what a line of an order has earned."""
    return goods(order_event(order_id), line)


def kept_by(
    owner: str, kept: Thousandths, standing: Sequence[Posting], *, event: str
) -> tuple[Posting, ...]:
    """Bring what stands for a line of an order to what is kept of it, by whom.

    Args:
        owner: whose the order is.
        kept: of the goods that have earned; what is more earns nothing.
        standing: every posting of the ledger with that source.
        event: what says so; nothing of it is posted yet.

    Returns:
        The booking; an empty one where that stands already, or the line earned nothing.
    """
    held = [each for each in standing if each.account.kind == HELD]
    postings: list[Posting] = []
    for unit in sorted({each.account.unit for each in held}):
        of_unit = [each for each in held if each.account.unit == unit]
        for one in sorted({owner, *(each.account.owner for each in of_unit)}):
            wanted = kept if one == owner else Thousandths(0)
            postings += _brought(Account(one, unit, HELD), wanted, of_unit, event)
    return booking(*postings)


def _brought(
    account: Account, kept: Thousandths, held: Sequence[Posting], event: str
) -> Iterator[Posting]:
    """Post what somebody lacks of their share, or has beyond it."""
    [first, *_] = [each for each in held if each.source and each.event == each.source.event]
    source, measure = first.source, min(kept, first.measure)
    there = [each for each in held if each.account == account]
    share = divide_half_away(first.amount * measure, first.measure)
    amount = share - sum(each.amount for each in there)
    more = measure - sum(each.measure for each in there)
    issued = Account(account.owner, account.unit, ISSUED)
    line = source.line if source else ""
    yield Posting(account, event, line, amount, source, more)
    yield Posting(issued, event, line, -amount, source)
