"""The service manager hears that the program is ready, and that its tills turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import pytest

from agent.program.notify import feed_watchdog, notify, watchdog_interval_s


@pytest.fixture
def manager(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_a_state_reaches_the_manager(manager):
    """A service that is ready would be killed as one that hangs."""
    assert notify("READY=1")
    assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket(monkeypatch):
    """Under systemd-nspawn nobody would be told."""
    name = f"till-agent-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify("READY=1")
        assert listening.recv(100) == b"READY=1"


def test_without_a_manager_nothing_is_sent(monkeypatch):
    """A program started by hand would fail."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "interval"),
    [
        ("30000000", None, 15.0),
        ("30000000", "1", None),
        ("", None, None),
        ("soon", None, None),
        ("0", None, None),
    ],
)
def test_half_of_what_the_manager_waits(monkeypatch, usec, pid, interval):
    """A till that turns would be restarted in the middle of a sale."""
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid or str(os.getpid()))
    assert watchdog_interval_s() == interval


@pytest.mark.asyncio
async def test_the_watchdog_is_fed_only_while_all_is_well(manager, monkeypatch):
    """A till loop that hangs would never be restarted."""
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    well = iter([True, False, True])
    feeding = asyncio.create_task(feed_watchdog(lambda: next(well, False)))
    for _ in range(2):
        assert await asyncio.to_thread(manager.recv, 100) == b"WATCHDOG=1"
    feeding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await feeding
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)


@pytest.mark.asyncio
async def test_without_a_watchdog_the_task_stays(monkeypatch):
    """The daemon would take its end for a failure, and stop."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    feeding = asyncio.create_task(feed_watchdog(lambda: True))
    done, _ = await asyncio.wait([feeding], timeout=0.05)
    assert not done
    feeding.cancel()


def test_a_manager_that_does_not_read_holds_up_nothing(tmp_path, monkeypatch):
    """A full queue would block the loop, and with it every till."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        sent = 0
        while notify("WATCHDOG=1"):
            sent += 1
            assert sent < 10_000
        assert sent > 0


def test_a_manager_that_is_gone_ends_nothing(tmp_path, monkeypatch):
    """The program would die because its manager was restarted."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")
