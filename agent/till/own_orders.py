"""What this agent itself told of orders: known at once, offline too, and joined with HQ's word.

An order is a set of what was told of it, so what is here and comes back from HQ counts once, and
nothing has to be forgotten in time. Kept as long as the newest entries are: see `restoring`.
"""

from __future__ import annotations

from collections import OrderedDict

from agent.core.entries.bodies import Body
from agent.core.orders import OrderId, OrderNoted, Placed, Told

ORDERS_MAX = 20_000
"""Orders remembered: more than a store has to do with while HQ is away; oldest go first."""


class OwnOrders:
    """The index; one per agent, shared by its tills."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._told: OrderedDict[OrderId, tuple[Told, ...]] = OrderedDict()
        self._numbers: dict[str, OrderId] = {}

    def note(self, body: Body) -> None:
        """Take in one entry that is durable; others than of orders are passed."""
        if isinstance(body, OrderNoted):
            for each in body.told:
                self._note(each)

    def of(self, order_id: OrderId) -> tuple[Told, ...]:
        """Give what was told here of an order."""
        return self._told.get(order_id, ())

    def numbered(self, order_no: str) -> OrderId | None:
        """Find an order that was made here, by its number."""
        return self._numbers.get(order_no)

    def made(self) -> list[str]:
        """List the numbers of orders that were made here."""
        return sorted(self._numbers)

    def _note(self, told: Told) -> None:
        order_id = told.order_id
        self._told[order_id] = (*self._told.get(order_id, ()), told)
        self._told.move_to_end(order_id)
        if isinstance(told, Placed):
            self._numbers[told.number] = order_id
        if len(self._told) > ORDERS_MAX:
            oldest, _ = self._told.popitem(last=False)
            self._numbers = {no: each for no, each in self._numbers.items() if each != oldest}
