"""Tokens from the command line: listed with their last use, taken back one by one, at once."""

from __future__ import annotations

from contextlib import nullcontext

import httpx
import pytest


def _paired(shop):
    return shop.run("pair", "till-1", "--json").json


def _listed(shop):
    return shop.run("pair", "till-1", "--list", "--json").json


def _status(shop, token):
    """Ask as a till page does; gives the status of the answer."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{shop.url}/v1/tills/till-1", headers=headers, timeout=10).status_code


@pytest.mark.parametrize("running", [False, True], ids=["alone", "daemon"])
def test_one_token_is_taken_back_and_the_others_stay(shop, daemon, running):
    """A lost tablet would cost every page and every piece of POS software its token."""
    with daemon() if running else nullcontext():
        lost, kept = _paired(shop), _paired(shop)
        assert {lost["id"], kept["id"]} == {each["id"] for each in _listed(shop)}
        assert [None, None] == [each["used"] for each in _listed(shop)]
        if running:
            assert (200, 200) == (_status(shop, lost["token"]), _status(shop, kept["token"]))
            assert None not in [each["used"] for each in _listed(shop)]
        assert 1 == shop.run("pair", "till-1", "--revoke", lost["id"], "--json").json["revoked"]
        assert [kept["id"]] == [each["id"] for each in _listed(shop)]
        if running:
            assert (401, 200) == (_status(shop, lost["token"]), _status(shop, kept["token"]))
        again = shop.run("pair", "till-1", "--revoke", lost["id"])
        assert 1 == again.code
        if not running:
            assert "no-such-token" in again.err
        assert 1 == shop.run("pair", "till-1", "--revoke", "--json").json["revoked"]
        assert [] == _listed(shop)


def test_the_last_use_outlives_a_restart(shop, daemon):
    """A token nobody has used for a year would look as new as any after each update."""
    token = _paired(shop)["token"]
    with daemon():
        _status(shop, token)
        (while_running,) = _listed(shop)
    (afterwards,) = _listed(shop)
    assert while_running["used"] == afterwards["used"] is not None
    shop.run("pair", "till-1", "--revoke")
    assert "nobody may speak" in shop.run("pair", "till-1", "--list").err


@pytest.mark.parametrize(
    "wrong", [["pair", "till-1", "abc"], ["pair", "till-1", "--revoke", "--list"]]
)
def test_wrong_use_is_told(till_agent, wrong):
    """A token meant to be revoked would be made anew."""
    assert 2 == till_agent(*wrong).code
