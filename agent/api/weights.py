"""Endpoints of what stands beside the till: its scale, and what its customer sees."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from agent.api.access import Sender, loop_for
from agent.api.backend import Served
from agent.api.bodies import EmptyBody, Json
from agent.api.described import ANSWERS, TillPath
from agent.core.identifiers import DeviceId
from agent.till.showing import CustomerView

WITHIN_MS = 500
WITHIN_MS_MAX = 10_000
NS_PER_MS = 1_000_000
ZERO_WITHIN_S = 1.5

WithinMs = Annotated[
    int,
    QueryParameter(
        ge=0, le=WITHIN_MS_MAX, description="How long to wait for a load to settle; 0 not at all."
    ),
]
Line = Annotated[str, msgspec.Meta(max_length=200)]


class Weight(msgspec.Struct, frozen=True):
    """What lies on the scale, at rest, tare taken off."""

    device: DeviceId | None
    grams: int
    """Never zero, never negative: those are refused with a reason."""
    age_ms: int
    """Since the scale said it; never more than 1000."""
    at: str
    """The time of this answer: UTC, ISO 8601."""


class Zeroed(msgspec.Struct, frozen=True):
    """The scale says zero."""

    device: DeviceId | None


class DisplayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines for the customer's line display, from the top; what is too long is cut."""

    lines: Annotated[tuple[Line, ...], msgspec.Meta(max_length=8)]


class Displayed(msgspec.Struct, frozen=True):
    """What was handed to the display, and its size."""

    lines: tuple[str, ...]
    columns: int
    rows: int


@get("/v1/tills/{till:str}/weight", responses=ANSWERS)
async def weight(
    till: TillPath,
    backend: Served,
    speaker: Sender,
    within_ms: WithinMs = WITHIN_MS,
) -> Weight:
    """Give the stable weight on the till's scale, waiting `within_ms` for a load to settle."""
    loop = loop_for(backend, speaker, till)
    reading = await loop.weigh(within_ms / 1000)
    now = backend.clock.stamp()
    return Weight(
        device=loop.desk.till.scale,
        grams=reading.weight or 0,
        age_ms=max(0, now.mono_ns - reading.mono_ns) // NS_PER_MS,
        at=now.wall,
    )


@post("/v1/tills/{till:str}/scale/zero", dto=Json[EmptyBody], status_code=200, responses=ANSWERS)
async def zero(
    till: TillPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> Zeroed:
    """Have the scale take what lies on it as zero; it does so with a small load at rest alone."""
    del data
    loop = loop_for(backend, speaker, till)
    await loop.zero(ZERO_WITHIN_S)
    return Zeroed(loop.desk.till.scale)


@post("/v1/tills/{till:str}/display", dto=Json[DisplayBody], status_code=200, responses=ANSWERS)
async def display(
    till: TillPath, data: JSONBody[DisplayBody], backend: Served, speaker: Sender
) -> Displayed:
    """Show lines on the customer's line display; the agent's own basket overwrites them."""
    loop = loop_for(backend, speaker, till)
    loop.display(data.lines)
    beside = loop.desk.peripherals
    return Displayed(data.lines, beside.display_columns or 0, beside.display_rows)


@get("/v1/tills/{till:str}/display", responses=ANSWERS)
async def customer_view(till: TillPath, backend: Served, speaker: Sender) -> CustomerView:
    """Show what the customer may see of the sale: goods and amounts, nobody's name."""
    return loop_for(backend, speaker, till).customer_view()


ENDPOINTS = (weight, zero, display, customer_view)
