"""The doctor before a machine that is set wrong (D19): each fault is named, with what to do.

Every fault here is made as it would be found: real files, ptys and sockets, and the command itself.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from agent.core.faults import Fault
from agent.daemon.checked import load_checked
from agent.daemon.doctor import node
from agent.daemon.doctor.hardware import devices
from agent.daemon.doctor.printers import model_called, profile
from agent.daemon.doctor.processes import Process, running
from agent.daemon.doctor.service import service_user
from agent.daemon.files import open_journal
from agent.journal import upkeep
from agent.journal.backup_faults import of_os_error
from agent.settings import DeviceSettings, parse
from drivers.printers.models import MODELS
from drivers.virtual.scanner import VirtualScanner
from tests.disks import Hog, small_disk
from tests.journal.shop import close_day

SCANNER = 'scanners = ["counter"]\n[[device]]\nid = "counter"\nkind = "scanner"\naddress = "{}"\n'
PRINTER = 'printer = "receipt"\n[[device]]\nid = "receipt"\nkind = "printer"\naddress = "{}"\n'


class Seeds:
    """Faults, each made on a shop's machine."""

    def __init__(self, shop, stack, virtual_printer):
        self.shop = shop
        self.stack = stack
        self._virtual_printer = virtual_printer

    def _wired(self, wiring, **more):
        self.shop.write(wiring=wiring, **more)

    def _printer(self):
        printer = self.stack.enter_context(self._virtual_printer())
        self._wired(PRINTER.format(printer.address))
        return printer

    def _scanner(self):
        scanner = self.stack.enter_context(VirtualScanner(self.shop.directory / "scanner"))
        self._wired(SCANNER.format(scanner.address))
        return scanner

    def unknown_key(self):
        self._wired('scaners = ["counter"]')

    def wrong_kind_of_setting(self):
        self._wired(PRINTER.format("tcp:127.0.0.1:9") + 'suffix = "x"')

    def unknown_model(self):
        self._wired(PRINTER.format("tcp:127.0.0.1:9") + 'model = "bixolon-srp-350"')

    def bad_address(self):
        self._wired(SCANNER.format("serial:ttyUSB0"))

    def baud_nobody_has(self):
        self._wired(SCANNER.format("serial:/dev/ttyUSB0?baud=9601"))

    def port_taken(self):
        self.stack.enter_context(socket.create_server(("127.0.0.1", self.shop.port)))

    def privileged_port(self):
        text = self.shop.config.read_text()
        self.shop.config.write_text(text.replace(f":{self.shop.port}", ":80"))

    def no_state_directory(self):
        self.shop.state.rmdir()

    def state_open_to_all(self):
        self.shop.state.chmod(0o755)

    def key_open_to_all(self):
        self.shop.run("pair", "till-1")
        (self.shop.state / "device.key").chmod(0o644)

    def damaged_journal(self):
        self.shop.run("pair", "till-1")
        (self.shop.state / "journal.db").write_bytes(b"no database" * 200)

    def nobody_paired(self):
        pass

    def hq_away(self):
        self._wired("", hq="http://127.0.0.1:9")

    def scanner_unplugged(self):
        self._wired(SCANNER.format("serial:/dev/serial/by-id/usb-none"))

    def scanner_held(self):
        scanner = self._scanner()
        # By another program: who plays the scanner may have both ends.
        port = os.open(scanner.path, os.O_RDWR | os.O_NOCTTY)
        thief = subprocess.Popen(["sleep", "3600"], stdin=port)
        os.close(port)
        self.stack.callback(thief.wait)
        self.stack.callback(thief.kill)

    def one_port_twice(self):
        scanner = self._scanner()
        link = self.shop.directory / "ttyUSB9"
        link.symlink_to(scanner.path)
        row = f'[[device]]\nid = "spare"\nkind = "scale"\naddress = "serial:{link}"\n'
        self._wired(SCANNER.format(scanner.address) + row)

    def no_paper(self):
        self._printer().paper.paper_empty = True

    def cover_open(self):
        self._printer().paper.cover_open = True

    def printer_off(self):
        with self._virtual_printer() as printer:
            self._wired(PRINTER.format(printer.address))

    def no_printer_at_all(self):
        self._wired(PRINTER.format("usblp:/dev/usb/lp97"))

    def _kept(self, note, days=0):
        """Have the journal keep something, some business days ago."""
        journal, key = open_journal(load_checked(self.shop.config))
        with journal:
            journal.write_blocking(note)
            for number in range(1, days + 1):
                journal.write_blocking(lambda conn, z=number: close_day(conn, z))
        assert key

    def low_disk(self):
        if os.geteuid():
            pytest.skip("needs root, to mount a small file system")
        self.shop.state = self.stack.enter_context(small_disk(self.shop.directory, "tmpfs", 16))
        self.shop.state.chmod(0o700)
        self.shop.write()
        self.shop.run("pair", "till-1")
        Hog(self.shop.state).fill()

    def no_reserve(self):
        self.shop.agent = "reserve_mb = 0"
        self.shop.write()
        self.shop.run("pair", "till-1")

    def no_backup(self):
        self.shop.run("pair", "till-1")

    def backup_too_old(self):
        self.shop.agent = f'backup_dir = "{self.shop.directory}"'
        self.shop.write()
        note = partial(upkeep.succeeded, task="backup", at="then", detail="/x", place="second")
        self._kept(note, days=5)

    def backup_beside_the_journal(self):
        self.shop.agent = f'backup_dir = "{self.shop.directory}"'
        self.shop.write()
        self.shop.run("pair", "till-1")
        assert self.shop.run("backup", str(self.shop.directory)).code == 0

    def backup_failed(self):
        self.shop.agent = 'backup_dir = "/nonexistent/stick"'
        self.shop.write()
        fault = of_os_error(FileNotFoundError(2, "No such file"), Path("/nonexistent/stick"))
        self._kept(partial(upkeep.failed, task="backup", at="then", fault=fault))

    def verification_failed(self):
        fault = Fault("till-1 sales: entry 7 is missing", remedy="copy it away")
        self._kept(partial(upkeep.failed, task="verify", at="then", fault=fault))

    def nobody_at_the_scanners_port(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self._wired(SCANNER.format(f"tcp:127.0.0.1:{port}"))


SEEDS = {
    "unknown_key": ("settings", "'scaners' is not a known setting", "did you mean 'scanners'?"),
    "wrong_kind_of_setting": ("settings", "device[0].suffix", "setting of a scanner"),
    "unknown_model": ("settings", "bixolon-srp-350", "did you mean 'bixolon-srp-350iii'?"),
    "bad_address": ("settings", "serial:ttyUSB0", "/dev/serial/by-id"),
    "baud_nobody_has": ("settings", "baud=9601", "9600"),
    "port_taken": ("port", "has it", "another port"),
    "privileged_port": ("port", "80 is a port only root", "above 1023"),
    "no_state_directory": ("state directory", "does not exist", "install -d -m 0700"),
    "state_open_to_all": ("state directory", "others than", "chmod 0700"),
    "key_open_to_all": ("device key", "others may read", "chmod 600"),
    "damaged_journal": ("journal", "damaged", "salvage"),
    "nobody_paired": ("pairing till-1", "may speak", "till-agent pair till-1"),
    "hq_away": ("hq", "does not answer", ""),
    "scanner_unplugged": ("device counter", "No such file", "plug it in"),
    "scanner_held": ("device counter", "is held by", "fuser -v"),
    "one_port_twice": ("device spare", "the same device as 'counter'", "one row"),
    "no_paper": ("device receipt", "paper_empty", "put in a new roll"),
    "cover_open": ("device receipt", "cover_open", "close the cover"),
    "printer_off": ("device receipt", "Connection refused", "check its power"),
    "no_printer_at_all": ("device receipt", "/dev/usb/lp97", "usblp"),
    "low_disk": ("room", "(full); not written any more: snapshots", "journalctl --vacuum-size"),
    "no_reserve": ("reserve", "none is asked for", "reserve_mb"),
    "no_backup": ("backup", "the only copy of every sale", "backup_dir"),
    "backup_too_old": ("backup", "5 business days ago", "till-agent backup"),
    "backup_beside_the_journal": ("backup", "own disk", "second medium"),
    "backup_failed": ("backup", "/nonexistent/stick", "plug the medium in"),
    "verification_failed": ("nightly verify", "entry 7 is missing", "copy it away"),
    "nobody_at_the_scanners_port": ("device counter", "Connection refused", "port number"),
}


def test_there_are_at_least_fifteen():
    """The doctor would be measured by less than was promised."""
    assert len(SEEDS) >= 15


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seeded_fault_is_found(shop, till_agent, virtual_printer, seed):
    """IT would drive to the shop to find out what one command could have said."""
    name, said, remedy = SEEDS[seed]
    with ExitStack() as stack:
        getattr(Seeds(shop, stack, virtual_printer), seed)()
        ran = shop.run("doctor", "--json")
        assert 1 == ran.code
        found = [each for each in ran.json if each["name"] == name and not each["ok"]]
        assert [each for each in found if said in each["detail"] and remedy in each["remedy"]], (
            ran.json
        )
        if name == "settings":
            checked = till_agent("check-config", str(shop.config))
            assert (1, True, True) == (checked.code, said in checked.err, remedy in checked.err)


def test_a_wrong_baud_rate_is_told_by_what_comes(shop, daemon):
    """A technician would change the scanner, the cable and the port before the settings."""
    with VirtualScanner(shop.directory / "scanner") as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        with daemon():
            _told(shop, lambda told: told["state"] == "ready")
            scanner.send(random.Random(1).randbytes(60).replace(b"\r", b"\x80") + b"\r")
            told = _told(shop, lambda told: told["counters"].get("noise"))
        told["counters"]["noise"] = 5
        found = {each.name: each for each in _examined(shop, told)}
    assert not found["line counter"].ok
    assert "5 times" in found["line counter"].detail
    assert "baud" in found["line counter"].remedy
    told["counters"]["scans"] = 6
    assert "line counter" not in {each.name for each in _examined(shop, told)}


def _told(shop, wanted, within_s=90.0):
    """Wait until what the daemon tells of its scanner is as wanted; gives it."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        (told,) = shop.run("status", "--json").json["daemon"]["devices"]
        if wanted(told):
            return told
        time.sleep(0.1)
    raise AssertionError(told)


def _examined(shop, told):
    settings = parse(shop.config.read_text(), shop.config)
    return list(devices(settings, service_user(shop.state), None, {"devices": [told]}))


@pytest.mark.parametrize(
    ("called", "model"),
    [
        ("EPSON TM-T20III", "epson-tm-t20iii"),
        ("EPSON TM-T20II", "epson-tm-t20ii"),
        ("TM-T88V", "epson-tm-t88v"),
        ("Star TSP650II", "star-tsp650ii"),
        ("Xerox 9700", None),
        ("", None),
    ],
)
def test_a_printer_is_known_by_its_own_name(called, model):
    """A printer would be told to be another one than it is."""
    assert model == model_called(called)


def test_every_model_is_known_by_its_own_name():
    """A model of the table would be taken for another one of it."""
    named = [name for name in MODELS if not name.startswith(("generic", "xprinter", "pos"))]
    assert named == [model_called(name.upper()) for name in named]


def test_a_wrong_profile_is_named():
    """Every second letter would be wrong, and the printer be sent in for repair."""

    def of(model, called):
        row = DeviceSettings(id="r", kind="printer", address="tcp:h:1", model=model)
        return profile("device r", row, "h:1", called)

    wrong = of("star-tsp650ii", "EPSON TM-T20III")
    assert (False, 'set model = "epson-tm-t20iii"') == (wrong.ok, wrong.remedy)
    assert of("epson-tm-t20iii", "EPSON TM-T20III").ok
    vague = of("generic-80mm", "EPSON TM-T20III")
    assert vague.ok
    assert "epson-tm-t20iii" in vague.remedy
    assert of("epson-tm-t20iii", None).ok


def test_a_port_that_moved_is_found_again(tmp_path):
    """A technician would look up the new name by hand, and write one that moves again."""
    lasting = tmp_path / "serial" / "by-id"
    lasting.mkdir(parents=True)
    (tmp_path / "ttyACM1").touch()
    (lasting / "usb-Honeywell_Scanner_0042-if00").symlink_to(tmp_path / "ttyACM1")
    for was in (tmp_path / "ttyACM0", lasting / "usb-Honeywell_Scanner_0041-if00"):
        found = node.missing("device counter", was, tmp_path, tmp_path)
        assert not found.ok
        assert f'address = "serial:{lasting}/usb-Honeywell_Scanner_0042-if00"' in found.remedy
    nothing = node.missing("device counter", Path("/dev/ttyACM0"), tmp_path / "x", tmp_path)
    assert "there is no serial port now" in nothing.remedy or "brltty" in nothing.remedy


def test_a_keyboard_scanner_that_is_gone(tmp_path):
    """Only the number of an input device would be told, which changes with every start."""
    for name in ("event7", "hidraw2"):
        found = node.missing("device counter", Path("/dev/input") / name, tmp_path, tmp_path)
        assert "there now: none of its kind" in found.remedy


def test_cups_that_took_the_printer(tmp_path, monkeypatch):
    """The printer would be there for lsusb and for the office, and never for the till."""
    conf = tmp_path / "printers.conf"
    conf.write_text(
        "<Printer office>\nDeviceURI ipp://10.0.0.9\n</Printer>\n"
        "<DefaultPrinter TM-T20>\nDeviceURI usb://EPSON/TM-T20\n</DefaultPrinter>\n"
    )
    assert ["TM-T20"] == node.cups_queues(conf)
    assert [] == node.cups_queues(tmp_path / "none")
    monkeypatch.setattr(node, "cups_queues", lambda: ["TM-T20"])
    found = node.missing("device receipt", Path("/dev/usb/lp0"), tmp_path, tmp_path)
    assert "lpadmin -x TM-T20" in found.remedy


@pytest.mark.parametrize(
    ("program", "cure"),
    [("ModemManager", "ModemManager"), ("brltty", "brltty"), ("usb", "lpadmin -x")],
)
def test_known_thieves_are_named_with_their_cure(program, cure):
    """The name of a program alone tells nobody what to do."""
    found = node.held("device x", Path("/dev/ttyUSB0"), [Process(7, program)])
    assert f"{program} (pid 7)" in found.detail
    assert cure in found.remedy


def test_programs_that_run_are_found(tmp_path):
    """A braille service that eats serial adapters would never be suspected."""
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / "comm").write_text("brltty\n")
    (tmp_path / "12" / "cmdline").write_bytes(b"/usr/bin/brltty\0")
    assert [Process(12, "brltty")] == running({"brltty"}, tmp_path)
    assert [] == running({"cupsd"}, tmp_path)


def test_a_keyboard_nobody_has_grabbed(shop, monkeypatch):
    """Scans would be typed into the till page and sold, both."""
    from agent.daemon.doctor import hardware

    file = shop.directory / "event3"
    file.touch()
    assert node.is_grabbed(file) is None
    assert node.is_grabbed(shop.directory / "none") is None
    shop.write(wiring=SCANNER.format(f"evdev:{file}"))
    told = {"id": "counter", "kind": "scanner", "state": "ready", "detail": "", "counters": {}}
    monkeypatch.setattr(hardware, "is_grabbed", lambda _path: False)
    (found,) = _examined(shop, told)
    assert (False, True) == (found.ok, "typed into" in found.detail)
    monkeypatch.setattr(hardware, "is_grabbed", lambda _path: True)
    (found,) = _examined(shop, told)
    assert found.ok


def test_what_the_daemon_says_of_a_printer(shop):
    """The doctor would talk to a printer in between, or be told less than the daemon knows."""
    shop.write(wiring=PRINTER.format("tcp:127.0.0.1:9"))
    told = {"id": "receipt", "kind": "printer", "state": "cover_open", "detail": "close it"}
    (found,) = _examined(shop, told)
    assert not found.ok
    assert "cover_open" in found.detail
    assert found.remedy.startswith("close the cover")
    (found,) = _examined(shop, {**told, "state": "ready"})
    assert found.ok
