"""A weighed item whose code says no weight: the till's scale says it, once for each line."""

from __future__ import annotations

from msgspec.structs import replace

from agent.core.recognition import Item
from agent.till.desk import Desk
from agent.till.lines import WEIGHED, Measured
from agent.till.requests import LineRequest

WITHIN_S = 1.5
"""How long a line may wait for its load to settle: the till does nothing else meanwhile."""


async def weighed(desk: Desk, item: Item | None, said: Measured, request: LineRequest) -> Measured:
    """Add the weight of what lies on the scale, where one is needed and nothing else tells it.

    A quantity in the request, or a weight or price in the code, always wins. The price is then
    computed from a stable net weight in kilograms alone, as the law of the trade wants it.

    Raises:
        StateFault: `no-weight`, `unstable-weight`.
        UnavailableFault: `scale-not-ready`.
    """
    told = (said.quantity, said.extension, request.quantity)
    unit = item.unit if item is not None else request.unit
    if unit != WEIGHED or any(each is not None for each in told):
        return said
    if not desk.peripherals.has_scale:
        return said
    reading = await desk.peripherals.weigh(WITHIN_S)
    return replace(said, quantity=reading.weight)
