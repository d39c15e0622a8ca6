"""What a person may do with an order: checked against what is known of it here, then told.

A till that is offline decides by what it knows. What it tells is a fact and stays one; where two
tills knew too little, the order's troubles say so afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from agent.core.faults import NotFoundFault
from agent.core.orders.checks import checked
from agent.core.orders.gathering import counting
from agent.core.orders.model import CustomerOrder, Part, Stage, Step
from agent.core.orders.money import carriage, money_of
from agent.core.orders.states import EXPIRED, READY, Action, OrderFault, furthest, require, state_of
from agent.core.orders.tally import Tallies, Tally, tallies
from agent.core.quantities import Minor, Thousandths
from agent.core.sale.bounds import money as written
from agent.core.sale.bounds import pieces


class _Rule(msgspec.Struct, frozen=True):
    """What telling a stage needs."""

    action: Action | None
    """None where the state does not matter."""
    most: Callable[[Tally], int]
    """How much of a line it can be told of."""
    word: str
    """Completes "2 of Kettle cannot be …"."""
    whole: bool = False
    """No goods named means the whole order; else all that it can be told of now."""


_RULES: dict[Stage, _Rule] = {
    Stage.ACCEPTED: _Rule(Action.ACCEPT, lambda tally: tally.open, "accepted", whole=True),
    Stage.RESERVED: _Rule(Action.RESERVE, lambda tally: tally.open - tally.set_aside, "set aside"),
    Stage.RELEASED: _Rule(Action.RELEASE, lambda tally: tally.set_aside, "put back"),
    Stage.PICKED: _Rule(
        Action.PICK,
        lambda tally: tally.open - tally.still(tally.moves.picked, tally.moves.ready),
        "picked",
    ),
    Stage.SENT: _Rule(
        Action.SEND, lambda tally: tally.open - tally.still(tally.moves.sent), "sent"
    ),
    Stage.ARRIVED: _Rule(None, lambda tally: tally.on_the_way, "received"),
    Stage.READY: _Rule(
        Action.MAKE_READY,
        lambda tally: tally.open - tally.still(tally.moves.ready),
        "made ready",
    ),
    Stage.SHIPPED: _Rule(Action.SHIP, lambda tally: tally.open - tally.parcels, "shipped"),
    Stage.COLLECTED: _Rule(Action.HAND_OVER, lambda tally: tally.open, "handed over"),
    Stage.EXPIRED: _Rule(Action.EXPIRE, lambda tally: tally.open, "given up", whole=True),
    Stage.CANCELLED: _Rule(Action.CANCEL, lambda tally: tally.open, "cancelled", whole=True),
    Stage.DELIVERED: _Rule(None, lambda tally: tally.handed - tally.delivered, "delivered"),
    Stage.RETURNED: _Rule(None, lambda tally: tally.returnable, "taken back"),
}


def act(order: CustomerOrder, step: Step, *, on_account: bool = False) -> Step:
    """Give the step as it is to be told, with the goods it is told of; told already, that one.

    Args:
        order: as known here, money just taken included.
        step: with no goods named, it is told of all it can be told of now. To hand over an order
            that has expired it needs a reason.
        on_account: goods are handed over although money is missing.

    Raises:
        OrderFault: the state forbids it (`order-…`); `more-than-open`, `nothing-open`,
            `payment-due`, `other-store`.
        NotFoundFault: `order-unknown`: what was ordered is not known here; `no-such-line`.
        OrderInput: it cannot be meant at all.
    """
    held = [told for told in order.told if isinstance(told, Step) and told.event == step.event]
    if held:
        return held[0]
    counted, rule = _known(order), _RULES[step.stage]
    state = furthest(counted)
    after_all = step.stage is Stage.COLLECTED and state == EXPIRED and bool(step.reason)
    if rule.action is not None and not after_all:
        require(state, rule.action)
    most = {
        tally.line.line: tally.open + tally.cancelled if after_all else max(0, rule.most(tally))
        for tally in counted.lines
        if tally.known
    }
    parts = _parts(counted, step, rule, most)
    if step.stage is Stage.COLLECTED:
        _require_this_store(counted, step)
        _require_paid(counted, parts, on_account=on_account)
    told = msgspec.structs.replace(step, parts=parts)
    checked(told)
    return told


def overdue(order: CustomerOrder, day: str, at: str = "") -> Step | None:
    """Tell that an order has expired which nobody collected; None while it is kept, or not ready.

    Its event follows from the order, so that an order expires once, whoever finds it overdue.

    Args:
        order: as known here.
        day: today, as a date in ISO 8601; it must be later than the last day of all.
        at: UTC, ISO 8601.
    """
    steps = [told for told in counting(order) if isinstance(told, Step)]
    until = max((step.until for step in steps if step.stage is Stage.READY), default="")
    if not until or day <= until or state_of(tallies(order)) != READY:
        return None
    return Step(f"{order.order_id}/expired", order.order_id, Stage.EXPIRED, at=at)


def to_pay(order: CustomerOrder, parts: tuple[Part, ...]) -> Minor:
    """Tell what must still be paid before these goods can be handed over.

    What was paid counts towards whatever is taken first; carriage is paid with the first goods.

    Raises:
        NotFoundFault: `order-unknown`.
    """
    return _to_pay(_known(order), parts)


def _known(order: CustomerOrder) -> Tallies:
    counted = tallies(order)
    if counted.placed is None:
        raise NotFoundFault(
            f"what was ordered in {order.order_id} is not known here",
            remedy="ask again once HQ is reached, or open the order in its own channel",
            name="order-unknown",
        )
    return counted


def _parts(counted: Tallies, step: Step, rule: _Rule, most: Mapping[int, int]) -> tuple[Part, ...]:
    if not any(most.values()):
        raise OrderFault(
            f"nothing of the order can be {rule.word}",
            remedy="open the order and see how each line stands",
            name="nothing-open",
        )
    if not step.parts and rule.whole:
        return ()
    if not step.parts:
        return tuple(Part(line, Thousandths(left)) for line, left in most.items() if left)
    names = {tally.line.line: tally.line.name for tally in counted.lines}
    for part in step.parts:
        _require_left(part, rule.word, most, names)
    return step.parts


def _require_left(part: Part, word: str, most: Mapping[int, int], names: Mapping[int, str]) -> None:
    if part.line not in most:
        numbers = ", ".join(str(line) for line, left in most.items() if left)
        raise NotFoundFault(
            f"the order has no goods in line {part.line}",
            remedy=f"lines that can be {word}: {numbers}",
            name="no-such-line",
        )
    left = most[part.line]
    if part.quantity > left:
        raise OrderFault(
            f"{pieces(part.quantity)} of {names[part.line]} cannot be {word}: {pieces(left)} "
            "are left for it",
            remedy=f"name at most {pieces(left)}" if left else "leave the line out",
            name="more-than-open",
        )


def _require_this_store(counted: Tallies, step: Step) -> None:
    wanted = counted.placed.collect_at if counted.placed else None
    if wanted is not None and step.location != wanted:
        raise OrderFault(
            f"the order waits at {wanted}, and this is {step.location or 'nowhere'}",
            remedy=f"send the customer to {wanted}, or have the goods sent here",
            name="other-store",
        )


def _require_paid(counted: Tallies, parts: tuple[Part, ...], *, on_account: bool) -> None:
    missing = _to_pay(counted, parts)
    if missing and counted.placed is not None and not on_account:
        raise OrderFault(
            f"{written(missing, counted.placed.currency)} are still to be paid",
            remedy="take the money first, then hand the goods over",
            name="payment-due",
        )


def _to_pay(counted: Tallies, parts: tuple[Part, ...]) -> Minor:
    money = money_of(counted)
    now = {part.line: part.quantity for part in parts}
    goods = sum(
        tally.worth(tally.handed + now.get(tally.line.line, 0)) - tally.worth(tally.returned)
        for tally in counted.lines
    )
    secured = money.settled + money.authorized - money.refunded
    return Minor(max(0, goods + carriage(counted) - money.let_off - secured))
