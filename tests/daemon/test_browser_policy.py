"""The policy for managed browsers: made of the settings, for those origins alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CHROMIUM = Path(__file__).parents[2] / "config/chromium"


def _listening(shop, place, origins='["https://pos.example"]'):
    text = shop.config.read_text(encoding="utf-8")
    text = text.replace(f"127.0.0.1:{shop.port}", place)
    shop.config.write_text(text.replace("[agent]", f"[agent]\nallowed_origins = {origins}"))
    return shop.run("browser-policy")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("127.0.0.1:8460", "till-agent-loopback"),
        ("[::1]:8460", "till-agent-loopback"),
        ("localhost:8460", "till-agent-loopback"),
        ("192.168.1.20:8460", "till-agent-lan"),
        ("0.0.0.0:8460", "till-agent-lan"),
    ],
)
def test_the_files_are_what_the_command_prints(shop, place, name):
    """IT would roll out a file that lets nobody in, or the wrong page."""
    ran = _listening(shop, place)
    assert 0 == ran.code
    assert json.loads((CHROMIUM / f"{name}.json").read_text(encoding="utf-8")) == ran.json
    assert "/etc/chromium/policies/managed" in ran.err


def test_no_policy_lets_everybody_in():
    """A star in a file made to be copied would open every till of the chain."""
    files = sorted(CHROMIUM.glob("*.json"))
    assert files
    for file in files:
        for origins in json.loads(file.read_text(encoding="utf-8")).values():
            assert origins
            assert not [origin for origin in origins if "*" in origin]


def test_without_a_page_there_is_no_policy(shop):
    """An empty policy would be rolled out, and the web till still be shut out."""
    ran = shop.run("browser-policy")
    assert (1, "") == (ran.code, ran.out)
    assert "allowed_origins" in ran.err
