"""The device rules: understood by udev, by vendor and group, and opening nothing to everybody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "systemd/70-till-agent.rules"
PART = re.compile(r'([A-Z_]+(?:\{[^}]+\})?)(==|!=|=|\+=|:=)"([^"]*)"')
MATCHES = re.compile(r"(SUBSYSTEM|KERNEL|ATTRS?\{\w+\}|ACTION)$")
SETS = re.compile(r"(ENV\{\w+\}|IMPORT\{builtin\}|GROUP|MODE|SYMLINK)$")
UNIT = RULES.with_name("till-agent.service")


def rules(text=None):
    """Read each rule as its matches and what it sets (udev(7)); fails on what udev would refuse."""
    found = []
    for line in (text or RULES.read_text(encoding="utf-8")).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        parts = PART.findall(line)
        assert line == ", ".join(f'{key}{sign}"{value}"' for key, sign, value in parts), line
        matched = {key: value for key, sign, value in parts if sign in {"==", "!="}}
        made = {key: value for key, sign, value in parts if sign not in {"==", "!="}}
        assert not [key for key in matched if not MATCHES.match(key)], line
        assert not [key for key in made if not SETS.match(key)], line
        found.append((matched, made))
    return found


def of(subsystem):
    """Give what is set for the devices of a subsystem."""
    return [made for matched, made in rules() if matched["SUBSYSTEM"] == subsystem]


def test_every_rule_is_for_some_vendors():
    """A rule without a vendor would hand over every keyboard and every disk of the machine."""
    for matched, made in rules():
        vendors = matched.get("ATTRS{idVendor}") or matched["ATTR{idVendor}"]
        assert all(re.fullmatch("[0-9a-f]{4}", each) for each in vendors.split("|"))
        assert made


def test_no_device_is_opened_to_everybody():
    """Any program on the machine could read the scanner or open the drawer."""
    opened = [made for _, made in rules() if "MODE" in made or "GROUP" in made]
    assert len(opened) >= 4
    for made in opened:
        assert "0660" == made["MODE"]
        assert made["GROUP"] in {"dialout", "lp", "input"}
    assert "uaccess" not in RULES.read_text(encoding="utf-8").replace("no uaccess", "")


def test_the_service_is_in_every_group_of_the_rules():
    """A device would belong to a group the agent is not in."""
    groups = {made["GROUP"] for _, made in rules() if "GROUP" in made}
    (line,) = re.findall(r"(?m)^SupplementaryGroups=(.*)$", UNIT.read_text(encoding="utf-8"))
    assert groups == set(line.split())


def test_modemmanager_leaves_scanners_alone():
    """ModemManager would send AT commands to every scanner that is plugged in."""
    for made in (*of("tty"), *of("usb")):
        assert "1" == made["ENV{ID_MM_DEVICE_IGNORE}"]
    assert all("1" == made["ENV{ID_MM_PORT_IGNORE}"] for made in of("tty"))


@pytest.mark.parametrize(
    ("subsystem", "group", "link"),
    [
        ("tty", "dialout", None),
        ("usbmisc", "lp", "till-agent/printer-$env{ID_SERIAL}"),
        ("hidraw", "input", "till-agent/scanner-$env{ID_SERIAL}"),
        ("input", "input", None),
    ],
)
def test_each_kind_of_device_has_its_group_and_a_lasting_name(subsystem, group, link):
    """Two printers would swap tills when the machine restarts."""
    opened, *named = of(subsystem)
    assert group == opened["GROUP"]
    assert [link] * bool(link) == [made["SYMLINK"] for made in named]
    assert all("usb_id" == made["IMPORT{builtin}"] for made in named)


def test_a_name_that_cannot_be_made_keeps_nobody_out():
    """Udev leaves a whole rule out when its import fails: the group would go with the link."""
    assert not [made for _, made in rules() if "IMPORT{builtin}" in made and "GROUP" in made]


def test_the_reader_of_these_tests_is_strict():
    """A rule udev ignores would look as if it were there."""
    for wrong in ('SUBSYSTEM="tty"', 'MODE=="0660"', 'SUBSYSTEM=="tty" MODE="0660"', "x"):
        with pytest.raises(AssertionError):
            rules(wrong)


def test_udev_itself_understands_the_rules():
    """A misspelt rule would be ignored, with a line in a log nobody reads."""
    udevadm = shutil.which("udevadm")
    if udevadm is None or _version(udevadm) < 254:
        return  # `udevadm verify` came with systemd 254; the tests above read every rule
    subprocess.run([udevadm, "verify", str(RULES)], check=True, capture_output=True)


def _version(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.partition(".")[0])
