"""The doctor: each thing that can be wrong on a machine is named, with what to do about it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.core.faults import Fault
from agent.daemon.checked import load_checked
from agent.daemon.doctor import hq as way_to_hq
from agent.daemon.doctor import processes, records, state
from agent.daemon.doctor.customers import known_customers
from agent.daemon.doctor.examination import troubles
from agent.daemon.doctor.finding import Finding, from_fault
from agent.daemon.doctor.service import ServiceUser, how_to_allow, may_use, service_user
from agent.daemon.files import open_journal
from agent.journal import chains
from drivers.virtual.scanner import VirtualScanner

SCANNER = 'scanners = ["counter"]\n[[device]]\nid = "counter"\nkind = "scanner"\naddress = "{}"'
PRINTER = 'printer = "receipt"\n[[device]]\nid = "receipt"\nkind = "printer"\naddress = "{}"'


def examined(shop):
    ran = shop.run("doctor", "--json")
    found = {finding["name"]: finding for finding in ran.json}
    assert [] == [each for each in ran.json if not each["ok"] and not each["remedy"]]
    assert ran.code == int(any(not each["ok"] for each in ran.json))
    return found


def test_a_new_machine(shop):
    """A technician would not know what is still to do before the first sale."""
    found = examined(shop)
    for name in ("settings", "sqlite", "clock", "state directory", "device key", "disk", "port"):
        assert found[name]["ok"], found[name]
    assert "the first start makes it" in found["journal"]["detail"]
    assert found["daemon"]["remedy"].startswith("systemctl start")
    assert found["pairing till-1"]["remedy"] == "till-agent pair till-1"
    assert "works alone" in found["hq"]["detail"]


def test_what_a_person_reads(shop):
    """The remedy would be there for programs only."""
    ran = shop.run("doctor")
    assert ran.code == 1
    assert "FAIL daemon" in ran.out
    assert "→ till-agent pair till-1" in ran.out
    assert "checks found something wrong" in ran.out


def test_settings_that_are_no_good(shop):
    """The doctor would fail of the very illness it is called for."""
    shop.write(wiring='colour = "red"')
    found = examined(shop)
    assert "till[0].colour" in found["settings"]["detail"]
    assert found["sqlite"]["ok"]
    assert "daemon" not in found


def test_a_running_daemon(shop, daemon):
    """A healthy till would be called ill, and nobody would believe the doctor again."""
    shop.agent = f'backup_dir = "{shop.directory}"'
    shop.write()
    with daemon() as process:
        found = examined(shop)
        assert found["daemon"]["ok"]
        assert found["state files"]["ok"]
        assert found["device key"]["ok"]
        assert f"(pid {process.pid})" in found["journal"]["detail"]
        assert [name for name, each in found.items() if not each["ok"]] == ["pairing till-1"]
        assert shop.run("pair", "till-1").code == 0
        ran = shop.run("doctor")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "All is well.")


def test_a_daemon_of_another_state_directory(shop, daemon):
    """A command would look at one agent, and the till at another."""
    with daemon():
        other = shop.directory / "other"
        other.mkdir(mode=0o700)
        shop.state = other
        shop.write()
        assert "another state directory" in examined(shop)["daemon"]["detail"]


def test_a_daemon_that_holds_the_journal_but_does_not_answer(shop, daemon, port):
    """A daemon on other settings would be looked for in vain."""
    with daemon() as process:
        shop.write(port=port)
        found = examined(shop)
    assert f"(pid {process.pid}) has the journal" in found["daemon"]["detail"]


def test_a_port_of_another_program(shop):
    """IT would have to find out by hand who has the port."""
    with socket.create_server(("127.0.0.1", shop.port)):
        found = examined(shop)["port"]
    assert not found["ok"]
    assert f"(pid {os.getpid()}) has it" in found["detail"]


def test_a_port_the_service_may_not_have(shop):
    """Root's doctor would find well what the service's user cannot do."""
    shop.config.write_text(shop.config.read_text().replace(f":{shop.port}", ":80"))
    assert "above 1023" in examined(shop)["port"]["remedy"]


def test_a_state_directory_that_is_missing(shop):
    """The service would not start, and say so only in its log."""
    shop.state.rmdir()
    found = examined(shop)
    assert "does not exist" in found["state directory"]["detail"]
    assert "install -d -m 0700" in found["state directory"]["remedy"]


def test_a_state_directory_that_is_a_file(shop):
    """A stack trace would say it."""
    shop.state.rmdir()
    shop.state.touch()
    assert "no directory" in examined(shop)["state directory"]["detail"]


def test_rights_of_the_state_directory(shop):
    """Every user of the machine could read what customers bought."""
    shop.state.chmod(0o755)
    found = examined(shop)["state directory"]
    assert (found["ok"], found["remedy"]) == (False, f"chmod 0700 {shop.state}")
    shop.state.chmod(0o500)
    assert "may not write" in examined(shop)["state directory"]["detail"]
    shop.state.chmod(0o700)


def test_a_device_key_others_may_read(shop):
    """Whoever reads it can sign sales as this till."""
    shop.run("pair", "till-1")
    key = shop.state / "device.key"
    key.chmod(0o644)
    assert "others may read" in examined(shop)["device key"]["detail"]
    key.unlink()
    (shop.state / "admin.token").touch()
    assert "restore it" in examined(shop)["device key"]["remedy"]


def test_a_file_somebody_else_has_left(tmp_path):
    """The daemon would be locked out of a file a technician made as root."""
    (tmp_path / "journal.db-wal").touch()
    found = state._owners(tmp_path, tmp_path.stat().st_uid + 1)
    assert not found.ok
    assert "journal.db-wal" in found.detail
    assert "chown -R" in found.remedy


def test_little_room_is_said(shop, monkeypatch):
    """The disk would be full in the middle of a Saturday."""
    monkeypatch.setattr(state, "FREE_BYTES_MIN", 1 << 60)
    assert not examined(shop)["disk"]["ok"]


def test_a_clock_without_battery_is_a_note(monkeypatch):
    """A wrong clock would keep a shop from selling (P11)."""
    stopped = SimpleNamespace(gmtime=lambda: time.gmtime(0), strftime=time.strftime)
    monkeypatch.setattr(state, "time", stopped)
    found = state.clock()
    assert found.ok
    assert "1970-01-01" in found.detail
    assert "set-ntp" in found.remedy


def test_a_journal_that_is_damaged(shop):
    """Sales would be written on top of what cannot be read."""
    shop.run("pair", "till-1")
    (shop.state / "journal.db").write_bytes(b"no database at all" * 100)
    found = examined(shop)["journal"]
    assert not found["ok"]
    assert "damaged" in found["detail"]


def test_a_backlog_and_its_age(shop):
    """Nobody would notice that HQ has heard nothing for a week."""
    from agent.core.entries.bodies import CashierSigned
    from agent.core.identifiers import ActorId
    from agent.core.sale.model import Stamp

    shop.write(hq="http://127.0.0.1:9")
    settings = load_checked(shop.config)
    journal, _ = open_journal(settings)
    with journal:
        for wall in ("2026-01-02T03:04:05.000Z", "2026-01-09T03:04:05.000Z"):
            stamp = Stamp(wall=wall, mono_ns=1, boot_id="b")
            body = CashierSigned(ActorId("a"), settings.store.id, settings.tills[0].id, stamp)
            journal.write_blocking(
                lambda conn, body=body: chains.append(conn, body.till, body, salt=bytes(16))
            )
    found = examined(shop)
    assert "2 entries" in found["backlog"]["detail"]
    assert "oldest of 2026-01-02" in found["backlog"]["detail"]
    assert not found["backlog"]["ok"]
    assert "till-central enrol-code store-0001 till-1" in found["enrolment till-1"]["remedy"]
    assert "does not answer" in found["hq"]["detail"]


def test_scanner_that_is_there(shop):
    """A working scanner would be called missing."""
    with VirtualScanner() as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        assert examined(shop)["device counter"]["ok"]
        thief = os.open(scanner.path, os.O_RDWR | os.O_NOCTTY)
        reader = subprocess.Popen(["sleep", "600"], stdin=thief)
        os.close(thief)
        try:
            held = examined(shop)["device counter"]
        finally:
            reader.kill()
            reader.wait()
        assert not held["ok"]
        assert f"sleep (pid {reader.pid})" in held["detail"]
        assert f"(pid {os.getpid()})" not in held["detail"]


def test_a_device_that_is_played_is_no_thief(shop):
    """The demo's own scanner would be told to be stopped, and the doctor not be believed again."""
    with VirtualScanner() as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        found = examined(shop)["device counter"]
        assert found["ok"]
        assert f"(pid {os.getpid()}) plays the device" in found["detail"]
        ended = processes.Process(2**22 + 1, "gone")
        assert not processes.plays(ended, Path(scanner.path))
    assert not processes.plays(processes.Process(os.getpid(), "no terminal"), Path("/dev/null"))


_FILTER = {
    "pieces": 4,
    "of": 4,
    "bytes": 8_000_000,
    "errs_ppm": 1200,
    "built_at": "",
    "days_old": 0,
}
_SYNC = {"enrolled": True, "online": True}


def _of_filter(**known):
    return known_customers({"sync": _SYNC, "known_customers": _FILTER | known})


def test_how_old_the_filter_of_known_customers_is():
    """Known customers would be enrolled anew for weeks, and nothing would look wrong."""
    [fresh] = _of_filter(built_at="2026-11-22T03:00:00.000Z", days_old=1)
    assert (True, "") == (fresh.ok, fresh.remedy)
    assert "all of it is here, built 2026-11-22T03:00:00.000Z, 1 day ago" in fresh.detail
    [old] = _of_filter(built_at="2026-10-22T03:00:00.000Z", days_old=32)
    assert (False, True) == (old.ok, "till-central" in old.remedy)
    away = {"sync": _SYNC | {"online": False}, "known_customers": _FILTER | {"days_old": 32}}
    [kept] = known_customers(away)
    assert (True, True) == (kept.ok, "HQ is away" in kept.remedy)
    [part] = _of_filter(pieces=3)
    assert (True, "3 of 4 parts") == (part.ok, part.detail[: len("3 of 4 parts")])
    [none] = known_customers({"sync": _SYNC})
    assert (True, True) == (none.ok, "HQ has sent no filter yet" in none.detail)
    assert [] == list(known_customers({})) == list(known_customers({"sync": None}))


def test_scanner_that_the_daemon_holds(shop, daemon):
    """The daemon itself would be called the program that is in the way."""
    with VirtualScanner(shop.directory / "scanner") as scanner:
        scanner_wiring = SCANNER.format(scanner.address)
        shop.write(wiring=scanner_wiring)
        with daemon() as process:
            found = examined(shop)["device counter"]
            # This very process made the port, so it is the other end of it.
            assert f"(pid {process.pid})" not in found["detail"]


def test_scanner_that_is_unplugged(shop):
    """A technician would look for it in the settings instead of under the counter."""
    shop.write(wiring=SCANNER.format("serial:/dev/serial/by-id/none"))
    found = examined(shop)["device counter"]
    assert "No such file" in found["detail"]
    assert "plug it in" in found["remedy"]


def test_printer_and_its_state(shop, virtual_printer):
    """A cashier would see only that no receipt comes."""
    with virtual_printer() as printer:
        shop.write(wiring=PRINTER.format(printer.address))
        assert examined(shop)["device receipt"]["ok"]
        printer.paper.paper_empty = True
        found = examined(shop)["device receipt"]
        assert "paper_empty" in found["detail"]
        assert found["remedy"] == "put in a new roll"
    found = examined(shop)["device receipt"]
    assert "Connection refused" in found["detail"]


def test_virtual_and_network_devices(shop, port):
    """A virtual device would be looked for on the wire."""
    shop.write(wiring=SCANNER.format("virtual:counter"))
    assert "no hardware" in examined(shop)["device counter"]["detail"]
    shop.write(wiring=SCANNER.format(f"tcp:127.0.0.1:{port}"))
    assert "Connection refused" in examined(shop)["device counter"]["detail"]
    with socket.create_server(("127.0.0.1", port)):
        assert examined(shop)["device counter"]["ok"]


def test_rights_on_a_device(tmp_path):
    """The service would be refused what root may do, and only its log would say so."""
    device = tmp_path / "ttyACM0"
    device.touch()
    group, mine = device.stat().st_gid, device.stat().st_uid
    stranger = ServiceUser("till-agent", 64_000, frozenset({64_000}))
    member = ServiceUser("till-agent", 64_000, frozenset({group}))
    owner = ServiceUser("owner", mine, frozenset())
    device.chmod(0o660)
    assert (may_use(device, stranger), may_use(device, member)) == (False, True)
    assert may_use(device, owner)
    assert may_use(device, ServiceUser("root", 0, frozenset()))
    said, remedy = how_to_allow(device, stranger)
    assert "not being in the group" in said
    assert remedy.startswith("usermod --append --groups")
    device.chmod(0o600)
    assert not may_use(device, member)
    assert "udev" in how_to_allow(device, stranger)[1]
    device.chmod(0o666)
    assert may_use(device, stranger)


def test_whose_daemon_it_is(tmp_path):
    """The doctor would ask whether the wrong user may read the devices."""
    user = service_user(tmp_path)
    assert user.uid == tmp_path.stat().st_uid
    assert service_user(tmp_path, os.getpid()).groups >= {os.getegid()}
    assert service_user(tmp_path / "none").name


class _Answer(BaseHTTPRequestHandler):
    status, headers_sent = 401, (("Content-Type", "application/problem+json"),)

    def do_GET(self):
        self.send_response_only(self.status)
        for name, value in self.headers_sent:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        """Keep quiet."""


@pytest.mark.parametrize(
    ("status", "headers", "ok", "word"),
    [
        (401, {"Content-Type": "application/problem+json"}, True, "answers"),
        (200, {"Content-Type": "text/html"}, False, "is not HQ"),
        (503, {"Content-Type": "application/problem+json"}, False, "status 503"),
        (
            401,
            {
                "Content-Type": "application/problem+json",
                "Date": "Fri, 31 Dec 1999 23:59:59 GMT",
            },
            True,
            "ahead of HQ's",
        ),
        (
            401,
            {
                "Content-Type": "application/problem+json",
                "Date": "Fri, 31 Dec 2100 23:59:59 GMT",
            },
            True,
            "behind HQ's",
        ),
        (401, {"Content-Type": "application/problem+json", "Date": "noon"}, True, "answers"),
    ],
)
def test_what_answers_at_hqs_address(shop, status, headers, ok, word):
    """A login page of a hotel would pass for HQ."""
    handler = type("Handler", (_Answer,), {"status": status, "headers_sent": headers.items()})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        shop.write(hq=f"http://127.0.0.1:{server.server_port}")
        found = way_to_hq.reach(load_checked(shop.config).hq)
        thread.join()
    assert found.ok == ok
    assert word in found.detail


def test_a_certificate_file_that_is_not_there(shop):
    """The way to HQ would fail with the words of a library."""
    shop.write(hq='http://127.0.0.1:9"\nca_file = "/none.pem')
    found = way_to_hq.reach(load_checked(shop.config).hq)
    assert "/none.pem" in found.detail


def test_processes_that_end_while_one_looks(tmp_path):
    """The doctor would fail because another program ended."""
    gone = tmp_path / "1"
    (gone / "fd").mkdir(parents=True)
    (gone / "fd" / "3").touch()
    assert [] == processes.holders_of_file(tmp_path / "x", tmp_path)
    assert [] == processes.holders_of_port(1, tmp_path)
    assert processes.program_of(2, tmp_path) == "?"
    assert processes.groups_of(2, tmp_path) == set()


def test_a_script_is_named_by_itself(tmp_path):
    """Every program written in Python would be called python."""
    for pid, name, words in (
        (1, "python3.11", b"/usr/bin/python3\0/opt/bin/till-agent\0run\0"),
        (2, "ModemManager", b"/usr/sbin/ModemManager\0--debug\0"),
        (3, "python3", b"python3\0-i\0"),
    ):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "comm").write_text(name + "\n")
        (tmp_path / str(pid) / "cmdline").write_bytes(words)
    names = [processes.program_of(pid, tmp_path) for pid in (1, 2, 3)]
    assert names == ["till-agent", "ModemManager", "python3"]


def test_modem_manager_is_named_with_its_cure(monkeypatch, shop):
    """The most common thief of scanners would only be a name."""
    from agent.daemon.doctor import node

    thief = [processes.Process(812, "ModemManager")]
    monkeypatch.setattr(node, "holders_of_file", lambda _path: thief)
    with VirtualScanner() as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        found = examined(shop)["device counter"]
    assert "ModemManager (pid 812)" in found["detail"]
    assert "70-till-agent.rules" in found["remedy"]


def test_a_port_that_cannot_be_looked_into(tmp_path, monkeypatch):
    """A user without rights would be told that all is well."""
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(state.os, "access", lambda *_: False)
    user = service_user(place)
    found = {each.name: each for each in state.directory(place, user)}
    assert "run as root" in found["state files"].remedy


def test_a_fault_is_a_finding():
    """A fault met on the way would lose its remedy."""
    fault = Fault("what", remedy="do")
    assert from_fault("x", fault) == Finding("x", ok=False, detail="what", remedy="do")


def test_the_journals_file_is_where_the_daemon_has_it(shop):
    """The doctor would look at another file than the daemon writes."""
    assert records.path_of(load_checked(shop.config)) == Path(shop.state) / "journal.db"


def test_hqs_own_advice_is_shown():
    """Whoever stands at the till would be sent to HQ's IT with what HQ has already answered."""
    refused = {"till": "till-1", "lane": "side", "name": "refused", "detail": "not from here"}
    told = {"sync": {"troubles": [refused | {"remedy": "hand it in as a file"}, refused]}}
    found = list(troubles(told))
    assert ["side: not from here (refused)"] * 2 == [finding.detail for finding in found]
    assert "hand it in as a file" == found[0].remedy
    assert "HQ's IT" in found[1].remedy
    assert [] == list(troubles({}))
