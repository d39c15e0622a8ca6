"""Local Network Access in real Chromium: a web till reaches the agent with the policy alone (D17).

The page is served on this machine and declared public to the browser, which then treats it as one
of the internet. The policy is written where Debian's Chromium reads it, for the duration of a test.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from agent.daemon.browser_policy import BEFORE_146, FOLDERS, LOCAL, LOOPBACK, policy
from agent.daemon.demo.programs import free_port
from tests.journeys.conftest import HAS_CHROMIUM
from tests.journeys.lone import TILL, lone_agent
from tests.journeys.pages import ARGUMENTS, CHROMIUM

MANAGED = Path(FOLDERS[0])
pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not HAS_CHROMIUM, reason=f"{CHROMIUM} is missing: apt install chromium"),
]
CALLS = """async ([url, till, token]) => {
  const granted = (await navigator.permissions.query({name: "loopback-network"})).state;
  const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
  const scan = {method: "POST", headers, body: JSON.stringify({scan: "from-the-web"})};
  const post = await fetch(`${url}/v1/tills/${till}/scan`, scan).then((r) => r.status, () => null);
  const watched = await new Promise((done) => {
    const address = `${url.replace("http", "ws")}/v1/tills/${till}/events?after=0`;
    const socket = new WebSocket(address, [`bearer.${token}`]);
    socket.onmessage = (said) => done("told");
    socket.onerror = () => done(null);
  });
  return {secure: isSecureContext, granted, post, watched};
}"""
IN, OUT = ("granted", 200, "told"), ("prompt", None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_till():
    """A page somewhere in the world; gives its origin."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        page = b"<!doctype html><title>web till</title>"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(page)}\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    port = free_port()
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(tmp_path_factory, web_till):
    """An agent whose settings let the web till in, with one event to tell."""
    folder = tmp_path_factory.mktemp("lone")
    async with lone_agent(folder, allowed_origins=(web_till,)) as running:
        await running.send("POST", f"/v1/tills/{TILL}/scan", json={"scan": "before"})
        yield running


@contextmanager
def managed(rules):
    """Put a policy where Chromium reads it; nothing is left behind."""
    file = MANAGED / f"till-agent-test-{os.getpid()}.json"
    made = [each for each in (MANAGED, *MANAGED.parents) if not each.exists()]
    try:
        MANAGED.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rules), encoding="utf-8")
    except PermissionError:
        pytest.skip(f"{MANAGED} is not writable: the test of the browser policy needs root")
    try:
        yield
    finally:
        file.unlink()
        with suppress(OSError):  # somebody else's policy is in there now
            for folder in made:
                folder.rmdir()


async def reached(agent, origin, *, public=None):
    """Call the agent from a page, by fetch and by WebSocket; `public` makes its place public."""
    flags = [f"--ip-address-space-overrides={public}=public"] if public else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *flags]
        )
        page = await browser.new_page()
        await page.goto(origin)
        said = await page.evaluate(CALLS, [agent.url, TILL, agent.token])
        await browser.close()
    assert said["secure"]
    return said["granted"], said["post"], said["watched"]


async def from_the_web(agent, origin):
    """Call the agent from a page that the browser takes for one of the internet."""
    place = origin.removeprefix("http://").replace("localhost", "127.0.0.1")
    return await reached(agent, origin, public=place)


async def test_without_the_policy_the_browser_asks_first(agent, web_till):
    """The test of the policy would prove nothing if the browser let the page through anyway."""
    assert OUT == await from_the_web(agent, web_till)


ONE_BY_ONE = [pytest.param(each, marks=pytest.mark.long) for each in (LOOPBACK, BEFORE_146)]


@pytest.mark.parametrize("name", [None, *ONE_BY_ONE], ids=["ours", LOOPBACK, BEFORE_146])
async def test_with_the_policy_a_web_till_works(agent, web_till, name):
    """Every cashier would have to find and answer a question of the browser, on every till."""
    rules = policy((web_till,), loopback=True)
    assert name is None or name in rules
    with managed(rules if name is None else {name: rules[name]}):
        assert IN == await from_the_web(agent, web_till)


async def test_the_policy_lets_nobody_else_in(agent, web_till):
    """The policy for one page would open the agent to all of them."""
    with managed(policy(("https://other.example",), loopback=True)):
        assert OUT == await from_the_web(agent, web_till)


async def test_the_policy_for_other_machines_is_not_the_one_for_this(agent, web_till):
    """The wrong ready-made file would look as if it worked."""
    with managed({LOCAL: [web_till]}):
        assert OUT == await from_the_web(agent, web_till)


async def test_a_page_the_settings_do_not_name_stays_out(agent, web_till):
    """A browser that was told to trust a page would decide for the till what that page may do."""
    stranger = web_till.replace("127.0.0.1", "localhost")
    with managed(policy((stranger,), loopback=True)):
        assert ("granted", None, None) == await from_the_web(agent, stranger)


async def test_the_agents_own_page_needs_no_policy(agent):
    """A shop without a managed browser could not use the page that comes with the agent."""
    assert (200, "told") == (await reached(agent, agent.url))[1:]
