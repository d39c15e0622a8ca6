"""Vendure 3 as a channel: what is looked at when, and what is done there for the stores.

What is new is asked for by `orderPlacedAt`, with an overlap, since times are whole seconds. What is
open is read again each time, since nothing of an order says that it has changed; and everything
young enough now and then, for what came of orders that were over, such as a refund.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from agent.core.orders import CustomerOrder, Part, Refund, Stage, Step
from agent.core.quantities import ONE, decimal_text, exponent
from central.channels.connecting import ConnectorFault, ConnectorSettings, EventBody
from central.channels.vendure_client import PAGE, VendureClient
from central.channels.vendure_events import COLLECT, TILL, Json, events_of
from central.channels.vendure_money import as_told, in_minor_units
from central.goods.tasks import Task

OVERLAP_S = 120
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an order can cause that is not as this connector knows them: a line without its product."""
_LOG = structlog.get_logger("central")
_OVER = ("Delivered", "Cancelled")
_NOTE = """mutation ($id: ID!, $note: String!) {
  addNoteToOrder(input: { id: $id, note: $note, isPublic: false }) { id } }"""
_FULFIL = """mutation ($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) {
  __typename ... on Fulfillment { id state } ... on ErrorResult { errorCode message } } }"""
_MOVE = """mutation ($id: ID!, $state: String!) {
  transitionFulfillmentToState(id: $id, state: $state) {
  __typename ... on Fulfillment { id state } ... on ErrorResult { errorCode message } } }"""
_REFUND = """mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
  __typename ... on Refund { id state total } ... on ErrorResult { errorCode message } } }"""
_SETTLE = """mutation ($id: ID!, $paid: String!) {
  settleRefund(input: { id: $id, transactionId: $paid }) {
  __typename ... on Refund { id state } ... on ErrorResult { errorCode message } } }"""
_STATES = {Stage.PICKED: "Pending", Stage.READY: "Shipped", Stage.COLLECTED: "Delivered"}
_LADDER = ("Created", "Pending", "Shipped", "Delivered")


class Vendure:
    """A `Connector` to one Vendure."""

    def __init__(self, channel: str, settings: ConnectorSettings, password: str) -> None:
        """Keep whom to ask; nothing is asked yet."""
        del channel
        self._settings = settings
        self._client = VendureClient(settings, password)
        self._newest = ""
        """The latest `orderPlacedAt` seen: the web store's clock, never ours."""

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def fresh(self) -> Iterator[Sequence[EventBody]]:
        """Give what was placed since the last look, and what is open."""
        if not self._newest:
            yield from self.sweep()
            return
        since = _earlier(self._newest, timedelta(seconds=OVERLAP_S))
        yield from self._read({"orderPlacedAt": {"after": since}})
        until = _earlier(self._newest, timedelta(seconds=OVERLAP_S - 1))
        yield from self._read({"orderPlacedAt": {"before": until}, "state": {"notIn": list(_OVER)}})

    def sweep(self) -> Iterator[Sequence[EventBody]]:
        """Give every order that is young enough, by the web store's own newest order."""
        where: dict[str, Any] = {"orderPlacedAt": {"isNull": False}}
        if self._newest:
            since = _earlier(self._newest, timedelta(days=self._settings.days))
            where = {"orderPlacedAt": {"after": since}}
        yield from self._read(where)

    def named(self, order_nos: Sequence[str]) -> Iterator[Sequence[EventBody]]:
        """Give all there is to tell of some orders, a page of them in one question."""
        for first in range(0, len(order_nos), PAGE):
            yield from self._read({"code": {"in": list(order_nos[first : first + PAGE])}})

    def do(self, task: Task, order: CustomerOrder) -> None:
        """Close fulfilments of what was collected, book refunds, note the rest."""
        found = next(iter(self._client.orders({"code": {"eq": task.order_no}})), None)
        if found is None:
            raise ConnectorFault(
                f"the web store has no order {task.order_no}",
                remedy="look whether it was deleted there; then say that the task is done",
            )
        held = in_minor_units(found, self._settings.amounts)
        match task.told:
            case Step(stage=stage) if stage in _STATES:
                self._fulfil(held, task.told, order)
            case Refund():
                self._refund(held, task.told, order)
            case told:
                self._note(held, _said(told, held["currencyCode"]))

    def _read(self, where: Mapping[str, Any]) -> Iterator[Sequence[EventBody]]:
        for order in self._client.orders(where):
            try:
                self._newest = max(self._newest, order["orderPlacedAt"] or "")
                read = in_minor_units(order, self._settings.amounts)
                events = events_of(read, self._settings.collect)
            except _UNREADABLE as error:
                # Left for a person; all orders behind it are told (P6).
                named, why = str(order.get("code"))[:40], f"{type(error).__name__}: {error}"[:200]
                _LOG.warning("an order of the web store cannot be read", order=named, why=why)
                continue
            yield events

    def _fulfil(self, held: Json, step: Step, order: CustomerOrder) -> None:
        """Bring fulfilments as far as the goods are; pieces in none yet get one of their own."""
        wanted, left = _STATES[step.stage], _still(held, step, order)
        for fulfilment in _open(held):
            lines = {str(each["orderLineId"]): each["quantity"] for each in fulfilment["lines"]}
            if all(left.get(line, 0) >= count for line, count in lines.items()):
                self._bring(fulfilment, wanted)
                left = {line: count - lines.get(line, 0) for line, count in left.items()}
        free = _unfulfilled(held)
        rest = {line: min(count, free.get(line, 0)) for line, count in left.items()}
        rest = {line: count for line, count in rest.items() if count > 0}
        if rest:
            self._bring(self._made(rest, step), wanted)

    def _made(self, lines: Mapping[str, int], step: Step) -> Json:
        handler = {
            "code": "manual-fulfillment",
            "arguments": [
                {"name": "method", "value": f"{COLLECT}{step.location.upper()}"},
                {"name": "trackingCode", "value": f"{TILL}{step.event}"},
            ],
        }
        named = [{"orderLineId": line, "quantity": count} for line, count in lines.items()]
        given = {"lines": named, "handler": handler}
        return self._client.change("addFulfillmentToOrder", _FULFIL, {"input": given})

    def _bring(self, fulfilment: Json, wanted: str) -> None:
        at = _LADDER.index(fulfilment["state"]) if fulfilment["state"] in _LADDER else 0
        for state in _LADDER[at + 1 : _LADDER.index(wanted) + 1]:
            said = {"id": fulfilment["id"], "state": state}
            self._client.change("transitionFulfillmentToState", _MOVE, said)

    def _refund(self, held: Json, refund: Refund, order: CustomerOrder) -> None:
        """Book a refund a store has paid out, with the store's sale as its reference."""
        marked = f"{TILL}{refund.refund}"
        made = _refund_marked(held, marked)
        if made is None:
            payment = _refundable(held, refund.amount)
            if payment is None:
                self._note(held, _said(refund, held["currencyCode"]))
                return
            amount = as_told(refund.amount, held["currencyCode"], self._settings.amounts)
            given = _refund_input(held, payment, refund, order, marked) | {"amount": amount}
            made = self._client.change("refundOrder", _REFUND, {"input": given})
        if made["state"] != "Settled":
            self._client.change("settleRefund", _SETTLE, {"id": made["id"], "paid": marked})

    def _note(self, held: Json, text: str) -> None:
        history = (held.get("history") or {}).get("items") or ()
        if any(each["data"].get("note") == text for each in history):
            return
        self._client.change("addNoteToOrder", _NOTE, {"id": held["id"], "note": text})


def _still(held: Json, step: Step, order: CustomerOrder) -> dict[str, int]:
    """Tell which pieces of a step are not as far yet: an earlier try may have lost its answer."""
    steps = [
        each
        for each in order.told
        if isinstance(each, Step) and each.stage is step.stage and not each.echo
    ]
    told = _pieces(held, (part for each in steps for part in each.parts))
    reached = _LADDER[_LADDER.index(_STATES[step.stage]) :]
    for fulfilment in held["fulfillments"] or ():
        if fulfilment["state"] in reached:
            for each in fulfilment["lines"]:
                line = str(each["orderLineId"])
                told[line] = told.get(line, 0) - each["quantity"]
    return {
        line: min(count, told.get(line, 0)) for line, count in _pieces(held, step.parts).items()
    }


def _open(held: Json) -> list[Json]:
    return [each for each in held["fulfillments"] or () if each["state"] not in {*_OVER}]


def _ids(held: Json) -> list[str]:
    """Give Vendure's ids of lines, so that the n-th is our line n; see `vendure_events`."""
    return sorted((str(each["id"]) for each in held["lines"]), key=int)


def _pieces(held: Json, parts: Iterable[Part]) -> dict[str, int]:
    ids = _ids(held)
    sums: dict[str, int] = {}
    for part in parts:
        if part.line <= len(ids):
            line = ids[part.line - 1]
            sums[line] = sums.get(line, 0) + part.quantity // ONE
    return sums


def _unfulfilled(held: Json) -> dict[str, int]:
    left = {str(each["id"]): each["quantity"] for each in held["lines"]}
    for fulfilment in held["fulfillments"] or ():
        if fulfilment["state"] != "Cancelled":
            for each in fulfilment["lines"]:
                left[str(each["orderLineId"])] -= each["quantity"]
    return left


def _refund_marked(held: Json, marked: str) -> Json | None:
    """Find the refund of an earlier try: its answer may have been lost."""
    for payment in held["payments"] or ():
        for refund in payment["refunds"] or ():
            if marked in {refund["transactionId"], refund["reason"]}:
                return dict(refund)
    return None


def _refundable(held: Json, amount: int) -> Json | None:
    for payment in held["payments"] or ():
        refunds = payment["refunds"] or ()
        given = sum(each["total"] for each in refunds if each["state"] != "Failed")
        if payment["state"] == "Settled" and payment["amount"] - given >= amount:
            return dict(payment)
    return None


def _refund_input(
    held: Json, payment: Json, refund: Refund, order: CustomerOrder, marked: str
) -> Json:
    """Name the pieces that came back; what was given for them is told to the cent."""
    back = [
        each
        for each in order.told
        if isinstance(each, Step)
        and each.stage is Stage.RETURNED
        and each.sale_id == refund.sale_id
    ]
    pieces = _pieces(held, (part for each in back for part in each.parts))
    return {
        "lines": [{"orderLineId": line, "quantity": count} for line, count in pieces.items()],
        "shipping": 0,
        "adjustment": 0,
        "paymentId": payment["id"],
        "reason": marked,
    }


def _said(told: object, currency: str) -> str:
    """Write what happened in a store, for somebody who reads the order in the web store."""
    stage = getattr(told, "stage", None)
    what = stage.value if stage is not None else type(told).__name__.lower()
    amount = getattr(told, "amount", None)
    money = f" of {decimal_text(amount, exponent(currency))}" if amount is not None else ""
    where = getattr(told, "touch_point", "") or getattr(told, "location", "")
    sale = getattr(told, "sale_id", None)
    return f"In store: {what}{money} at {where}" + (f", {TILL}{sale}" if sale else "")


def _earlier(at: str, by: timedelta) -> str:
    when = datetime.fromisoformat(at)
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return (when - by).isoformat(timespec="milliseconds").replace("+00:00", "Z")
