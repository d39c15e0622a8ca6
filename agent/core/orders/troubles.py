"""What was told of an order and cannot all be right: for somebody to look at, never refused.

Facts that were told stay told (P4, P6); two tills that were offline may both have done what only
one of them should have. Each trouble has a name, what is the matter, and what to do (P12).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.core.orders.gathering import Matter
from agent.core.orders.money import Money
from agent.core.orders.tally import Tallies, Tally
from agent.core.sale.bounds import money as written
from agent.core.sale.bounds import pieces


class Trouble(msgspec.Struct, frozen=True):
    """One thing somebody has to look at."""

    name: str
    detail: str
    remedy: str
    line: int | None = None


def troubles(
    counted: Tallies, money: Money, contradictory: tuple[Matter, ...]
) -> tuple[Trouble, ...]:
    """List what is wrong with an order, in one fixed order."""
    found = [_contradiction(matter) for matter in contradictory]
    if counted.placed is not None:
        for tally in counted.lines:
            found += _of_goods(tally)
            found += _of_sums(tally)
        found += _of_ending(counted)
        found += _of_money(counted, money, counted.placed.currency)
    return tuple(found)


def _contradiction(matter: Matter) -> Trouble:
    kind, name = matter
    return Trouble(
        "told-twice",
        f"two different things were told of the same {kind} {name}".rstrip(),
        "compare both with what happened, and correct it by a new step; both stay on record",
    )


def _of_goods(tally: Tally) -> Iterator[Trouble]:
    line, ordered, handed = tally.line, tally.line.quantity, tally.handed
    if not tally.known:
        yield Trouble(
            "unknown-line",
            f"a step names line {line.line}, which the order does not have",
            "compare the order with the channel it was placed in",
            line.line,
        )
    elif handed > ordered:
        yield Trouble(
            "handed-over-twice",
            f"{line.name}: {pieces(ordered)} ordered, {pieces(handed)} handed over",
            "ask the stores that handed over; take the rest back or charge for it",
            line.line,
        )
    elif tally.too_late:
        yield Trouble(
            "handed-over-and-cancelled",
            f"{line.name}: {pieces(tally.too_late)} cancelled, but handed over",
            "charge it again where it was refunded, or take it back as a return",
            line.line,
        )


def _of_sums(tally: Tally) -> Iterator[Trouble]:
    name, handed, wanted = tally.line.name, tally.handed, tally.line.quantity - tally.handed
    if tally.returned > handed:
        yield Trouble(
            "returned-more",
            f"{name}: {pieces(handed)} handed over, {pieces(tally.returned)} came back",
            "ask the stores that took them back whether one return was told twice",
            tally.line.line,
        )
    if tally.known and tally.set_aside > max(0, wanted):
        yield Trouble(
            "set-aside-twice",
            f"{name}: {pieces(max(0, wanted))} wanted, {pieces(tally.set_aside)} set aside",
            "put the rest back on the shelf and release it",
            tally.line.line,
        )


def _of_ending(counted: Tallies) -> Iterator[Trouble]:
    """An ending that ended nothing came too late, or the counter did not know of it."""
    known = [tally for tally in counted.lines if tally.known]
    if counted.ended and known and not any(tally.cancelled for tally in known):
        yield Trouble(
            "handed-over-and-ended",
            "the order was cancelled or had expired, and everything was handed over",
            "charge it again where it was refunded, or take it back as a return",
        )


def _of_money(counted: Tallies, money: Money, currency: str) -> Iterator[Trouble]:
    known = [tally for tally in counted.lines if tally.known]
    if money.unsecured and known and not any(tally.open for tally in known):
        yield Trouble(
            "not-paid",
            f"no goods are left to hand over, and {written(money.unsecured, currency)} are missing",
            "ask the customer, or look for the payment in the web store",
        )
