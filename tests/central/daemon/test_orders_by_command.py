"""`till-central erase` and `revoke`, as a person calls them."""

from __future__ import annotations

import asyncio
import json

import pytest

from agent.contracts.hq import HqRefused
from agent.core.entries.bodies import PartyEnrolled
from central.ledger.tables import BODIES
from tests.central.served import AT

pytestmark = pytest.mark.asyncio


async def test_erase_orders_it_and_names_who_still_has_it(hq_at, home, call):
    """Wrong: a person at HQ cannot have a text erased, or not see where it still lies."""
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(2)
        await link.send(till.batch())
        entry = f"{till.journals['side']}:1"
        code, out, _ = call("erase", entry, "--reason", "asked for it")
        assert (0, True) == (code, "carried out at 0 of 1 tills; except store-0001/till-1" in out)
        assert [2] == [row.seq for row in hq.rows(BODIES)]
        page = await link.feed("store:store-0001", "", 0)
        assert 1 == len([item for item in page.items if item.key.startswith("signed-order:")])
        code, out, _ = call("status")
        assert "erase " in out
        code, out, _ = call("erase", entry, "--reason", "again", "--json")
        assert (0, "erase") == (code, json.loads(out)["orders"][0]["kind"])


async def test_erase_of_a_person_says_what_stays_and_who_is_waited_for(hq_at, home, call):
    """Wrong: nobody at HQ's own terminal can carry a person's right out, or prove it."""
    ada = "01999999-0000-7000-8000-00000000ada0"
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        said = PartyEnrolled(ada, till.store, till.till, AT, "Ada Byron")
        till.seal(body=said)
        await link.send(till.batch())
        for _ in range(500):
            if (await hq.staff.get(f"/v1/parties/{ada}")).status_code == 200:
                break
            await asyncio.sleep(0.02)
        code, _, err = call("erase", ada, "--reason", "letter of 2 May")
        assert (1, True) == (code, "(person-not-verified)" in err)
        asked = ("erase", ada, "--reason", "letter of 2 May", "--verified-by", "passport")
        code, out, _ = call(*asked)
        assert (0, True) == (code, "store-0001/till-1: pending" in out)
        assert "kept: request until" in out
        assert [] == hq.rows(BODIES)
        code, out, _ = call(*asked, "--json")
        assert (0, [ada]) == (code, json.loads(out)["proof"]["parties"])


@pytest.mark.parametrize(
    ("entry", "name"), [("nonsense", "bad-input"), ("a:x", "bad-input"), ("a:1", "no-such-entry")]
)
async def test_an_entry_that_is_none_is_refused(hq_at, home, call, entry, name):
    """Wrong: a typing error looks like an erasure."""
    async with hq_at(home):
        code, _, err = call("erase", entry, "--reason", "r")
        assert (1, True) == (code, f"({name})" in err)
        assert 2 == call("erase", entry)[0]


async def test_revoke_shuts_a_device_out_by_till_or_by_key(hq_at, home, call):
    """Wrong: a stolen machine goes on reading prices and customers."""
    async with hq_at(home) as hq:
        first, one = await hq.enrolled()
        second, two = await hq.enrolled("store-0002", "till-1")
        assert 0 == call("revoke", "store-0001", "till-1", "--reason", "stolen")[0]
        assert 0 == call("revoke", second.keyid, "--reason", "sold")[0]
        for link, why in ((one, "stolen"), (two, "sold")):
            with pytest.raises(HqRefused, match=why) as caught:
                await link.feed("global", "", 0)
            assert "revoked" == caught.value.name
        status = json.loads(call("status", "--json")[1])
        assert {"stolen", "sold"} == {each["reason"] for each in status["revoked"]}
        states = {till["state"] for store in status["stores"] for till in store["tills"]}
        assert {"revoked"} == states
        assert first.keyid in {each["keyid"] for each in status["revoked"]}
        assert "stolen" in call("status")[1]
        assert "(unknown-device)" in call("revoke", "store-0009", "till-1", "--reason", "r")[2]
        assert 2 == call("revoke", "a", "b", "c", "--reason", "r")[0]
