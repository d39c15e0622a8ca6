"""`till-agent devices`: what there is and how it is, with and without the daemon."""

from __future__ import annotations

from drivers.virtual.scanner import VirtualScanner

WIRING = """\
scanners = ["counter"]
printer = "receipt"
[[device]]
id = "counter"
kind = "scanner"
address = "{scanner}"
[[device]]
id = "receipt"
kind = "printer"
model = "generic-58mm"
address = "virtual:receipt"
[[device]]
id = "spare"
kind = "printer"
address = "virtual:spare"
"""


def test_devices_while_no_daemon_watches_them(shop):
    """A technician would take silence for health."""
    shop.write(wiring=WIRING.format(scanner="virtual:counter"))
    ran = shop.run("devices")
    assert ran.code == 0
    assert "receipt: printer generic-58mm at virtual:receipt, for till-1: not running" in ran.out
    assert "spare: printer at virtual:spare, for no till: not running" in ran.out
    assert "systemctl start till-agent" in ran.err
    listed = shop.run("devices", "--json").json
    assert [(each["id"], each["state"], each["tills"]) for each in listed] == [
        ("counter", "not running", ["till-1"]),
        ("receipt", "not running", ["till-1"]),
        ("spare", "not running", []),
    ]


def test_devices_as_the_daemon_sees_them(shop, daemon):
    """A scanner that was pulled out would be shown as it stands in the settings."""
    with VirtualScanner(shop.directory / "scanner") as scanner:
        shop.write(wiring=WIRING.format(scanner=scanner.address))
        with daemon():
            states = {each["id"]: each for each in shop.run("devices", "--json").json}
            assert states["counter"]["state"] in {"ready", "starting"}
            assert states["counter"]["since"]
    shop.write(wiring=WIRING.format(scanner="serial:/dev/serial/by-id/none"))
    with daemon():
        ran = shop.run("devices")
        assert "counter: scanner at serial:/dev/serial/by-id/none, for till-1: gone" in ran.out
        assert "plugged in" in ran.out
        assert "device counter: gone" in shop.run("status").out
        assert "the daemon" not in shop.run("doctor", "--json").json[-1]["detail"]


def test_a_till_without_devices(shop):
    """An empty answer would look like a command that failed."""
    ran = shop.run("devices")
    assert (ran.code, ran.out) == (0, "")
    assert "no [[device]]" in ran.err


SHARED = """\
scanners = ["counter"]
[[till]]
id = "till-2"
scanners = ["counter"]
[[device]]
id = "counter"
kind = "scanner"
address = "virtual:counter"
"""


def test_a_scanner_between_two_tills(shop, daemon):
    """IT could not tell why no scan arrives, nor give the scanner to one of the tills."""
    shop.write(wiring=SHARED)
    assert 1 == shop.run("devices", "claim", "counter", "till-2").code
    with daemon():
        assert "no till has claimed it: till-agent devices claim" in shop.run("devices").out
        claimed = shop.run("devices", "claim", "counter", "till-2", "--json")
        assert (0, "till-2") == (claimed.code, claimed.json["owner"])
        assert "for till-1, till-2 (now till-2)" in shop.run("devices").out
        refused = shop.run("devices", "claim", "counter", "till-1")
        assert 1 == refused.code
        assert "held by till till-2" in refused.err
        assert 0 == shop.run("devices", "claim", "counter", "till-2", "--release").code
        assert [None] == [each["owner"] for each in shop.run("devices", "--json").json]
        assert 1 == shop.run("devices", "claim", "none", "till-1").code
