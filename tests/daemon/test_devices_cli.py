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
