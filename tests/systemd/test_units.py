"""The service files: understood by systemd, and opening nothing to everybody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
UNITS = ("till-agent.service", "till-central.service")
NIGHTLY = "till-central-candidates.service"
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def _copy(name, directory):
    """Copy a unit with an ExecStart that exists here, as systemd insists on one."""
    text = (SYSTEMD / name).read_text()
    copy = directory / name
    copy.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={shutil.which('true')}", text))
    return copy


@needs_analyze
@pytest.mark.parametrize("name", [*UNITS, NIGHTLY])
def test_systemd_finds_nothing_wrong(name, tmp_path):
    """A misspelt directive would be ignored, and with it the hardening or the watchdog."""
    copy = _copy(name, tmp_path)
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    about_us = [line for line in found.stderr.splitlines() if name in line]
    assert about_us == []
    assert found.returncode == 0


@needs_analyze
@pytest.mark.parametrize("name", [*UNITS, NIGHTLY])
def test_the_service_is_confined(name, tmp_path):
    """An attacker who takes the daemon over would have the whole machine."""
    copy = _copy(name, tmp_path)
    found = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    exposure = re.search(r"exposure level for \S+: (\d+\.\d)", found.stdout)
    assert exposure, found.stdout + found.stderr
    assert float(exposure[1]) <= 3.0


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_says_ready_and_is_watched(name):
    """A stuck till would never be restarted, or be thought ready before it is."""
    text = (SYSTEMD / name).read_text()
    program = name.removesuffix(".service")
    for line in ("Type=notify", "WatchdogSec=30", f"User={program}", f"StateDirectory={program}"):
        assert f"\n{line}\n" in text


def test_every_kind_of_device_is_allowed_by_its_name_in_proc_devices():
    """A USB printer would be refused by the service, though everybody else may use it."""
    text = (SYSTEMD / "till-agent.service").read_text()
    allowed = set(re.findall(r"^DeviceAllow=char-(\w+)", text, re.MULTILINE))
    assert {"ttyS", "ttyUSB", "ttyACM", "usb", "input", "hidraw"} <= allowed
    assert "usblp" not in allowed  # no such name: usblp's major number is usbcore's


@pytest.mark.parametrize("module", ["cdc_acm", "usbserial", "usblp", "usbhid"])
def test_drivers_are_there_before_the_service(module):
    """The first scanner plugged in after the start would stay refused until a restart (R8)."""
    text = (SYSTEMD / "till-agent.service").read_text()
    for directive in ("Wants", "After"):
        (line,) = re.findall(rf"^{directive}=(.*)$", text, re.MULTILINE)
        assert f"modprobe@{module}.service" in line.split()


def test_candidates_are_looked_for_every_night():
    """A steward would see who may be one person only after somebody ran a command."""
    text = (SYSTEMD / NIGHTLY).read_text()
    assert "\nType=oneshot\nExecStart=/opt/till-agent/bin/till-central candidates " in text
    assert "OnCalendar=" in (SYSTEMD / "till-central-candidates.timer").read_text()
    units = re.search(r'^units="(.*)"$', (SYSTEMD / "install").read_text(), re.MULTILINE)[1].split()
    assert [] == [name for name in units if not (SYSTEMD / name).exists()]
    assert {NIGHTLY, "till-central-candidates.timer"} <= set(units)


def test_every_file_of_the_installer_exists():
    """The installer would stop half-way on the machine of a shop."""
    script = (SYSTEMD / "install").read_text()
    named = re.findall(r'"\$here/([\w.-]+)"', script)
    assert named
    assert [name for name in named if not (SYSTEMD / name).exists()] == []
    subprocess.run(["sh", "-n", str(SYSTEMD / "install")], check=True)


def test_the_installer_refuses_what_it_does_not_know():
    """A mistyped option would install, or remove, something else."""
    found = subprocess.run(
        [str(SYSTEMD / "install"), "--remov"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert "unknown option --remov" in found.stderr
    assert "--help" in found.stderr
