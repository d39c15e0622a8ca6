"""Endpoints of a till: its state, its day, its drawer, its cashier."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody

from agent.api.access import Sender, loop_for
from agent.api.backend import DeviceView, Served
from agent.api.bodies import EmptyBody, Json
from agent.api.described import ANSWERS, TillPath
from agent.core.identifiers import ActorId, PrintId
from agent.core.quantities import Minor
from agent.sync.status import SyncStatus
from agent.till import commands
from agent.till.replies import (
    CashView,
    ClosedDay,
    DayView,
    Printing,
    Recognised,
    SignedOn,
    TillView,
)
from agent.till.requests import UUID_PATTERN, Amount, CallerId, Positive, ScanText, Words


class TillState(TillView, frozen=True, kw_only=True):
    """A till, with the agent's devices, and how the exchange with HQ stands."""

    devices: tuple[DeviceView, ...]
    sync: SyncStatus | None
    """None where the agent works without HQ."""


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scan typed at the page: it goes the way of a device's."""

    scan: ScanText


class OpenTillBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opens the till."""

    float_amount: Positive = Minor(0)
    """Counted into the drawer."""
    request_id: CallerId | None = None
    """Repeated, the request gives the same answer instead of a refusal."""


class CloseTillBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Closes the till."""

    counted_cash: Positive
    """Everything in the drawer, the float included."""
    request_id: CallerId | None = None
    """Repeated, the request gives the same report instead of another one."""


class CashBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pays cash in or out."""

    amount: Amount
    """Positive pays in, negative pays out."""
    reason: Words | None = None
    """Required; refused with 400 where it is missing."""
    cash_id: CallerId | None = None
    """Repeated, the cash is moved once."""


class SignOnBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signs a cashier on; null signs off."""

    actor: Annotated[ActorId, msgspec.Meta(min_length=1, max_length=64)] | None
    pin: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    """Taken, and not checked: no list of cashiers is held yet."""


class DrawerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opens the drawer."""

    print_id: Annotated[PrintId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Repeated, the drawer opens once."""


@get("/v1/tills/{till:str}", responses=ANSWERS)
async def show_till(till: TillPath, backend: Served, speaker: Sender) -> TillState:
    """Show a till: open sale, parked sales, cashier, day, devices, exchange with HQ."""
    view = await loop_for(backend, speaker, till).view()
    return TillState(
        **msgspec.structs.asdict(view), devices=backend.device_views(), sync=backend.sync()
    )


@post("/v1/tills/{till:str}/scan", dto=Json[ScanBody], status_code=200, responses=ANSWERS)
async def scan(
    till: TillPath, data: JSONBody[ScanBody], backend: Served, speaker: Sender
) -> Recognised:
    """Take a scan that was typed or injected."""
    return await loop_for(backend, speaker, till).ask(commands.TypedScan(data.scan))


@delete("/v1/tills/{till:str}/customer", dto=Json[EmptyBody], status_code=200, responses=ANSWERS)
async def forget_customer(
    till: TillPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> SignedOn:
    """Clear the customer who was recognised before the next sale was opened."""
    del data
    return await loop_for(backend, speaker, till).ask(commands.ForgetCustomer())


@post("/v1/tills/{till:str}/open", dto=Json[OpenTillBody], status_code=200, responses=ANSWERS)
async def open_till(
    till: TillPath, data: JSONBody[OpenTillBody], backend: Served, speaker: Sender
) -> DayView:
    """Begin the till's day with a float; selling does not depend on it."""
    loop = loop_for(backend, speaker, till)
    return await loop.ask(commands.OpenTill(data.float_amount, data.request_id))


@post("/v1/tills/{till:str}/close", dto=Json[CloseTillBody], status_code=200, responses=ANSWERS)
async def close_till(
    till: TillPath, data: JSONBody[CloseTillBody], backend: Served, speaker: Sender
) -> ClosedDay:
    """End the day: Z report, printed and on its way to HQ."""
    loop = loop_for(backend, speaker, till)
    return await loop.ask(commands.CloseTill(data.counted_cash, data.request_id))


@get("/v1/tills/{till:str}/report", responses=ANSWERS)
async def report(till: TillPath, backend: Served, speaker: Sender) -> DayView:
    """Show the figures since the till was closed last: an X report."""
    return await loop_for(backend, speaker, till).report()


@post("/v1/tills/{till:str}/cash", dto=Json[CashBody], status_code=200, responses=ANSWERS)
async def move_cash(
    till: TillPath, data: JSONBody[CashBody], backend: Served, speaker: Sender
) -> CashView:
    """Pay cash in or out, with a reason."""
    loop = loop_for(backend, speaker, till)
    return await loop.ask(commands.MoveCash(data.amount, data.reason, data.cash_id))


@post("/v1/tills/{till:str}/sign-on", dto=Json[SignOnBody], status_code=200, responses=ANSWERS)
async def sign_on(
    till: TillPath, data: JSONBody[SignOnBody], backend: Served, speaker: Sender
) -> SignedOn:
    """Sign a cashier on, or off."""
    return await loop_for(backend, speaker, till).ask(commands.SignOn(data.actor))


@post("/v1/tills/{till:str}/drawer", dto=Json[DrawerBody], status_code=200, responses=ANSWERS)
async def open_drawer(
    till: TillPath, data: JSONBody[DrawerBody], backend: Served, speaker: Sender
) -> Printing:
    """Open the cash drawer."""
    return await loop_for(backend, speaker, till).ask(commands.OpenDrawer(data.print_id))


ENDPOINTS = (
    show_till,
    scan,
    forget_customer,
    open_till,
    close_till,
    report,
    move_cash,
    sign_on,
    open_drawer,
)
