"""A person's rights at HQ's pages: taken down, handed out, erased, and who has confirmed it."""

from __future__ import annotations

import re

import httpx
import pytest
import pytest_asyncio

from agent.core.history import Strength
from central.console.login import COOKIE
from central.identity.attributes import observe
from central.identity.parties import Origin, ensure
from central.ledger.engine import writing
from tests.central.served import NO_TLS, hq

__all__ = ["hq"]

pytestmark = pytest.mark.asyncio

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
PERSON = f"/customers/{ADA}/rights"
ASKED = {"kind": "access", "received": "2026-11-02", "actor": "Eva", "verified_by": ""}
SURE = {"sure": "yes"}


@pytest_asyncio.fixture
async def staff(hq):
    """A browser that has logged in, at an HQ with a till and a customer."""
    await hq.enrolled()
    with writing(hq.engine) as conn:
        ensure(conn, ADA, Origin("import", NOW))
        observe(conn, ADA, {"name": "Ada <b>"}, Origin("import", NOW), Strength.RECORD)
    async with _browser(hq, {COOKIE: hq.token}) as client:
        yield client


def _browser(hq, cookies=None):
    return httpx.AsyncClient(base_url=hq.url, cookies=cookies, trust_env=False, verify=NO_TLS)


async def _sent(staff, path, **fields):
    """Send a form; gives the page it leads to."""
    answer = await staff.post(path, data=fields)
    assert 303 == answer.status_code, answer.text
    return (await staff.get(answer.headers["location"])).text


async def test_data_is_handed_out_once_it_is_sure_who_asks(staff, hq):
    """Service could not answer who asks what the chain knows of them, or would tell a stranger."""
    assert "They have asked for nothing yet" in (await staff.get(PERSON)).text
    text = await _sent(staff, PERSON, **ASKED)
    assert "the request to access of 2026-11-02 is taken down" in text
    assert "Ada &lt;b&gt;" in text
    assert "/export?" not in text
    assert "nobody has checked it" in (await staff.get("/rights")).text
    [request_id] = re.findall(r'name="request_id" value="([^"]+)"', text)
    export = f"/customers/{ADA}/export?request_id={request_id}"
    assert 409 == (await staff.get(export)).status_code
    noted = await _sent(staff, PERSON, request_id=request_id, verified_by="passport, card")
    assert "passport, card" in noted
    assert export.replace("&", "&amp;") in noted
    assert ADA == (await staff.get(export)).json()["party_id"]
    assert "Ada &lt;b&gt;" in (await staff.get(f"{export}&form=page")).text
    assert "handed over" in (await staff.get(PERSON)).text
    assert "Nothing waits for an answer" in (await staff.get("/rights")).text
    looks = (await hq.staff.get(f"/v1/parties/{ADA}/reads")).json()
    actions = [each["action"] for each in looks]
    assert "export access" in actions
    # The person's page four times, two forms, and the list while their request waited.
    assert 7 == actions.count("requests")


async def test_an_erasure_names_each_replica_until_it_has_confirmed(staff):
    """Somebody would be told that they are forgotten while a till still knows them."""
    text = await _sent(staff, PERSON, **ASKED | {"kind": "erase", "verified_by": "passport"})
    [path] = re.findall(r'action="(/rights/erasures/[^"]+)"', text)
    unsure = await staff.post(path, data={"action": "erase"})
    assert (400, True) == (unsure.status_code, "was not confirmed" in unsure.text)
    erased = await _sent(staff, path, action="erase", **SURE)
    assert "erased at HQ; 1 of 2 have to confirm" in erased
    assert "store-0001/till-1" in erased
    assert '<span class="pill warn">pending</span>' in erased
    assert "store-0001/till-1" in (await staff.get("/rights")).text
    word = {"action": "excuse", "replica_id": "store-0001/till-1", "actor": "Eva", **SURE}
    assert 400 == (await staff.post(path, data=word)).status_code
    excused = await _sent(staff, path, reason="scrapped <b>", **word)
    assert "scrapped &lt;b&gt;" in excused
    assert "Erasure <small>complete" in excused
    again = await _sent(staff, path, action="review", **SURE)
    assert "erased everywhere" in again


@pytest.mark.parametrize("missing", ["kind", "actor"])
async def test_a_request_is_not_taken_down_by_half(staff, missing):
    """Nobody would know who took a request down, or what was asked for."""
    fields = {name: value for name, value in ASKED.items() if name != missing}
    assert 400 == (await staff.post(PERSON, data=fields)).status_code


async def test_the_pages_are_for_staff_alone(hq):
    """Anybody on the network could take a customer's data home, or erase them."""
    async with _browser(hq) as stranger:
        for path in ("/rights", PERSON, f"/customers/{ADA}/export?request_id=r"):
            assert "/login" == (await stranger.get(path)).headers["location"]
        assert "/login" == (await stranger.post(PERSON, data=ASKED)).headers["location"]
