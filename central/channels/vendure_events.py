"""An order of Vendure as events of a channel: the same order gives the same events, for ever.

Facts alone are read, never the order's `updatedAt`, which stays as it was while the order is
settled, shipped, delivered and refunded. Every event's id is made of ids Vendure has given, so that
what was read twice is told once.

Who collects in a store has a shipping method that `[channel.connector] collect` names, or a
fulfilment by the method `CLICK_AND_COLLECT:STORE`. Of such a fulfilment `Pending` is picked and
`Shipped` is ready. `Delivered` says of any that its goods are with the customer, and counts for no
more than no till has handed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

Json = dict[str, Any]
COLLECT = "CLICK_AND_COLLECT:"
TILL = "POS-"
"""Before the id of a till's sale, as transaction id of what Vendure only heard of."""
SHIPPING_LINE = 1000
SURCHARGES_FROM = 900
"""Line numbers of what is no goods, above any line of goods."""
_PAYMENTS = {
    "Created": "promised",
    "Authorized": "authorized",
    "Settled": "settled",
    "Declined": "declined",
    "Error": "declined",
    "Cancelled": "voided",
}
_REFUNDS = {"Pending": "promised", "Settled": "settled", "Failed": "voided"}
_SENT = {"Pending": "picked", "Shipped": "shipped", "Delivered": "delivered"}
_WAITS = {**_SENT, "Shipped": "ready"}
_LAST = "Delivered"
_encode = msgspec.json.Encoder().encode


def events_of(order: Json, collect: Mapping[str, str]) -> list[bytes]:
    """Tell all there is to tell of an order; nothing of a basket that was not ordered yet.

    Args:
        order: as the administration API gives it.
        collect: shipping method code → store.
    """
    if not order.get("orderPlacedAt"):
        return []
    read = _Order(order, collect)
    return [_encode(each) for each in read.events()]


class _Order:
    """One order, read."""

    def __init__(self, order: Json, collect: Mapping[str, str]) -> None:
        self._order = order
        self._code = str(order["code"])
        lines = sorted(order["lines"], key=lambda line: _natural(line["id"]))
        self._lines: dict[str, tuple[int, Json]] = {
            str(line["id"]): (number, line) for number, line in enumerate(lines, 1)
        }
        """Vendure's id of a line → our number and the line; ids only grow, and none goes away."""
        self._store = _store_of(order, collect)

    def events(self) -> Iterator[Json]:
        """Tell everything, each thing under an id of its own."""
        yield self._placed()
        for payment in self._order["payments"] or ():
            yield from self._of_payment(payment)
        for fulfilment in self._order["fulfillments"] or ():
            yield from self._of_fulfilment(fulfilment)
        yield from self._cancelled()
        for payment in self._order["payments"] or ():
            for refund in payment["refunds"] or ():
                yield from self._of_refund(refund)

    def _event(self, name: str, kind: str, at: str, **told: object) -> Json:
        return {
            "event_id": f"{self._code}/{name}",
            "type": kind,
            "occurred_at": at,
            "order": {"order_no": self._code, **told},
        }

    def _placed(self) -> Json:
        order, revision = self._order, len(self._order.get("modifications") or ())
        told = self._event(
            f"ordered/{revision}",
            "order.changed" if revision else "order.placed",
            order["orderPlacedAt"],
            currency=order["currencyCode"],
            placed_at=order["orderPlacedAt"],
            revision=revision,
            lines=[*self._goods(), *self._others()],
            collect_at=self._store or None,
        )
        party = _party(order)
        return told | {"party": party} if party else told

    def _goods(self) -> Iterator[Json]:
        for number, line in self._lines.values():
            ordered = self._ordered(line)
            whole = ordered == line["quantity"]
            each = line["proratedUnitPriceWithTax"]
            yield {
                "line": number,
                "name": line["productVariant"]["name"],
                "item": line["productVariant"]["sku"],
                "quantity": ordered,
                "amount": line["proratedLinePriceWithTax"] if whole else each * ordered,
                "unit_price": line["unitPriceWithTax"],
                "taxes": [_rate(each) for each in line.get("taxLines") or ()],
            }

    def _ordered(self, line: Json) -> int:
        """Tell how many were ordered; what is cancelled later is taken off `quantity` alone."""
        return int(max(line["quantity"], line["orderPlacedQuantity"] or 0))

    def _others(self) -> Iterator[Json]:
        order = self._order
        for number, surcharge in enumerate(order.get("surcharges") or (), SURCHARGES_FROM):
            name, amount = surcharge["description"], surcharge["priceWithTax"]
            yield {"line": number, "name": name, "amount": amount, "goods": False}
        if order["shippingWithTax"]:
            methods = [each["shippingMethod"]["name"] for each in order["shippingLines"] or ()]
            name = ", ".join(methods) or "Shipping"
            amount = order["shippingWithTax"]
            yield {"line": SHIPPING_LINE, "name": name, "amount": amount, "goods": False}

    def _of_payment(self, payment: Json) -> Iterator[Json]:
        named = str(payment["id"])
        for state, at in self._states("ORDER_PAYMENT_TRANSITION", "paymentId", payment):
            if state in _PAYMENTS:
                told = {
                    "payment": _told_first(payment) or f"{self._code}/payment/{named}",
                    "amount": payment["amount"],
                    "state": _PAYMENTS[state],
                    "kind": payment["method"],
                }
                echo = _told_first(payment) is not None
                name = f"payment/{named}/{state}"
                yield self._event(name, "order.paid", at, payment=told, echo=echo)

    def _of_fulfilment(self, fulfilment: Json) -> Iterator[Json]:
        store = _named_store(fulfilment) or self._store
        words = _WAITS if store else _SENT
        parts = self._parts(fulfilment["lines"])
        changes = self._states("ORDER_FULFILLMENT_TRANSITION", "fulfillmentId", fulfilment)
        for state, at in changes:
            if state not in words or not parts or (_is_of_till(fulfilment) and state != _LAST):
                continue
            where = {"location": store, "collect_at": store} if store else {}
            # Of the whole order nobody tells too much, even where a store told the same.
            which = [] if self._is_whole(parts) and state != _LAST else parts
            name = f"fulfillment/{fulfilment['id']}/{state}"
            yield self._event(name, f"order.{words[state]}", at, parts=which, **where)

    def _is_whole(self, parts: list[Json]) -> bool:
        told = {each["line"]: each["quantity"] for each in parts}
        return told == {number: self._ordered(line) for number, line in self._lines.values()}

    def _of_refund(self, refund: Json) -> Iterator[Json]:
        first = _told_first(refund)
        for state, at in self._states("ORDER_REFUND_TRANSITION", "refundId", refund):
            if state in _REFUNDS and refund["total"] > 0:
                told = {
                    "refund": first or f"{self._code}/refund/{refund['id']}",
                    "amount": refund["total"],
                    "lines": self._shares(refund),
                    "cause": "goodwill" if self._is_out(refund) else "cancel",
                    "state": _REFUNDS[state],
                }
                name = f"refund/{refund['id']}/{state}"
                yield self._event(name, "refund.settled", at, refund=told, echo=first is not None)

    def _states(self, kind: str, key: str, thing: Json) -> Iterator[tuple[str, str]]:
        """Give each state a thing had, with its time; where the history has none, its own."""
        history = (self._order.get("history") or {}).get("items") or ()
        found = {
            str(each["data"]["to"]): str(each["createdAt"])
            for each in history
            if each["type"] == kind and str(each["data"].get(key)) == str(thing["id"])
        }
        found.setdefault(str(thing["state"]), str(thing.get("updatedAt") or thing["createdAt"]))
        yield from found.items()

    def _cancelled(self) -> Iterator[Json]:
        """Tell each piece that was cancelled by itself: more of them later are further events."""
        at = self._order["updatedAt"]
        for number, line in self._lines.values():
            for piece in range(1, self._ordered(line) - line["quantity"] + 1):
                part = [{"line": number, "quantity": 1}]
                name = f"cancelled/{line['id']}/{piece}"
                yield self._event(name, "order.cancelled", at, parts=part)
        if self._order["state"] == "Cancelled":
            yield self._event("cancelled", "order.cancelled", at)

    def _parts(self, lines: list[Json]) -> list[Json]:
        return [
            {"line": self._lines[str(each["orderLineId"])][0], "quantity": each["quantity"]}
            for each in lines
            if str(each["orderLineId"]) in self._lines and each["quantity"] > 0
        ]

    def _shares(self, refund: Json) -> list[Json]:
        """Tell what of a refund is for which line: its price, never more than was refunded."""
        left, shares = refund["total"], []
        for each in refund["lines"] or ():
            number, line = self._lines.get(str(each["orderLineId"]), (0, {}))
            amount = min(left, line.get("proratedUnitPriceWithTax", 0) * each["quantity"])
            if amount > 0:
                shares.append({"line": number, "amount": amount})
                left -= amount
        return shares

    def _is_out(self, refund: Json) -> bool:
        """Tell whether the goods of a refund had left: then the customer has kept them so far."""
        wanted = {str(each["orderLineId"]) for each in refund["lines"] or ()}
        return any(
            str(each["orderLineId"]) in wanted
            for fulfilment in self._order["fulfillments"] or ()
            if fulfilment["state"] in {"Shipped", "Delivered"}
            for each in fulfilment["lines"]
        )


def _rate(tax: Json) -> Json:
    """Give a rate, told in percent, in basis points."""
    return {"name": tax["description"], "basis_points": int(Decimal(str(tax["taxRate"])) * 100)}


def _store_of(order: Json, collect: Mapping[str, str]) -> str:
    for each in order["shippingLines"] or ():
        if each["shippingMethod"]["code"] in collect:
            return collect[each["shippingMethod"]["code"]]
    stores = (_named_store(each) for each in order["fulfillments"] or ())
    return next((store for store in stores if store), "")


def _named_store(fulfilment: Json) -> str:
    method = str(fulfilment.get("method") or "")
    return method.removeprefix(COLLECT).strip().lower() if method.startswith(COLLECT) else ""


def _is_of_till(fulfilment: Json) -> bool:
    """Tell whether it was made for what a store had told before."""
    return str(fulfilment.get("trackingCode") or "").startswith(TILL)


def _told_first(thing: Json) -> str | None:
    """Give the id of a till's sale, where the web store only heard of the money."""
    transaction = str(thing.get("transactionId") or "")
    return transaction.removeprefix(TILL) if transaction.startswith(TILL) else None


def _party(order: Json) -> Json | None:
    customer = order.get("customer")
    if not customer:
        return None
    address = order.get("shippingAddress") or {}
    name = f"{customer['firstName']} {customer['lastName']}".strip()
    said = {
        "name": name,
        "email": customer["emailAddress"],
        "phone": customer.get("phoneNumber"),
        "postcode": address.get("postalCode"),
        "country": address.get("countryCode"),
        # A guest has typed an address; only an account has proven it.
        "web_account": str(customer["id"]) if customer.get("user") else None,
    }
    return {key: value for key, value in said.items() if value}


def _natural(text: object) -> tuple[int, str]:
    return (int(str(text)) if str(text).isdigit() else 0, str(text))
