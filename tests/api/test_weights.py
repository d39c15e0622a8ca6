from __future__ import annotations

import pytest

from agent.contracts.devices import WeightReading, WeightState
from tests.api.conftest import ADA_CARD

TILL = "/v1/tills/till-1"


class Beside:
    """The scale and the display beside a till, played."""

    has_scale = True
    display_columns = 20
    display_rows = 2

    def __init__(self, clock):
        self.clock = clock
        self.lines = ()
        self.asked = []

    def show(self, lines):
        self.lines = lines

    async def zero(self, within_s):
        self.asked.append(("zero", within_s))

    async def weigh(self, within_s):
        self.asked.append(within_s)
        now_ns = self.clock.stamp().mono_ns
        return WeightReading(WeightState.STABLE, now_ns - 40_000_000, 1250)


@pytest.fixture
def beside(agent):
    made = Beside(agent.backend.clock)
    agent.backend.tills["till-1"].desk.peripherals = made
    return made


@pytest.mark.asyncio
async def test_a_weight_has_its_age(agent, beside):
    """POS software could not tell a weight of now from one of before."""
    async with agent.client() as client:
        told = (await client.get(f"{TILL}/weight", params={"within_ms": 250})).json()
    assert 1250 == told["grams"]
    assert 40 <= told["age_ms"] < 1000
    assert [0.25] == beside.asked


@pytest.mark.asyncio
@pytest.mark.parametrize("within", ["-1", "10001", "soon"])
async def test_a_wait_out_of_range_is_refused(agent, problem, beside, within):
    """One request could wait for an hour."""
    async with agent.client() as client:
        body = problem(await client.get(f"{TILL}/weight", params={"within_ms": within}))
    assert 400 == body["status"]
    assert [] == beside.asked


@pytest.mark.asyncio
async def test_a_till_without_scale_or_display_says_so(agent, problem):
    """POS software would wait for a weight that never comes."""
    async with agent.client() as client:
        scale = problem(await client.get(f"{TILL}/weight"))
        display = problem(await client.post(f"{TILL}/display", json={"lines": ["Tea"]}))
    assert (409, "urn:till-agent:problem:no-scale") == (scale["status"], scale["type"])
    assert (409, "urn:till-agent:problem:no-display") == (display["status"], display["type"])


@pytest.mark.asyncio
async def test_the_scale_is_zeroed(agent, problem, beside):
    """A cashier without a zero key would have to switch the scale off and on."""
    async with agent.client() as client:
        answer = await client.post(f"{TILL}/scale/zero")
        assert 200 == answer.status_code
    assert "zero" == beside.asked[0][0]
    token = await agent.pair("till-2")
    async with agent.client(token) as other:
        body = problem(await other.post("/v1/tills/till-2/scale/zero"))
    assert "urn:till-agent:problem:no-scale" == body["type"]


@pytest.mark.asyncio
async def test_lines_go_to_the_display(agent, beside):
    """POS software could not speak to its customers."""
    async with agent.client() as client:
        answer = (await client.post(f"{TILL}/display", json={"lines": ["Tea", "2.50"]})).json()
    assert {"lines": ["Tea", "2.50"], "columns": 20, "rows": 2} == answer
    assert ("Tea", "2.50") == beside.lines


@pytest.mark.asyncio
async def test_another_till_sees_nothing_of_it(agent, problem, beside):
    """One till could read another's basket, or write on its display."""
    token = await agent.pair("till-2")
    async with agent.client(token) as other, agent.client("") as nobody:
        for client, status in ((other, 403), (nobody, 401)):
            for path in ("weight", "display"):
                assert status == problem(await client.get(f"{TILL}/{path}"))["status"]
            answer = await client.post(f"{TILL}/display", json={"lines": ["Tea"]})
            assert status == problem(answer)["status"]
    assert [] == beside.asked


@pytest.mark.asyncio
async def test_the_customer_view_names_nobody(agent):
    """The next in the queue would read who is before them."""
    async with agent.client() as client:
        await client.post(f"{TILL}/scan", json={"scan": f"]C0{ADA_CARD}"})
        await client.post(f"{TILL}/scan", json={"scan": "]E04006381333931"})
        answer = await client.get(f"{TILL}/display")
    view = answer.json()
    assert ("selling", 499, "Coffee 250 g") == (
        view["state"],
        view["total"],
        view["lines"][0]["name"],
    )
    assert "Ada" not in answer.text
    assert "party" not in answer.text


@pytest.mark.asyncio
async def test_the_display_page_is_served(agent):
    """The customer display could not be opened."""
    async with agent.client("") as client:
        page = await client.get("/display")
    assert 200 == page.status_code
    assert "/page/display.js" in page.text
