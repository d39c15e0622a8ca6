"""A whole sale paid with a gift card: HQ is asked where it can be, and the sale kept anyhow."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from agent.contracts.hq import HqRefused, HqUnreachable
from agent.core.loyalty import Lease, gift_owner
from agent.journal import purses
from tests.api.conftest import serve

SALE = "019a2222-0000-7000-8000-00000000000a"
NUMBER = "GIFT-2026-0001"
WHOLE = {
    "lines": [{"name": "Socks", "quantity": 1000, "unit_price": 999, "taxes": ["standard"]}],
    "tenders": [{"kind": "gift_card", "amount": 999, "reference": NUMBER}],
}


class Hq:
    """What HQ is asked for; it gives it, or fails as it is told to."""

    def __init__(self, journal, fault=None):
        self.journal, self.fault, self.asked = journal, fault, []

    async def lease(self, till, owner, unit, value, sale_id):
        self.asked.append((till, owner, unit, value, sale_id))
        if self.fault:
            raise self.fault

        def receive(conn):
            journal = purses.side_journal(conn, till)
            given = Lease(owner, unit, value, "s1", till, journal, "2026-07-28", sale_id=sale_id)
            purses.receive(conn, "lease-1", given)

        await self.journal.write(receive)


async def put_twice(agent, hq):
    """Record the sale, and again as if the answer was lost; gives the answers."""
    token = await agent.pair("pos")
    async with serve(replace(agent.backend, lease=hq.lease)) as port:
        url, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            return [await client.put(f"/v1/sales/{SALE}", json=WHOLE) for _ in range(2)]


@pytest.mark.asyncio
async def test_hq_is_asked_once_for_what_a_whole_sale_is_paid_with(agent):
    """At a shop's own POS software a gift card would pay nothing, or pay twice."""
    hq = Hq(agent.backend.journal)
    done, again = await put_twice(agent, hq)
    assert (200, []) == (done.status_code, done.json()["unspent"]), done.text
    assert done.json() == again.json()
    assert [("pos", gift_owner(NUMBER), "EUR", 999, SALE)] == hq.asked


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        HqUnreachable("HQ is away", remedy="wait"),
        HqRefused("nothing is on it", remedy="take cash", name="not-enough-value"),
    ],
)
async def test_a_finished_sale_is_kept_whatever_hq_says(agent, fault):
    """A sale that has happened would be lost because HQ is away, or because a card is empty."""
    hq = Hq(agent.backend.journal, fault)
    done, again = await put_twice(agent, hq)
    assert 200 == done.status_code, done.text
    [told] = done.json()["unspent"]
    assert (1, "more-than-leased") == (told["tender"], told["name"])
    assert "9.99" in told["detail"]
    assert done.json() == again.json()
    assert 1 == len(hq.asked)
