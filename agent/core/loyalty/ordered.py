"""What the goods of an order have earned: when they are bought, and for what is kept of them.

An order tells not event by event what came back, but how much is kept: as a set of things told, by
whichever channel, it cannot take back twice what a store and the web store both tell. So what
stands for a line is brought to the share of what is kept, down and up again: money that was on its
way back may never have gone, and an order may turn out to be somebody else's. It is reckoned once
more where other goods turn out to have been handed over than was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from agent.core.identifiers import SaleId
from agent.core.loyalty.bookings import line_name
from agent.core.loyalty.earning import Earning
from agent.core.loyalty.ledger import HELD, ISSUED, Account, Posting, Source, booking
from agent.core.loyalty.programme import POINTS
from agent.core.quantities import Thousandths, divide_half_away

ORDER = "order/"
"""What the event begins with by which the goods of an order earn; the order's id follows."""
MORE = "order-more/"
"""What that begins with by which more of them earn, once more was handed over; a number and the
order's id follow."""
KEPT = "order-kept/"
"""As `MORE`, of what brings them to what is kept."""
SOLD = "order-sold/"
"""As `KEPT`, of what goods of an order have earned in a sale."""


def order_event(order_id: str) -> SaleId:
    """Name what an order's goods earn, as `bookings.earned` names what a sale's do.

    No line of a sale returns goods of such a name: what is kept says how much came back.

    >>> order_event("web/W-1")
    'order/web/W-1'
    """
    return SaleId(f"{ORDER}{order_id}")


def more_event(order_id: str, number: int) -> str:
    """Name what an order earns in addition."""
    return f"{MORE}{number}/{order_id}"


def kept_event(order_id: str, number: int) -> str:
    """Name what brings the goods of an order to what is kept, never as another order is named.

    >>> kept_event("web/W-1", 2)
    'order-kept/2/web/W-1'
    """
    return f"{KEPT}{number}/{order_id}"


def sold_event(order_id: str, sale_id: SaleId, number: int) -> str:
    """Name what brings goods of an order that were paid for in a sale to what is kept of them."""
    return f"{SOLD}{number}/{sale_id}/{order_id}"


def earned_by(
    owner: str,
    order_id: str,
    handed: Mapping[str, Thousandths],
    earnings: Iterable[Earning],
    standing: Iterable[Posting] = (),
    *,
    event: str,
) -> tuple[Posting, ...]:
    """Bring what an order's goods have earned to what all that are handed over earn together.

    What earns nothing is posted with its measure: that it was reckoned is to be known.

    Args:
        owner: whose the order is.
        order_id: its id.
        handed: `line_name` → what is handed over, none of what had earned and was not.
        earnings: of these, as the rules find them.
        standing: every posting of the ledger that was caused by `order_event`.
        event: `order_event`, or where something stands already `more_event`.
    """
    values = {
        (each.unit, line_name(row.line)): row.value for each in earnings for row in each.lines
    }
    before = [each for each in standing if _is_earned(each)]
    postings: list[Posting] = []
    for unit in sorted({POINTS, *(unit for unit, _ in values), *map(_unit, before)}):
        for line, quantity in handed.items():
            source = Source(order_event(order_id), line)
            there = [each for each in before if (_unit(each), each.source) == (unit, source)]
            amount = values.get((unit, line), 0) - sum(each.amount for each in there)
            measure = quantity - sum(each.measure for each in there)
            held = Account(owner, unit, HELD)
            postings += _both(Posting(held, event, line, amount, source, measure))
    return booking(*postings)


def is_earned(event: str) -> bool:
    """Tell whether by an event goods of an order have earned; by any other, they are kept or not.

    >>> is_earned(order_event("web/W-1")), is_earned(kept_event("web/W-1", 1))
    (True, False)
    """
    return event.startswith((ORDER, MORE))


def reckoned(standing: Iterable[Posting]) -> int:
    """Tell how much of an order's line has earned by now, be it nothing.

    Args:
        standing: every posting of the ledger with its source.
    """
    measures: dict[str, int] = {}
    for each in standing:
        if _is_earned(each):
            unit = each.account.unit
            measures[unit] = measures.get(unit, 0) + each.measure
    return max(measures.values(), default=0)


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


def sold_by(back: Thousandths, standing: Sequence[Posting], *, event: str) -> tuple[Posting, ...]:
    """Bring what an order has taken back of a line of a sale to what came back of it, down and up.

    What came back by the sale's receipt is no matter of the order, and stays.

    Args:
        back: of the line's goods, as goods of the order.
        standing: every posting of the ledger with that source.
        event: of `sold_event`; nothing of it is posted yet.

    Returns:
        The booking; an empty one where that stands already, or the line earned nothing.
    """
    held = [each for each in standing if each.account.kind == HELD]
    postings: list[Posting] = []
    for unit in sorted({each.account.unit for each in held}):
        rest: int = back
        of_unit = [each for each in held if each.account.unit == unit]
        for owner in sorted({each.account.owner for each in of_unit}):
            theirs = [each for each in of_unit if each.account.owner == owner]
            rest -= (taken := min(rest, _left(theirs, event)))
            postings += _taken_back(theirs, taken, event)
    return booking(*postings)


def is_of(event: str, other: str) -> bool:
    """Tell whether two events of `sold_event` are of the same order and sale."""
    return is_of_any(other) and _subject(event) == _subject(other)


def is_of_any(event: str) -> bool:
    """Tell whether an event is one of `sold_event`, of whichever order."""
    return event.startswith(SOLD)


def _subject(event: str) -> str:
    return event.removeprefix(SOLD).partition("/")[2]


def _left(theirs: Sequence[Posting], event: str) -> int:
    """Tell how much of the goods stands, if the order had taken nothing back."""
    return max(0, sum(each.measure for each in theirs if not is_of(event, each.event)))


def _taken_back(theirs: Sequence[Posting], back: int, event: str) -> Iterator[Posting]:
    own = [each for each in theirs if is_of(event, each.event)]
    others = [each for each in theirs if not is_of(event, each.event)]
    earned = [each for each in others if each.measure > 0]
    whole = sum(each.measure for each in earned)
    if not whole:
        return
    returned = whole - sum(each.measure for each in others)
    taken = -sum(each.amount for each in others if each.measure < 0)
    value = sum(each.amount for each in earned)
    share = divide_half_away(value * (returned + back), whole) - taken
    amount = -share - sum(each.amount for each in own)
    more = -back - sum(each.measure for each in own)
    source = theirs[0].source
    line = source.line if source else ""
    yield from _both(Posting(theirs[0].account, event, line, amount, source, more))


def _brought(
    account: Account, kept: Thousandths, held: Sequence[Posting], event: str
) -> Iterator[Posting]:
    """Post what somebody lacks of their share, or has beyond it."""
    earned = [each for each in held if _is_earned(each)]
    whole, source = sum(each.measure for each in earned), held[0].source
    there = [each for each in held if each.account == account]
    measure = min(kept, whole)
    share = divide_half_away(sum(each.amount for each in earned) * measure, whole) if whole else 0
    amount = share - sum(each.amount for each in there)
    more = measure - sum(each.measure for each in there)
    line = source.line if source else ""
    yield from _both(Posting(account, event, line, amount, source, more))


def _is_earned(posting: Posting) -> bool:
    return posting.account.kind == HELD and is_earned(posting.event)


def _unit(posting: Posting) -> str:
    return posting.account.unit


def _both(posting: Posting) -> tuple[Posting, Posting]:
    """Post what somebody holds, and that it was issued."""
    issued = Account(posting.account.owner, posting.account.unit, ISSUED)
    return posting, replace(posting, account=issued, amount=-posting.amount, measure=0)
