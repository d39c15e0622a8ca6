"""HQ's own orders, out to the tills and back: between rooms that decide and the one that signs."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from sqlalchemy import Connection

from agent.core.consent import ConsentRecord
from agent.core.exchange.orders import IDENTITY, SignedOrder
from central.identity.graph_orders import witnesses
from central.intake.orders import issue, take_back
from central.intake.root_key import RootKey
from central.intake.witnessing import closed
from central.ledger.hq import BearWitness, GiveOrder, TakeBack
from central.ledger.outbox import store_scope


def evidence(root: RootKey) -> TakeBack:
    """Have what HQ's root key once signed taken up again."""

    def taken(
        conn: Connection, signed: SignedOrder, store: str, till: str, at: str, outcome: str
    ) -> None:
        take_back(conn, signed, store, till, outcome, root=root, now=at)

    return taken


def witnessing(root: RootKey, now: Callable[[], str]) -> BearWitness:
    """Have a few stores bear witness of what HQ's staff wrote down, closed for HQ."""

    def borne(conn: Connection, record: ConsentRecord) -> None:
        body = closed(root, record.record_id, record)
        for store in witnesses(conn, body.fact_id, body.party_ids):
            scope = store_scope(store)
            issue(conn, root, kind=IDENTITY, scope=scope, body=body, reason="consent", now=now())

    return borne


def order_giver(root: RootKey, now: Callable[[], str]) -> GiveOrder:
    """Have what a room decides signed by HQ's root key, and published to the tills of a scope."""

    def given(conn: Connection, kind: str, scope: str, body: Struct, reason: str) -> None:
        issue(conn, root, kind=kind, scope=scope, body=body, reason=reason, now=now())

    return given
