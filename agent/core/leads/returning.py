"""What comes back: every channel gives back what it was credited for the goods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from agent.core.leads.dividing import taken_back
from agent.core.leads.model import (
    RETURN_ALONE,
    TAKEN_BACK,
    BookedLine,
    Booking,
    Credit,
    LineRef,
)


def returns(in_time: Iterable[Booking], sold: Iterable[Credit]) -> Iterator[Credit]:
    """Debit the lines that came back.

    Args:
        in_time: all bookings, in the order of their times.
        sold: the credits of everything sold in them.
    """
    credited: dict[LineRef, list[Credit]] = {}
    for each in sold:
        credited.setdefault(LineRef(each.event, each.line), []).append(each)
    before: dict[LineRef, int] = {}
    for booking in in_time:
        for line in sorted(booking.lines, key=lambda line: line.line):
            if line.quantity < 0:
                yield from _return(booking, line, credited, before)


def plain_credit(booking: Booking, line: BookedLine, why: str) -> Credit:
    """Credit a whole line to the channel that booked it."""
    return Credit(
        event=booking.event,
        line=line.line,
        business_date=booking.business_date,
        currency=booking.currency,
        booked=booking.channel,
        channel=booking.channel,
        touch_point=booking.touch_point,
        net=line.net,
        why=why,
    )


def _return(
    booking: Booking,
    line: BookedLine,
    credited: dict[LineRef, list[Credit]],
    before: dict[LineRef, int],
) -> Iterator[Credit]:
    """Debit one line; its number of units back is told by its net, which is what must add up."""
    plain = plain_credit(booking, line, RETURN_ALONE)
    original = [] if line.returns is None else credited.get(line.returns, [])
    if line.returns is None or not original or original[0].currency != booking.currency:
        yield from [plain] if plain.net else []
        return
    earlier = before.get(line.returns, 0)
    before[line.returns] = earlier - line.net
    yield from _taken(plain, original, taken_back(earlier, -line.net, [e.net for e in original]))


def _taken(plain: Credit, original: Sequence[Credit], parts: Sequence[int]) -> Iterator[Credit]:
    """Turn each credit of the original line round, by its part."""
    for each, part in zip(original, parts, strict=True):
        if part:
            yield msgspec.structs.replace(
                each,
                event=plain.event,
                line=plain.line,
                business_date=plain.business_date,
                booked=plain.booked,
                net=-part,
                why=TAKEN_BACK,
            )
