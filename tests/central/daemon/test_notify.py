"""The service manager's socket."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from central.daemon.notify import feed_watchdog, notify, watchdog_interval_s


@pytest.fixture
def manager(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield manager


def test_a_state_reaches_the_manager(manager):
    """Wrong: systemd waits for READY until it gives up."""
    assert notify("READY=1")
    assert b"READY=1" == manager.recv(100)


def test_an_abstract_socket_is_understood(monkeypatch):
    """Wrong: under some service managers HQ never gets ready."""
    name = f"till-central-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify("READY=1")
        assert b"READY=1" == manager.recv(100)


def test_a_manager_that_does_not_read_holds_up_nothing(manager):
    """Wrong: a full queue blocks the loop, and with it every till."""
    sent = 0
    while notify("WATCHDOG=1"):
        sent += 1
        assert sent < 10_000
    assert b"WATCHDOG=1" == manager.recv(100)


def test_without_a_manager_nothing_is_sent(monkeypatch, tmp_path):
    """Wrong: HQ cannot be started by hand, or dies with its manager's socket."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("env", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "x"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(monkeypatch, env, interval):
    """Wrong: a healthy HQ is killed, or somebody else's watchdog is fed."""
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert interval == watchdog_interval_s()


@pytest.mark.asyncio
async def test_an_hq_that_is_not_well_lets_its_watchdog_starve(manager, monkeypatch):
    """Wrong: an HQ whose applier is dead is never restarted."""
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    well = [False, True]
    with pytest.raises(IndexError):
        await asyncio.wait_for(feed_watchdog(lambda: well.pop(0)), 5)
    assert b"WATCHDOG=1" == manager.recv(100)
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)
