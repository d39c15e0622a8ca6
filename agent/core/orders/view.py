"""How an order stands, read from the set of what was told of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.core.identifiers import CustomerRef
from agent.core.orders.gathering import contradictions
from agent.core.orders.model import Cause, CustomerOrder, OrderId, OrderLine, Placed, Stage, Step
from agent.core.orders.money import Money, money_of
from agent.core.orders.states import OPEN, is_partial, state_of
from agent.core.orders.tally import Tally, given_for, tallies
from agent.core.orders.troubles import Trouble, troubles
from agent.core.quantities import Minor, Thousandths


class LineView(msgspec.Struct, frozen=True):
    """One line of goods as it stands; quantities in thousandths."""

    line: OrderLine
    open: Thousandths
    """Still to be handed over."""
    ready: Thousandths
    """Of those, waiting for the customer."""
    cancelled: Thousandths
    handed: Thousandths
    returned: Thousandths
    returnable: Thousandths
    refunded: Minor
    """Given back for what was returned."""


class OrderView(msgspec.Struct, frozen=True):
    """An order as it stands."""

    order_id: OrderId
    placed: Placed | None
    """What was ordered; None as long as only what became of it has been told."""
    state: str
    """One of `states.STATES`."""
    partial: bool
    """Some goods are further than the state says."""
    money: Money
    lines: tuple[LineView, ...]
    until: str
    """The last day the goods are kept; nothing where nobody said."""
    known_as: tuple[str, ...]
    """Ids of the same order in other systems."""
    troubles: tuple[Trouble, ...]
    """What somebody has to look at."""

    @property
    def is_open(self) -> bool:
        """Tell whether the order still waits for something at a till."""
        return self.state in OPEN

    @property
    def customer_ref(self) -> CustomerRef | None:
        """The customer's pseudonym, if there is one."""
        return self.placed.customer_ref if self.placed else None


def view(order: CustomerOrder) -> OrderView:
    """Tell how an order stands; the same set of things told gives the same answer everywhere."""
    counted = tallies(order)
    money = money_of(counted)
    state = state_of(counted)
    returned = given_for(counted.told, Cause.RETURN)
    steps = [each for each in counted.told if isinstance(each, Step)]
    return OrderView(
        order_id=order.order_id,
        placed=counted.placed,
        state=state,
        partial=is_partial(counted),
        money=money,
        lines=tuple(_line(tally, returned) for tally in counted.lines if tally.known),
        until=max((step.until for step in steps if step.stage is Stage.READY), default=""),
        known_as=tuple(sorted({step.known_as for step in steps if step.known_as})),
        troubles=troubles(counted, money, contradictions(order)),
    )


def _line(tally: Tally, returned: Mapping[int, Minor]) -> LineView:
    return LineView(
        line=tally.line,
        open=Thousandths(tally.open),
        ready=Thousandths(min(tally.open, tally.still(tally.moves.ready))),
        cancelled=tally.cancelled,
        handed=Thousandths(tally.handed),
        returned=Thousandths(tally.returned),
        returnable=tally.returnable,
        refunded=returned.get(tally.line.line, Minor(0)),
    )
