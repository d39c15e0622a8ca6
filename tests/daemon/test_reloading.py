"""Settings that change while the real daemon sells: SIGHUP, as `systemctl reload` sends (D19)."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from agent.daemon.control import TOKEN_FILE
from agent.daemon.reloading import effective, restart_needed
from agent.settings import (
    AgentSettings,
    HqSettings,
    Settings,
    StoreSettings,
    TillSettings,
)
from drivers.virtual.scanner import VirtualScanner

WIRING = """\
scanners = ["counter", "hand"]
printer = "receipt"
drawer = "receipt"
[[device]]
id = "counter"
kind = "scanner"
address = "{counter}"
[[device]]
id = "hand"
kind = "scanner"
address = "{hand}"
suffix = "{suffix}"
[[device]]
id = "receipt"
kind = "printer"
model = "epson-tm-t20iii"
watch = "hold"
address = "{printer}"
"""
EAN = b"]E04006381333931"


def until(what, within_s=90.0):
    """Wait until something is so, and give it."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def ready(shop, *devices):
    """Wait until the daemon calls these devices ready."""

    def look():
        token = (shop.state / TOKEN_FILE).read_text(encoding="ascii").strip()
        asked = httpx.get(f"{shop.url}/v1/status", headers={"Authorization": f"Bearer {token}"})
        seen = asked.json()["devices"]
        states = {device["id"]: device for device in seen}
        return states if all(states[each]["state"] == "ready" for each in devices) else None

    return until(look)


def descriptors(process, *, of):
    """Give the numbers of a process's open files of a kind, and what they are."""
    folder = Path(f"/proc/{process.pid}/fd")
    found = {entry.name: str(entry.readlink()) for entry in folder.iterdir()}
    return {number: target for number, target in found.items() if target.startswith(of)}


def reload(process, manager):
    """Send what ExecReload sends, and give what the daemon tells its manager."""
    process.send_signal(signal.SIGHUP)
    return [manager.recv(2000).decode() for _ in range(2)]


@pytest.fixture
def wired(shop, virtual_printer):
    """A shop with two scanners and a held printer."""
    with VirtualScanner() as counter, VirtualScanner() as hand, virtual_printer() as printer:

        def write(suffix="\\r", more="", **others):
            wiring = WIRING.format(
                counter=counter.address, hand=hand.address, printer=printer.address, suffix=suffix
            )
            shop.write(wiring=wiring + more, **others)

        write()
        yield write, counter, hand, printer


def test_only_what_changed_is_touched(shop, managed, wired):
    """Each change of the settings would need a restart, or interrupt all tills."""
    write, counter, hand, printer = wired
    with managed() as (process, manager):
        ready(shop, "counter", "hand", "receipt")
        reading = descriptors(process, of=counter.path)
        connections = printer.connections
        write(suffix="\\n")
        said = reload(process, manager)
        assert said[0].startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert "READY=1\nSTATUS=settings taken over" == said[1]
        ready(shop, "counter", "hand", "receipt")
        assert 1 == len(reading)
        assert reading == descriptors(process, of=counter.path)
        assert connections == printer.connections
        counter.scan(EAN)
        hand.send(EAN + b"\n")
        until(lambda: ready(shop, "hand")["hand"]["counters"].get("scans") == 1)
        counted = ready(shop, "counter")["counter"]["counters"]
        assert {"scans": 1, "unknown": 1} == counted
    log = (shop.directory / "log").read_text()
    assert '"devices": ["hand"]' in log


def test_settings_with_errors_change_nothing(shop, managed, wired):
    """A slip of the pen in the settings would stop the shop."""
    write, counter, _, _ = wired
    with managed() as (process, manager):
        ready(shop, "counter", "receipt")
        write(suffix="\\n", more='[[device]]\nid = "x"\nkind = "scanner"\naddress = "nowhere"\n')
        with shop.config.open("a") as file:
            file.write("colour = 3\n")
        assert (
            "READY=1\nSTATUS=settings not taken over: bad-settings" in reload(process, manager)[1]
        )
        counter.scan(EAN)
        until(lambda: ready(shop, "counter")["counter"]["counters"].get("scans") == 1)
        assert "x" not in ready(shop, "counter")
    log = (shop.directory / "log").read_text()
    assert 2 == log.count('"event": "settings have an error"')
    assert "all goes on as before" in log


def test_what_needs_a_restart_is_named(shop, managed, wired, port):
    """IT would wait for a change that never comes."""
    write, _, _, _ = wired
    with managed() as (process, manager):
        ready(shop, "counter", "receipt")
        old = shop.port
        write(more='[[till]]\nid = "till-9"\n', port=port, hq="https://hq.example")
        said = reload(process, manager)[1]
        assert "restart needed for agent.listen, hq, till till-9 (added)" in said
        shop.port, shop.hq = old, ""
        write()
        assert "READY=1\nSTATUS=settings taken over" == reload(process, manager)[1]


def test_bindings_and_papers_hold_from_the_next_command(shop, managed, wired):
    """A till would go on with a printer that was given to another, or under the shop's old name."""
    write, _, _, _ = wired
    with managed() as (process, manager):
        ready(shop, "counter", "receipt")
        token = (shop.state / TOKEN_FILE).read_text(encoding="ascii").strip()

        def printed(number):
            job = {"print_id": f"019a2222-0000-7000-8000-00000000000{number}", "till": "till-1"}
            return httpx.post(
                f"{shop.url}/v1/print-jobs",
                json={**job, "raw": "UmF3Cg=="},
                headers={"Authorization": f"Bearer {token}"},
            )

        assert 201 == printed(1).status_code
        shop.wiring = shop.wiring.replace('printer = "receipt"\n', "")
        shop.write()
        assert "settings taken over" in reload(process, manager)[1]
        refused = printed(2)
        assert (409, True) == (refused.status_code, "no printer" in refused.json()["detail"])
        write()
        reload(process, manager)
        assert 201 == printed(3).status_code
        until(lambda: ready(shop, "receipt")["receipt"]["counters"].get("jobs") == 2)


def test_a_settings_file_that_is_not_there(shop, managed):
    """Settings moved away for a moment would stop the shop."""
    with managed() as (process, manager):
        shop.config.rename(shop.config.with_suffix(".old"))
        assert "settings not taken over" in reload(process, manager)[1]
        shop.config.mkdir()
        assert "settings not taken over" in reload(process, manager)[1]
        assert None is process.poll()
        shop.config.rmdir()
        shop.config.with_suffix(".old").rename(shop.config)
        assert "READY=1\nSTATUS=settings taken over" == reload(process, manager)[1]


def settings(**more):
    given = {
        "store": StoreSettings(id="s"),
        "tills": (TillSettings(id="one"), TillSettings(id="two")),
        **more,
    }
    return Settings(**given)


def test_what_can_change_and_what_cannot():
    """A till would sell in another currency in the middle of a basket."""
    old = settings()
    wanted = settings(
        store=StoreSettings(id="other", name="New name", currency="CHF", timezone="Europe/Zurich"),
        agent=AgentSettings(
            listen="127.0.0.1:1", log_level="debug", reserve_mb=1, keep_days=9, backup_dir="/mnt"
        ),
        hq=HqSettings(url="https://hq.example"),
        tills=(TillSettings(id="two", basket="external", printer="p"), TillSettings(id="three")),
        tax={"standard": 810},
    )
    assert {
        "store.id",
        "store.currency",
        "store.timezone",
        "agent.listen",
        "agent.reserve_mb",
        "hq",
        "till one (removed)",
        "till three (added)",
        "till two basket",
    } == set(restart_needed(old, wanted))
    found = effective(old, wanted)
    assert ("s", "New name", "EUR") == (found.store.id, found.store.name, found.store.currency)
    assert ("127.0.0.1:8460", "debug") == (found.agent.listen, found.agent.log_level)
    assert (64, 9, "/mnt") == (
        found.agent.reserve_mb,
        found.agent.keep_days,
        found.agent.backup_dir,
    )
    assert (None, {"standard": 810}) == (found.hq, found.tax)
    assert [("one", None, "agent"), ("two", "p", "agent")] == [
        (till.id, till.printer, till.basket) for till in found.tills
    ]
    assert [] == list(restart_needed(old, msgspec.structs.replace(old, tax={"x": 1})))
