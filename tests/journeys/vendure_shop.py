"""A real Vendure server as a journey's web store, and its customers and staff.

It is installed by npm into `TILL_TEST_VENDURE`, else below the user's cache, once for all runs.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from agent.daemon.demo.programs import free_port

HERE = Path(__file__).parent / "vendure"
PLUGIN = Path(__file__).parents[2] / "central" / "channels" / "vendure_plugin.js"
READY_S = 180
USER = "superadmin"
_ADD = """mutation ($v: ID!, $n: Int!) { addItemToOrder(productVariantId: $v, quantity: $n) {
  __typename ... on Order { code } ... on ErrorResult { message } } }"""
_CUSTOMER = """mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) {
  __typename ... on ErrorResult { message } } }"""
_ADDRESS = """mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) {
  __typename ... on ErrorResult { message } } }"""
_METHOD = """mutation ($ids: [ID!]!) { setOrderShippingMethod(shippingMethodId: $ids) {
  __typename ... on ErrorResult { message } } }"""
_STATE = """mutation { transitionOrderToState(state: "ArrangingPayment") {
  __typename ... on OrderStateTransitionError { message transitionError } } }"""
_PAY = """mutation ($input: PaymentInput!) { addPaymentToOrder(input: $input) {
  __typename ... on Order { code state } ... on ErrorResult { message } } }"""
_ORDER = """query ($code: String!) { orders(options: { filter: { code: { eq: $code } } }) {
  items { id code state totalWithTax lines { id quantity proratedUnitPriceWithTax }
  payments { id state refunds { state total transactionId } }
  fulfillments { id state method } history { items { type data } } } } }"""
_FULFIL = """mutation ($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) {
  __typename ... on Fulfillment { id state } ... on ErrorResult { message } } }"""
_MOVE = """mutation ($id: ID!, $to: String!) { transitionFulfillmentToState(id: $id, state: $to) {
  __typename ... on Fulfillment { id state } ... on ErrorResult { message } } }"""

_SETTLE = """mutation ($id: ID!) { settlePayment(id: $id) {
  __typename ... on Payment { id state } ... on ErrorResult { message } } }"""

_REFUND = """mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
  __typename ... on Refund { id state } ... on ErrorResult { message } } }"""
_REFUNDED = """mutation ($id: ID!) { settleRefund(input: { id: $id, transactionId: "bank" }) {
  __typename ... on Refund { id state } ... on ErrorResult { message } } }"""


def missing() -> str | None:
    """Tell why there can be no web store here; None: there can."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


async def installed() -> Path:
    """Give the folder with the server's packages, installed if they are not there."""
    folder = await asyncio.to_thread(_prepared)
    if not await asyncio.to_thread((folder / "node_modules" / "@vendure" / "core").is_dir):
        made = await asyncio.create_subprocess_exec(
            "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder
        )
        if await made.wait():
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            raise RuntimeError(f"npm ci failed in {folder}")
    return folder


def _prepared() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = Path(os.environ.get("TILL_TEST_VENDURE", cache / "till-agent" / "vendure"))
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json", "shop.js"):
        shutil.copy(HERE / file, folder / file)
    return folder


class WebStore:
    """A running Vendure; its customers buy, its staff send."""

    def __init__(self, port: int, client: httpx.AsyncClient) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._client = client
        self._staff = ""

    async def buy(self, lines: dict[str, int], email: str) -> str:
        """Order as a guest and pay; gives the order's code."""
        session: dict[str, str] = {}
        for variant, count in lines.items():
            await self._shop(session, _ADD, {"v": variant, "n": count})
        who = {"firstName": "Ada", "lastName": "Byron", "emailAddress": email}
        await self._shop(session, _CUSTOMER, {"input": who})
        where = {"streetLine1": "1 Street", "countryCode": "GB", "postalCode": "N1 9GU"}
        await self._shop(session, _ADDRESS, {"input": where})
        ways = await self._shop(session, "{ eligibleShippingMethods { id code } }", {})
        method = ways["eligibleShippingMethods"][0]["id"]
        await self._shop(session, _METHOD, {"ids": [method]})
        await self._shop(session, _STATE, {})
        methods = await self._shop(session, "{ eligiblePaymentMethods { code } }", {})
        code = methods["eligiblePaymentMethods"][0]["code"]
        paid = await self._shop(
            session, _PAY, {"input": {"method": code, "metadata": {"automaticallySettle": True}}}
        )
        return str(paid["addPaymentToOrder"]["code"])

    async def order(self, code: str) -> dict[str, Any]:
        """Look at an order as the shop's staff do."""
        found = await self.admin(_ORDER, {"code": code})
        return dict(found["orders"]["items"][0])

    async def settle(self, code: str) -> None:
        """Take the money of an order that was authorized."""
        for payment in (await self.order(code))["payments"]:
            await self.admin(_SETTLE, {"id": payment["id"]})

    async def fulfil(self, code: str, store: str, state: str) -> None:
        """Put an order's goods together for a store's counter, and bring them to a state."""
        order = await self.order(code)
        given = {
            "lines": [{"orderLineId": e["id"], "quantity": e["quantity"]} for e in order["lines"]],
            "handler": {
                "code": "manual-fulfillment",
                "arguments": [
                    {"name": "method", "value": f"CLICK_AND_COLLECT:{store.upper()}"},
                    {"name": "trackingCode", "value": ""},
                ],
            },
        }
        made = (await self.admin(_FULFIL, {"input": given}))["addFulfillmentToOrder"]
        if state != made["state"]:
            await self.admin(_MOVE, {"id": made["id"], "to": state})

    async def deliver(self, code: str) -> None:
        """Hand over what was put together for an order."""
        for made in (await self.order(code))["fulfillments"]:
            await self.admin(_MOVE, {"id": made["id"], "to": "Delivered"})

    async def refund(self, code: str, quantity: int) -> int:
        """Pay back pieces of an order's first line, as the shop's staff do; gives the amount."""
        order = await self.order(code)
        [payment] = order["payments"]
        line = order["lines"][0]
        amount = line["proratedUnitPriceWithTax"] * quantity
        given = {
            "lines": [{"orderLineId": line["id"], "quantity": quantity}],
            "shipping": 0,
            "adjustment": 0,
            "amount": amount,
            "paymentId": payment["id"],
            "reason": "too late",
        }
        made = (await self.admin(_REFUND, {"input": given}))["refundOrder"]
        await self.admin(_REFUNDED, {"id": made["id"]})
        return int(amount)

    async def admin(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Ask the administration API."""
        if not self._staff:
            login = (
                'mutation { login(username: "superadmin", password: "superadmin") { __typename } }'
            )
            session: dict[str, str] = {}
            await self._ask("admin-api", session, login, {})
            self._staff = session["token"]
        return await self._ask("admin-api", {"token": self._staff}, query, variables)

    async def _shop(self, session: dict[str, str], query: str, said: Any) -> dict[str, Any]:
        return await self._ask("shop-api", session, query, said)

    async def _ask(
        self, api: str, session: dict[str, str], query: str, said: Any
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {session['token']}"} if session else {}
        body = {"query": query, "variables": said}
        answer = await self._client.post(f"{self.url}/{api}", json=body, headers=headers)
        token = answer.headers.get("vendure-auth-token")
        if token:
            session["token"] = token
        found = answer.json()
        assert not found.get("errors"), (query, found)
        refused = [e for e in found["data"].values() if isinstance(e, dict) and "message" in e]
        assert not refused, (query, refused)
        return dict(found["data"])


@asynccontextmanager
async def web_store(
    directory: Path,
    client: httpx.AsyncClient,
    webhook: str,
    token: str,
    port: int | None = None,
    *,
    amounts: str = "minor",
) -> AsyncIterator[WebStore]:
    """Run a Vendure of its own, filled with its sample catalogue; stopped on leaving.

    Args:
        directory: of its database and log.
        client: of its customers and staff.
        webhook: where it tells what happens.
        token: for that.
        port: it listens on; None: a free one.
        amounts: `minor`, or `major`: by a money strategy of its own it has 19.99, not 1999.
    """
    folder = await installed()
    port = port or free_port()
    with (directory / "vendure.log").open("ab") as log:
        program = await asyncio.create_subprocess_exec(
            "node",
            "shop.js",
            str(port),
            str(directory / "vendure.sqlite"),
            str(PLUGIN),
            webhook,
            token,
            amounts,
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            await _ready(program, directory / "vendure.log")
            yield WebStore(port, client)
        finally:
            if program.returncode is None:
                program.terminate()
            await program.wait()


async def _ready(program: asyncio.subprocess.Process, log: Path) -> None:
    assert program.stdout is not None
    async with asyncio.timeout(READY_S):
        async for line in program.stdout:
            if line.strip() == b"ready":
                return
    said = await asyncio.to_thread(log.read_text, errors="replace")
    raise RuntimeError(f"the web store did not start: {said[-2000:]}")
