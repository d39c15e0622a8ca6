"""The administration API of Vendure 3 (docs.vendure.io, "GraphQL API / Admin API"), as few calls.

Times are whole seconds; a session is a bearer token that comes in the header `vendure-auth-token`
of the answer to a login. Numbers that are no integers are read and written as decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from central.channels.connecting import ConnectorFault, ConnectorSettings

PAGE = 50
"""Orders of one answer; each with its lines, payments and history."""
TIMEOUT_S = 30.0
_SESSION = "vendure-auth-token"
_JSON = {"Content-Type": "application/json"}
_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_LOGIN = """mutation ($user: String!, $password: String!) {
  login(username: $user, password: $password, rememberMe: true) {
    __typename ... on ErrorResult { message } } }"""
_WHOLE = """fragment Whole on Order {
  id code state active orderPlacedAt updatedAt currencyCode totalWithTax shippingWithTax
  customer { id firstName lastName emailAddress phoneNumber user { id } }
  shippingAddress { postalCode countryCode }
  shippingLines { discountedPriceWithTax shippingMethod { code name } }
  surcharges { description priceWithTax }
  modifications { id }
  lines { id quantity orderPlacedQuantity proratedLinePriceWithTax proratedUnitPriceWithTax
    unitPriceWithTax taxLines { description taxRate } productVariant { sku name } }
  payments { id state amount method transactionId createdAt
    refunds { id state total reason transactionId createdAt lines { orderLineId quantity } } }
  fulfillments { id state method trackingCode createdAt updatedAt lines { orderLineId quantity } }
  history(options: { take: 100 }) { items { id type createdAt data } } }"""
_ORDERS = (
    """query ($options: OrderListOptions) {
  orders(options: $options) { totalItems items { ...Whole } } } """
    + _WHOLE
)


class VendureClient:
    """One signed-in connection; it signs in again by itself when its session is over."""

    def __init__(self, settings: ConnectorSettings, password: str) -> None:
        """Keep whom to ask; nothing is asked yet."""
        self._settings = settings
        self._password = password
        self._http = httpx.Client(timeout=TIMEOUT_S)
        self._signed_in = False

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def orders(self, where: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Give the orders of a filter, page by page, in the order they were made.

        Raises:
            ConnectorFault: the web store cannot be asked.
        """
        skip = 0
        while True:
            options = {"filter": where, "sort": {"id": "ASC"}, "take": PAGE, "skip": skip}
            found = self.ask(_ORDERS, {"options": options})["orders"]
            yield from found["items"]
            skip += PAGE
            if skip >= found["totalItems"]:
                return

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, signed in.

        Raises:
            ConnectorFault: the web store cannot be asked, or refuses.
        """
        if not self._signed_in:
            self._sign_in()
        answer = self._post(query, variables)
        if _is_forbidden(answer):
            self._sign_in()
            answer = self._post(query, variables)
        return _data(answer)

    def change(self, field: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Have something changed; gives what the mutation's field gives.

        Raises:
            ConnectorFault: also where the web store answers with an `ErrorResult`.
        """
        found = self.ask(query, variables)[field]
        if isinstance(found, dict) and "errorCode" in found:
            raise ConnectorFault(
                f"the web store refused {field}: {found.get('message') or found['errorCode']}",
                remedy="open the order in the web store's administration, and do it there",
            )
        return found if isinstance(found, dict) else {}

    def _sign_in(self) -> None:
        self._http.headers.pop("Authorization", None)
        said = {"user": self._settings.user, "password": self._password}
        found = _data(self._post(_LOGIN, said))["login"]
        if "message" in found:
            raise ConnectorFault(
                f"the web store does not let {self._settings.user!r} in: {found['message']}",
                remedy="look at [channel.connector] user and password_file",
                name="web-store-login",
            )
        self._signed_in = True

    def _post(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            asked = _encode({"query": query, "variables": dict(variables)})
            answer = self._http.post(self._settings.url, content=asked, headers=_JSON)
            answer.raise_for_status()
            found = _decode(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise ConnectorFault(
                f"the web store at {self._settings.url} cannot be asked: {error}",
                remedy="see whether it runs, and look at [channel.connector] url; HQ tries again",
            ) from error
        token = answer.headers.get(_SESSION)
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"
        return dict(found)


def _is_forbidden(answer: Mapping[str, Any]) -> bool:
    codes = (each.get("extensions", {}).get("code") for each in answer.get("errors") or ())
    return "FORBIDDEN" in codes


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    errors = answer.get("errors")
    if errors or not answer.get("data"):
        said = "; ".join(str(each.get("message")) for each in errors or ()) or "no data"
        raise ConnectorFault(
            f"the web store did not understand or refused: {said[:300]}",
            remedy="this connector speaks the administration API of Vendure 3",
        )
    return dict(answer["data"])
