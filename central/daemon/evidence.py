"""HQ's own orders on their way back: from the applier to the room that issues them."""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.exchange.orders import SignedOrder
from central.intake.orders import take_back
from central.intake.root_key import RootKey
from central.ledger.hq import TakeBack


def evidence(root: RootKey) -> TakeBack:
    """Have what HQ's root key once signed taken up again."""

    def taken(
        conn: Connection, signed: SignedOrder, store: str, till: str, at: str, outcome: str
    ) -> None:
        take_back(conn, signed, store, till, outcome, root=root, now=at)

    return taken
