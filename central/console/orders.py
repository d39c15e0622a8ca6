"""Orders of all channels: by store and state, one as it stands, and what happens to its goods.

A page shows and does what the API does (`central.goods.routes`), and is logged like it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery
from uuid_utils import uuid7

from agent.core.faults import InputFault
from agent.core.identifiers import ActorId
from agent.core.orders import Placed, Stage, Step, Told
from agent.core.orders.states import STATES, TABLE, Action
from central.console.forms import Form, back_to, see_other
from central.console.login import FORM_BYTES_MAX
from central.console.pages import page
from central.goods.routes import StepAsked, happen, order, orders
from central.goods.sheets import ORDERS_SHOWN
from central.ledger.hq import Hq, hq_of

_STAGES = {
    Action.ACCEPT: Stage.ACCEPTED,
    Action.RESERVE: Stage.RESERVED,
    Action.RELEASE: Stage.RELEASED,
    Action.PICK: Stage.PICKED,
    Action.SEND: Stage.SENT,
    Action.MAKE_READY: Stage.READY,
    Action.SHIP: Stage.SHIPPED,
    Action.EXPIRE: Stage.EXPIRED,
    Action.CANCEL: Stage.CANCELLED,
}
"""What is told at a desk; goods are handed over, and come back, at a till."""


@get("/orders", sync_to_thread=True)
def get_orders(
    request: Request[Any, Any, Any],
    store: FromQuery[str] = "",
    standing: FromQuery[str] = "",
    number: FromQuery[str] = "",
) -> Response[str]:
    """List orders by store and state, or go to the one whose number is asked for."""
    if number.strip():
        return see_other(_path(number.strip()))
    hq = hq_of(request)
    return page(
        "orders.html",
        chain=hq.name,
        q="",
        store=store.strip(),
        standing=standing,
        states=STATES,
        found=orders(hq, store=store.strip() or None, state=standing or None),
        shown_max=ORDERS_SHOWN,
    )


@get("/orders/{order_no:str}", sync_to_thread=True)
def get_order(
    request: Request[Any, Any, Any], order_no: FromPath[str], done: FromQuery[str] = ""
) -> Response[str]:
    """Show one order: goods, money, what is wrong with it, who told what, and what may be done."""
    hq = hq_of(request)
    sheet = order(hq, order_no)
    return page(
        "order.html",
        chain=hq.name,
        q="",
        done=done,
        sheet=sheet,
        told=[(each, _said(each)) for each in sorted(sheet.told, key=lambda each: each.at)],
        steps=_steps(sheet.order.state),
        event=str(uuid7()),
    )


@post("/orders/{order_no:str}", request_max_body_size=FORM_BYTES_MAX)
async def post_order(request: Request[Any, Any, Any], order_no: FromPath[str]) -> Response[str]:
    """Have something happen to an order's goods, as the form of its page says."""
    form = Form(await request.body())
    state = await sync_to_thread(_step, hq_of(request), order_no, form)
    return back_to(_path(order_no), f"the order is {state}")


def _step(hq: Hq, order_no: str, form: Form) -> str:
    form.require_sure()
    if form["stage"] not in set(Stage):
        raise InputFault("nothing was chosen", remedy="go back, and choose what happens")
    asked = StepAsked(
        event=form.require("event", "the form's own id"),
        stage=Stage(form["stage"]),
        location=form["location"],
        to=form["to"],
        until=form["until"],
        reason=form["reason"] or None,
        actor=ActorId(form.require("actor", "your name")),
    )
    return happen(hq, order_no, asked).state


def _steps(state: str) -> list[Stage]:
    """List what may happen to an order in a state, in the order of the table above."""
    allowed = TABLE.get(state, frozenset())
    return [stage for action, stage in _STAGES.items() if action in allowed]


def _said(told: Told) -> str:
    """Say in a few words what was told; amounts and places stand beside it."""
    if isinstance(told, Placed):
        return "ordered" if not told.revision else f"changed, revision {told.revision}"
    if isinstance(told, Step):
        return told.stage.value
    return f"{type(told).__name__.lower()} {told.state.value}"


def _path(order_no: str) -> str:
    return f"/orders/{quote(order_no, safe='')}"
