"""The states of an order, read from its goods; and what may be done in each: one table.

`STATES` is also the ladder of what a channel tells in words alone: of two such words the later one
counts. Goods that left us stand above a cancellation. Payment is told apart (`money`): an order can
be collected and unpaid, or paid and cancelled.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from agent.core.faults import StateFault
from agent.core.orders.model import Stage, Step
from agent.core.orders.tally import Tallies, Tally

DRAFT, PLACED, RESERVED, PICKED = "draft", "placed", "reserved", "picked"
SHIPPED, READY = "shipped", "ready"
EXPIRED, CANCELLED = "expired", "cancelled"
DELIVERED, COLLECTED, RETURNED = "delivered", "collected", "returned"

STATES = (
    DRAFT,
    PLACED,
    RESERVED,
    PICKED,
    SHIPPED,
    READY,
    EXPIRED,
    CANCELLED,
    DELIVERED,
    COLLECTED,
    RETURNED,
)
"""From first to last."""
OPEN = frozenset({DRAFT, PLACED, RESERVED, PICKED, SHIPPED, READY})
"""Of interest at a till: to be collected, or on the way."""

_OF_STAGE = {
    Stage.ACCEPTED: PLACED,
    Stage.RESERVED: RESERVED,
    Stage.RELEASED: PLACED,
    Stage.PICKED: PICKED,
    Stage.SENT: SHIPPED,
    Stage.ARRIVED: SHIPPED,
    Stage.SHIPPED: SHIPPED,
    Stage.READY: READY,
    Stage.EXPIRED: EXPIRED,
    Stage.CANCELLED: CANCELLED,
    Stage.DELIVERED: DELIVERED,
    Stage.COLLECTED: COLLECTED,
    Stage.RETURNED: RETURNED,
}


class OrderFault(StateFault):
    """The order is not in a state that allows this; nothing was changed."""

    name = "order-refused"
    title = "The order does not allow this"


class Action(StrEnum):
    """What can be done with an order, worded to complete "cannot …"."""

    ACCEPT = "accept it"
    RESERVE = "set goods aside"
    RELEASE = "put goods back on the shelf"
    PICK = "pick goods"
    SEND = "send goods to another store"
    MAKE_READY = "tell the customer that it is ready"
    SHIP = "ship it"
    HAND_OVER = "hand goods over"
    EXPIRE = "let it expire"
    CANCEL = "cancel it"
    RETURN = "take goods back"


_NOT_OUT = (Action.RESERVE, Action.CANCEL)
_ASIDE = (
    *_NOT_OUT,
    Action.RELEASE,
    Action.PICK,
    Action.SEND,
    Action.SHIP,
    Action.HAND_OVER,
    Action.EXPIRE,
)

TABLE: dict[str, frozenset[Action]] = {
    DRAFT: frozenset({Action.ACCEPT, *_NOT_OUT}),
    PLACED: frozenset({*_NOT_OUT, Action.PICK, Action.SEND, Action.SHIP, Action.EXPIRE}),
    RESERVED: frozenset({*_ASIDE, Action.MAKE_READY}),
    PICKED: frozenset({*_ASIDE, Action.MAKE_READY}),
    SHIPPED: frozenset({*_ASIDE, Action.MAKE_READY}),
    READY: frozenset({*_ASIDE, Action.MAKE_READY}),
    EXPIRED: frozenset(),
    CANCELLED: frozenset(),
    DELIVERED: frozenset(),
    COLLECTED: frozenset(),
    RETURNED: frozenset(),
}
"""State → what may be done; taking goods back needs goods handed over, in whatever state."""

_REMEDIES = {
    DRAFT: "wait until HQ has accepted the order; it is kept and goes out by itself",
    PLACED: "pick the goods and set them aside first",
    EXPIRED: "if the goods are still there, hand them over with a reason; else sell them anew",
    CANCELLED: "sell the goods in a new sale; what was paid for the order is given back",
    DELIVERED: "goods that were handed over come back as a return",
    COLLECTED: "goods that were handed over come back as a return",
    RETURNED: "sell the goods in a new sale",
}


def require(state: str, action: Action) -> None:
    """Refuse what the table does not have.

    Raises:
        OrderFault: `order-` and the state.

    >>> require(READY, Action.HAND_OVER)
    """
    if action not in TABLE[state]:
        raise OrderFault(
            f"cannot {action}: the order is {state}",
            remedy=_REMEDIES.get(state, "go on with what the order waits for"),
            name=f"order-{state}",
        )


def rank(state: str) -> int:
    """Tell how far along its life an order in this state is; a word not known here is first.

    >>> rank("ready") < rank("cancelled") < rank("collected"), rank("teleported")
    (True, -1)
    """
    return STATES.index(state) if state in STATES else -1


def further(words: Iterable[str]) -> str:
    """Give the word that counts of those a channel told, in whatever order; the first of none."""
    return max(words, key=rank, default=DRAFT)


def state_of(tallies: Tallies) -> str:
    """Tell the state of an order: how far the goods are that still wait for something.

    With nothing known of what was ordered, the furthest step that was told says it.
    """
    known = [tally for tally in tallies.lines if tally.known]
    if not known:
        return further(_words(tallies))
    waiting = [_state_of_line(tally) for tally in known if tally.open]
    if not waiting:
        return _closed(tallies, known)
    least = min(waiting, key=rank)
    return _beginning(tallies) if least == PLACED else least


def furthest(tallies: Tallies) -> str:
    """Tell how far the goods are that are furthest: what may be done is asked of them.

    One line that is ready can be handed over while another still has to come.
    """
    states = {_state_of_line(tally) for tally in tallies.lines if tally.known and tally.open}
    return max((state_of(tallies), *(states - {PLACED})), key=rank)


def is_partial(tallies: Tallies) -> bool:
    """Tell whether some goods are further than the order's state says."""
    open_lines = [tally for tally in tallies.lines if tally.known and tally.open]
    states = {_state_of_line(tally) for tally in open_lines}
    return len(states) > 1 or bool(states and any(tally.handed for tally in tallies.lines))


def _state_of_line(tally: Tally) -> str:
    """Tell how far all of the line's open goods are."""
    moves = tally.moves
    ready = (moves.ready,)
    sent = (*ready, moves.sent, moves.arrived)
    picked = (*ready, moves.picked)
    reserved = (*picked, moves.reserved, moves.arrived)
    for state, ways in ((READY, ready), (SHIPPED, sent), (PICKED, picked), (RESERVED, reserved)):
        if tally.still(*ways) >= tally.open:
            return state
    return PLACED


def _closed(tallies: Tallies, known: list[Tally]) -> str:
    """Tell how an order ended of which nothing is open any more."""
    handed = sum(tally.handed for tally in known)
    if handed == 0:
        # What was cancelled was decided by somebody; an expiry only came of waiting.
        stages = _stages(tallies)
        return EXPIRED if Stage.EXPIRED in stages and Stage.CANCELLED not in stages else CANCELLED
    if sum(tally.returned for tally in known) >= handed:
        return RETURNED
    if any(claim.step.stage is Stage.COLLECTED for tally in known for claim in tally.moves.handed):
        return COLLECTED
    delivered = all(tally.delivered >= tally.handed for tally in known)
    return DELIVERED if delivered else SHIPPED


def _beginning(tallies: Tallies) -> str:
    draft = tallies.placed is not None and tallies.placed.draft
    return DRAFT if draft and Stage.ACCEPTED not in _stages(tallies) else PLACED


def _words(tallies: Tallies) -> list[str]:
    words = [_OF_STAGE[stage] for stage in _stages(tallies)]
    return words if tallies.placed is None else [*words, _beginning(tallies)]


def _stages(tallies: Tallies) -> set[Stage]:
    return {step.stage for step in tallies.told if isinstance(step, Step)}
