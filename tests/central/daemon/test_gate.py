"""Who gets in: tokens, hosts, origins; and that every refusal says what to do."""

from __future__ import annotations

import re

import httpx
import pytest

from central.daemon.ended_tokens import EndedTokens
from central.daemon.gate import DEVICE_PATHS
from central.daemon.staff import staff_tokens
from central.daemon.state import utc_now
from central.ledger.engine import open_engine
from central.ledger.migrate import migrate
from central.ledger.tables import STAFF_TOKENS

pytestmark = pytest.mark.asyncio


async def get(hq, path, **headers):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(hq.url + path, headers=headers)


@pytest.mark.parametrize(
    "path",
    ["/v1/stores", "//v1/stores", "/v1//stores", "/%761/stores", "/v1/parties/x", "/v1/nope"],
)
async def test_staff_addresses_need_a_token(hq, path):
    """Wrong: whoever reaches HQ reads its stores and customers."""
    for authorization in ("", "Bearer", "Bearer wrong", f"Basic {hq.token}"):
        reply = await get(hq, path, Authorization=authorization)
        assert (401, "urn:till-agent:problem:no-token") == (reply.status_code, reply.json()["type"])
        assert "Bearer" == reply.headers["www-authenticate"]
        assert "--new-staff-token" in reply.json()["remedy"]


_SENT = {"get", "post", "put", "delete", "patch"}


async def test_nobody_without_a_token_or_a_signature_gets_an_answer(hq):
    """Wrong: an address that was added, and forgotten here, tells a stranger of customers."""
    paths = (await get(hq, "/schema/openapi.json")).json()["paths"]
    told = []
    async with httpx.AsyncClient(trust_env=False, base_url=hq.url) as client:
        for path, methods in [each for each in paths.items() if each[0] != "/metrics"]:
            for method in _SENT & set(methods):
                reply = await client.request(method, re.sub(r"{[^}]+}", "x", path), json={})
                told.append((path, method, reply.status_code))
    staff = [each for each in told if not each[0].startswith(DEVICE_PATHS)]
    devices = [each for each in told if each[0].startswith(DEVICE_PATHS)]
    assert (True, True) == (len(staff) > 80, len(devices) > 5)
    assert [] == [each for each in staff if each[2] != 401]
    assert [] == [each for each in devices if each[2] < 400 or each[2] >= 500]


async def test_no_page_shows_anything_before_the_login(hq):
    """Wrong: a page of the console shows customers to whoever opens it."""
    pages = ("/", "/customers", "/customers/x", "/merges", "/merges/compare", "/days")
    for path in (*pages, "/quarantine", "/quarantine/x/1", "/attention", "/stores/x"):
        reply = await get(hq, path)
        assert (path, 303, "/login") == (path, reply.status_code, reply.headers["location"][:6])


async def test_the_staff_token_opens(hq):
    """Wrong: the token HQ printed is refused."""
    reply = await hq.staff.get("/v1/stores")
    assert (200, []) == (reply.status_code, reply.json())
    assert 200 == (await get(hq, "/v1/stores", Authorization=f"bearer {hq.token}")).status_code


async def test_console_schema_and_metrics_open_without_a_token(hq):
    """Wrong: the page that asks for the token needs one, or Prometheus does."""
    assert (await get(hq, "/")).status_code < 400
    assert "3.1.0" == (await get(hq, "/schema/openapi.json")).json()["openapi"]
    assert "till_central_incidents 0.0" in (await get(hq, "/metrics")).text


async def test_a_foreign_page_may_not_call(hq):
    """Wrong: any web page a member of staff opens can call HQ in their name."""
    for origin in ("https://evil.example", "null", hq.url.replace("http", "https") + "0"):
        reply = await get(hq, "/metrics", Origin=origin)
        assert (403, "urn:till-agent:problem:foreign-origin") == (
            reply.status_code,
            reply.json()["type"],
        )
        assert reply.json()["remedy"]
    assert 200 == (await get(hq, "/metrics", Origin=hq.url)).status_code


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8470", "", "[::1"])
async def test_an_unknown_host_name_is_refused(hq, host):
    """Wrong: a page whose name was rebound to 127.0.0.1 reads HQ."""
    reply = await get(hq, "/schema/openapi.json", Host=host)
    assert (403, "urn:till-agent:problem:wrong-host") == (reply.status_code, reply.json()["type"])
    assert "allowed_hosts" in reply.json()["remedy"]


async def test_allowed_hosts_and_origins_come_in(hq_at, tmp_path):
    """Wrong: HQ behind its public name cannot be used."""
    toml = 'allowed_hosts = ["HQ.example"]\nallowed_origins = ["https://pos.example"]'
    async with hq_at(tmp_path, toml) as hq:
        assert 200 == (await get(hq, "/metrics", Host="hq.example:443")).status_code
        assert 200 == (await get(hq, "/metrics", Origin="https://pos.example")).status_code
        same = {"Host": "hq.example", "Origin": "https://hq.example"}
        assert 200 == (await get(hq, "/metrics", **same)).status_code


async def test_an_unknown_address_or_method_gets_a_problem(hq):
    """Wrong: an error without a remedy."""
    for reply in (await hq.staff.get("/v1/nope"), await hq.staff.delete("/v1/stores")):
        assert reply.status_code in {404, 405}
        assert "application/problem+json" == reply.headers["content-type"]
        assert "/schema/openapi.json" in reply.json()["remedy"]


async def test_a_bug_is_a_problem_too(hq, monkeypatch):
    """Wrong: what nobody foresaw reaches the caller as a stack trace."""

    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("central.daemon.stores.standing", broken)
    reply = await hq.staff.get("/v1/stores")
    assert (500, "urn:till-agent:problem:unexpected") == (reply.status_code, reply.json()["type"])
    assert "ZeroDivisionError" in reply.json()["detail"]


async def test_a_busy_ledger_asks_for_patience(hq, monkeypatch):
    """Wrong: a long import makes tills give up instead of trying again later."""
    monkeypatch.setattr("central.ledger.engine.BUSY_TIMEOUT_S", 0.05)
    till, link = await hq.enrolled()
    from central.ledger.engine import writing

    with writing(hq.engine):
        async with httpx.AsyncClient(trust_env=False) as client:
            import msgspec

            content = msgspec.json.encode(till.request("x"))
            reply = await client.post(f"{hq.url}/v1/enrol", content=content)
    assert (503, "5") == (reply.status_code, reply.headers["retry-after"])
    await link.aclose()


async def test_tokens_are_kept_as_hashes_and_replaced_on_demand(tmp_path):
    """Wrong: a copy of the database opens HQ, or a lost token stays valid for ever."""
    engine = open_engine(tmp_path / "central.sqlite")
    migrate(engine)
    ended = EndedTokens(tmp_path)
    first, shown = staff_tokens(engine, ended, utc_now())
    again, nothing = staff_tokens(engine, ended, utc_now())
    assert (True, None) == (first.admits(shown), nothing)
    assert again.admits(shown)
    with engine.connect() as conn:
        assert shown not in str(conn.execute(STAFF_TOKENS.select()).all())
    preset, nothing = staff_tokens(engine, ended, utc_now(), preset="mine")
    assert (True, True, None) == (preset.admits("mine"), preset.admits(shown), nothing)
    assert not staff_tokens(engine, ended, utc_now())[0].admits("mine")
    replaced, new = staff_tokens(engine, ended, utc_now(), replace=True)
    assert (True, False) == (replaced.admits(new), replaced.admits(shown))
    engine.dispose()
