"""What staff wrote down of consent outlives HQ's backups: stores hold it, closed (P5, P9)."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import OrderReceived, PartyEnrolled
from agent.core.sale.model import Stamp
from central.daemon.evidence import evidence
from central.histories import Applier
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.engine import writing
from central.ledger.privacy_tables import CONSENT_RECORDS, PARTY_ENTRIES
from central.ledger.tables import FEED_ROWS
from tests.central.identity.test_merge_evidence import sent

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"
AT = Stamp(wall=NOW, mono_ns=1, boot_id="b")
ADA = "p-ada"
MAIL = {"purpose": "marketing", "contact": "email", "operator": "eva", "channel": "call-centre"}


def apply(hq):
    Applier(hq.engine, lambda: NOW, take_back=evidence(hq.root)).apply_pending()


def rewind(hq):
    with writing(hq.engine) as conn:
        for table in (CONSENT_RECORDS, SIGNED_ORDERS, ORDER_RECEIPTS, FEED_ROWS):
            conn.execute(table.delete())


async def may(hq):
    asked = {"purpose": "marketing", "contact": "email", "party_id": ADA}
    return (await hq.staff.post("/v1/consent/check", json=asked)).json()["verdict"]["allowed"]


async def told(hq, state):
    answer = await hq.staff.post(f"/v1/parties/{ADA}/consents", json=MAIL | {"state": state})
    assert 201 == answer.status_code, answer.text
    return answer.json()["record_id"]


@pytest.mark.both_databases
async def test_answers_come_back_and_the_most_restrictive_stands(hq):
    """Who took a yes back on the phone would be written to again after a restore."""
    till, link = await hq.enrolled()
    till.seal(1, body=PartyEnrolled(ADA, "store-0001", "till-1", AT, "Ada Lovelace"))
    await link.send(till.batch())
    apply(hq)
    yes = await told(hq, "given")
    assert await may(hq)
    no = await told(hq, "refused")
    assert not await may(hq)
    orders = [order for _, order in sent(hq)]
    assert ["store:store-0001"] * 2 == [scope for scope, _ in sent(hq)]
    assert [] == [each for each in orders if "marketing" in each.order or "eva" in each.order]
    rewind(hq)
    for kept in (*reversed(orders), *orders):
        till.seal(1, body=OrderReceived(kept.order, kept.signature, AT, "done"))
        await link.send(till.batch(len(till.chains["side"])))
        apply(hq)
        assert not await may(hq)
    view = (await hq.staff.get(f"/v1/parties/{ADA}/consents")).json()
    assert sorted([yes, no]) == sorted(each["record_id"] for each in view["records"])
    # By this a later erasure finds the evidence in the till's journal.
    assert [140] * 4 == [row.kind for row in hq.rows(PARTY_ENTRIES) if row.kind != 110]
