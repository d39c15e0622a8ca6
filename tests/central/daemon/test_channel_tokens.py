"""A web store's own token: it opens what is that channel's, and nothing else of HQ."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from typer.testing import CliRunner

from central.channels.registry import Channel, register
from central.daemon.channel_tokens import ChannelTokens, issue, listed, revoke
from central.daemon.cli import app
from central.daemon.ended_tokens import EndedTokens
from central.daemon.gate import DEVICE_PATHS
from central.ledger.engine import open_engine, reading, writing
from central.ledger.tables import CHANNEL_TOKENS, PERSON_READS

NOW = "2026-11-02T12:00:00.000Z"
FORBIDDEN = (403, "urn:till-agent:problem:not-for-channel")
EVENT = {
    "event_id": "e-1",
    "type": "order.placed",
    "occurred_at": NOW,
    "party": {"email": "ada@example.com", "name": "Ada"},
    "order": {"order_no": "WEB-1", "total": 100, "currency": "EUR"},
}
MAY_I = {"purpose": "marketing", "contact": "email", "type": "email", "value": "ada@example.com"}


def known_to(hq, *channels, purposes=()):
    """Register channels and give a token of the first, as HQ knows it."""
    with writing(hq.engine) as conn:
        register(conn, [Channel(each) for each in channels], NOW)
        token = issue(conn, channels[0], NOW, purposes=purposes)
    hq.channel_tokens.refresh(hq.engine)
    return token


def speaking(hq, token):
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=hq.url, headers=headers, trust_env=False)


def outcome(reply):
    return reply.status_code, reply.json()["type"]


@pytest.mark.asyncio
async def test_a_channel_opens_what_is_its_own(hq):
    """Wrong: a web store needs the staff token, by which it reads every customer of the chain."""
    async with speaking(hq, known_to(hq, "web", "app", purposes=["marketing"])) as web:
        assert 200 == (await web.post("/v1/channels/web/events", json=[EVENT])).status_code
        assert [] == (await web.get("/v1/channels/web/tasks/")).json()
        assert "WEB-1" == (await web.get("/v1/orders/WEB-1")).json()["order"]["order_no"]
        assert 200 == (await web.post("/v1/consent/check", json=MAY_I)).status_code
        done = await web.post("/v1/channels/web/tasks/x/done")
        heard = await web.post("/v1/channels/web/webhook", json={"order_no": "WEB-1"})
    assert (404, "urn:till-agent:problem:no-such-task") == outcome(done)
    assert (404, "urn:till-agent:problem:no-connector") == outcome(heard)


@pytest.mark.asyncio
async def test_nothing_else_of_hq_opens_to_a_channel(hq):
    """Wrong: an address that was added, and forgotten here, tells a web store of customers."""
    paths = (await hq.staff.get("/schema/openapi.json")).json()["paths"]
    told = []
    async with speaking(hq, known_to(hq, "web", "x", purposes=["marketing"])) as web:
        for path, methods in paths.items():
            if path.startswith("/v1/") and not path.startswith(DEVICE_PATHS):
                for method in {"get", "post", "put", "delete"} & set(methods):
                    address = re.sub(r"{[^}]+}", "x", path)
                    reply = await web.request(method, address, json={})
                    told.append((f"{method} {path}", outcome(reply)))
    opened = {each for each, said in told if said != FORBIDDEN}
    assert {"get /v1/orders/{order_no}", "post /v1/consent/check"} == opened
    assert len(told) > 80


@pytest.mark.asyncio
async def test_another_channels_orders_are_as_if_they_were_not(hq):
    """Wrong: a partner's web shop reads the orders, and the customers, of the chain's own."""
    async with speaking(hq, known_to(hq, "app", "web")) as stranger:
        await hq.staff.post("/v1/channels/web/events", json=[EVENT])
        theirs = await stranger.get("/v1/orders/WEB-1")
        nobodys = await stranger.get("/v1/orders/WEB-2")
    assert (404, "urn:till-agent:problem:no-such-order") == outcome(theirs) == outcome(nobodys)
    assert theirs.json()["detail"].replace("WEB-1", "WEB-2") == nobodys.json()["detail"]


@pytest.mark.asyncio
async def test_a_channel_asks_only_of_the_uses_it_has(hq):
    """Wrong: a shop that sends newsletters finds out whom the chain may profile."""
    async with speaking(hq, known_to(hq, "web", purposes=["marketing"])) as web:
        await web.post("/v1/channels/web/events", json=[EVENT])
        other = await web.post("/v1/consent/check", json=MAY_I | {"purpose": "profiling"})
    assert FORBIDDEN == outcome(other)
    assert "--purpose profiling" in other.json()["remedy"]


@pytest.mark.asyncio
async def test_the_access_log_names_the_channel(hq):
    """Wrong: a person who asks who looked at them is told `staff`, whoever it was."""
    async with speaking(hq, known_to(hq, "web", purposes=["marketing"])) as web:
        await web.post("/v1/channels/web/events", json=[EVENT])
        party_id = (await web.post("/v1/consent/check", json=MAY_I)).json()["party_id"]
        await web.get("/v1/orders/WEB-1")
    reads = (await hq.staff.get(f"/v1/parties/{party_id}/reads")).json()
    told = {(each["reader"], each["action"]) for each in reads}
    assert {("channel:web", "consent marketing"), ("channel:web", "order")} <= told
    assert hq.rows(PERSON_READS)


@pytest.mark.asyncio
async def test_a_channels_token_is_no_login_to_the_console(hq):
    """Wrong: who runs the web shop opens the page of customers."""
    token = known_to(hq, "web")
    async with httpx.AsyncClient(base_url=hq.url, trust_env=False) as browser:
        assert 403 == (await browser.post("/login", data={"token": token})).status_code
        browser.cookies.set("till_central_staff", token)
        assert 303 == (await browser.get("/customers")).status_code


@pytest.mark.asyncio
async def test_a_revoked_token_opens_nothing(hq, home):
    """Wrong: a token that leaked goes on sending orders."""
    token = known_to(hq, "web")
    with writing(hq.engine) as conn:
        revoke(conn, EndedTokens(home), "web", None, NOW)
    hq.channel_tokens.refresh(hq.engine)
    async with speaking(hq, token) as web:
        assert 401 == (await web.post("/v1/channels/web/events", json=[EVENT])).status_code


@pytest.mark.both_databases
def test_tokens_are_kept_as_hashes_and_go_one_by_one(ledger, tmp_path):
    """Wrong: a copy of the database speaks for a shop, or a token cannot be changed in peace."""
    ended = EndedTokens(tmp_path)
    with writing(ledger) as conn:
        register(conn, [Channel("web"), Channel("app")], NOW)
        first, second = (issue(conn, "web", NOW, purposes=["marketing"]) for _ in range(2))
        other = issue(conn, "app", NOW)
        assert first not in str(conn.execute(CHANNEL_TOKENS.select()).all())
        ids = [each.id for each in listed(conn, "web")]
        assert (2, 1) == (len(ids), revoke(conn, ended, "web", ids[0], NOW))
        assert 0 == revoke(conn, ended, "app", ids[1], NOW)
    tokens = ChannelTokens(ledger, ended)
    standing = [each for each in map(tokens.speaker, (first, second)) if each]
    assert [("web", frozenset({"marketing"}))] == [(e.channel, e.purposes) for e in standing]
    with writing(ledger) as conn:
        third = issue(conn, "web", NOW)
        assert 1 == revoke(conn, ended, "web", None, NOW, spare=third)
    tokens.refresh(ledger)
    told = [tokens.speaker(each) is not None for each in (first, second, third, other)]
    assert [False, False, True, True] == told


@pytest.fixture
def call(tmp_path):
    """Call a command on an HQ whose settings have a channel; gives exit code, stdout, stderr."""
    path = tmp_path / "central.toml"
    path.write_text(f'[central]\nstate_dir = "{tmp_path}/state"\n[[channel]]\nid = "web"\n')

    def _call(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(path)])
        return result.exit_code, result.stdout, result.stderr

    _call("migrate")
    return _call


def test_the_command_makes_lists_and_takes_back(call, tmp_path):
    """Wrong: whoever runs HQ cannot give a shop its token, or take it away."""
    code, token, err = call("channel-token", "web", "--purpose", "marketing")
    assert (0, 1, True) == (code, len(token.split()), "shown only now" in err)
    [entry] = json.loads(call("channel-token", "web", "--list", "--json")[1])
    assert ("web", ["marketing"], None) == tuple(entry[k] for k in ("channel", "purposes", "ended"))
    assert token.strip() not in str(entry)
    code, out, _ = call("channel-token", "web", entry["id"], "--revoke")
    assert (0, True) == (code, out.startswith("1 token"))
    engine = open_engine(tmp_path / "state" / "central.sqlite")
    with reading(engine) as conn:
        assert [True] == [each.ended is not None for each in listed(conn, "web")]
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("wbe",), 1, "registered: web"),
        (("web", "--purpose", "a use"), 1, "is no use of data"),
        (("web", "nope", "--revoke"), 1, "--list"),
        (("web", "nope"), 2, "only with --revoke"),
        (("web", "--list", "--revoke"), 2, "two calls"),
    ],
)
def test_wrong_words_are_said(call, arguments, exit_code, words):
    """Wrong: a token of a channel there is not, or a revocation that revoked nothing in silence."""
    code, out, err = call("channel-token", *arguments)
    assert (exit_code, "", True) == (code, out, words in " ".join(err.split()))
