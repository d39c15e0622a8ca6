"""A merge outlives HQ's backups: stores hold it, signed, and a rewound HQ gets it back (P5)."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.entries.bodies import OrderReceived, PartyEnrolled
from agent.core.exchange.orders import SignedOrder
from agent.core.sale.model import Stamp
from central.daemon.evidence import evidence
from central.histories import Applier
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.engine import writing
from central.ledger.graph_tables import GRAPH_TABLES
from central.ledger.tables import FEED_ROWS
from tests.central.served import hq

__all__ = ["hq"]

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"
AT = Stamp(wall=NOW, mono_ns=1, boot_id="b")
ADA, BOB = "p-ada", "p-bob"
BY = {"actor": "eva", "reason": "she told me her new phone number: 0171 3920001"}


def person(party_id):
    return PartyEnrolled(party_id, "store-0001", "till-1", AT, "Ada Lovelace")


def apply(hq):
    Applier(hq.engine, lambda: NOW, take_back=evidence(hq.root)).apply_pending()


def sent(hq):
    """Give the orders stores are told, by scope, the oldest first."""
    rows = sorted(hq.rows(FEED_ROWS), key=lambda row: (row.scope, row.fseq))
    return [
        (row.scope, msgspec.json.decode(row.body, type=SignedOrder))
        for row in rows
        if row.key.startswith("signed-order:")
    ]


def rewind(hq):
    """Put HQ back to before anybody was merged."""
    with writing(hq.engine) as conn:
        for table in (*GRAPH_TABLES, SIGNED_ORDERS, ORDER_RECEIPTS, FEED_ROWS):
            conn.execute(table.delete())


async def canonical_of(hq, party_id):
    return (await hq.staff.get(f"/v1/parties/{party_id}")).json()["canonical_id"]


async def shop(hq):
    """Enrol a till, which has met two people."""
    till, link = await hq.enrolled()
    for party_id in (ADA, BOB):
        till.seal(1, body=person(party_id))
    await link.send(till.batch())
    apply(hq)
    return till, link


@pytest.mark.both_databases
async def test_a_forgotten_merge_and_its_undo_come_back(hq):
    """Wrong: after a restore one customer is two again, and nobody knows that they were merged."""
    till, link = await shop(hq)
    asked = BY | {"party_ids": [ADA, BOB], "merge_id": "m-1"}
    assert 201 == (await hq.staff.post("/v1/merges", json=asked)).status_code
    merged = await canonical_of(hq, ADA)
    [(scope, order)] = sent(hq)
    assert "store:store-0001" == scope
    assert "0171" not in order.order
    undone = await hq.staff.post("/v1/merges/m-1/undo", json=BY)
    assert 200 == undone.status_code
    later = sent(hq)[-1][1]
    rewind(hq)
    assert ADA == await canonical_of(hq, ADA)
    for kept, chosen in ((order, merged), (later, ADA), (order, ADA)):
        till.seal(1, body=OrderReceived(kept.order, kept.signature, AT, "done"))
        await link.send(till.batch(len(till.chains["side"])))
        apply(hq)
        assert chosen == await canonical_of(hq, ADA)
    decided = (await hq.staff.get("/v1/merges/m-1")).json()
    assert ("eva", [ADA, BOB], "eva") == (
        decided["actor"],
        decided["party_ids"],
        decided["undone_by"],
    )
    assert "taken back from store-0001/till-1" == decided["reason"]


async def test_a_merge_comes_back_before_its_people(hq):
    """Wrong: what a store says first is set aside, because its customers are told of later."""
    till, link = await shop(hq)
    asked = BY | {"party_ids": [ADA, "p-new"], "merge_id": "m-1"}
    other, second = await hq.enrolled("store-0002", "till-1")
    other.seal(1, body=msgspec.structs.replace(person("p-new"), store="store-0002"))
    await second.send(other.batch())
    apply(hq)
    await hq.staff.post("/v1/merges", json=asked)
    merged = await canonical_of(hq, "p-new")
    kept = sent(hq)[0][1]
    assert {"store:store-0001", "store:store-0002"} == {scope for scope, _ in sent(hq)}
    rewind(hq)
    with writing(hq.engine) as conn:
        conn.exec_driver_sql("DELETE FROM party WHERE party_id = 'p-new'")
    till.seal(1, body=OrderReceived(kept.order, kept.signature, AT, "done"))
    await link.send(till.batch(3))
    apply(hq)
    assert {merged} == {await canonical_of(hq, each) for each in (ADA, "p-new")}
    answer = (await hq.staff.get("/v1/parties/p-new/unified")).json()
    assert "Ada Lovelace" == answer["fields"]["name"]["value"]
