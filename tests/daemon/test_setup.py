"""The setup: a person at a bare till, or a script, gets settings that are known to work."""

from __future__ import annotations

import os
import threading
import tomllib
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, read
from agent.core.faults import InputFault, StateFault
from agent.daemon import ports
from agent.daemon.doctor.service import ServiceUser
from agent.daemon.setup import countries, keys, trials, writing
from agent.daemon.setup import hardware as asked
from agent.daemon.setup.present import answers_of
from agent.daemon.setup.shop import percent
from agent.daemon.setup.text import example, toml, toml_text
from agent.daemon.setup.trials import wait_for_scan, words_of
from agent.settings import DeviceSettings, parse
from drivers.virtual.scanner import VirtualScanner

NOWHERE = Path("agent.toml")


@pytest.fixture(autouse=True)
def _no_ports_of_this_machine(monkeypatch):
    """What is plugged into the machine of the tests is none of their business."""
    monkeypatch.setattr(asked, "find_ports", list)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "etc" / "agent.toml"


@pytest.fixture
def setup(till_agent, target, tmp_path):
    """Run a setup into an empty directory."""

    def run(*arguments, typed=None, given=()):
        beforehand = [f"agent.state_dir={tmp_path / 'state'}", *given]
        options = [part for answer in beforehand for part in ("--set", answer)]
        return till_agent("setup", "--config", str(target), *options, *arguments, typed=typed)

    return run


def written(target):
    return parse(target.read_text(encoding="utf-8"), target)


def scan_until(scanner, ended):
    """Scan once a second: on a busy machine nobody knows when the command asks for it."""
    while not ended.wait(1.0):
        scanner.scan(b"]E04006381333931")


def test_a_person_answers_and_both_devices_are_tried(setup, target, virtual_printer):
    """A scanner or printer that does not work would be found out by the first customer."""
    with virtual_printer() as printer, VirtualScanner() as scanner:
        ended = threading.Event()
        scanning = threading.Thread(target=scan_until, args=(scanner, ended))
        scanning.start()
        answers = [
            "Store 7",  # refused: no id
            "store-0007",
            'Müller "Eck"',
            "at",
            "",  # EUR
            "",  # Europe/Vienna
            "",  # de
            "",  # 20
            "101%",  # refused
            "10",
            "",  # till-1
            "none",
            "/dev/none?baud=1",  # refused
            scanner.path,
            f"127.0.0.1:{printer.port}",
            "generic-99mm",  # refused
            "",
            "y",
        ]
        ran = setup(typed="\n".join(answers) + "\n")
        ended.set()
        scanning.join()
        assert (ran.code, len(printer.receipts)) == (0, 1)
        assert 'Müller "Eck"' in printer.receipts[0].text
    assert "item 04006381333931" in ran.out
    for refused in ("'Store 7' cannot be an id", "between 0 and", "baud", "generic-99mm"):
        assert refused in ran.err
    found = written(target)
    assert (found.store.id, found.store.name) == ("store-0007", 'Müller "Eck"')
    assert (found.store.country, found.store.timezone) == ("AT", "Europe/Vienna")
    assert found.tax == {"standard": 2000, "reduced": 1000}
    assert found.hq is None
    assert found.tills[0].scanners == (found.devices[0].id,)
    assert found.tills[0].printer == found.tills[0].drawer == found.devices[1].id
    assert "systemctl enable --now till-agent" in ran.out
    assert f"till-agent pair till-1 --config {target}" in ran.out


def test_a_script_asks_nothing(setup, target):
    """Hundreds of tills could not be set up by a script."""
    given = (
        "store.id=store-1",
        "tax.standard=21%",
        "hq.url=https://hq.example",
        "tax.reduced=none",
    )
    ran = setup("--yes", given=given)
    assert ran.code == 0
    found = written(target)
    assert (found.store.id, found.tills[0].id, found.devices) == ("store-1", "till-1", ())
    assert found.tax == {"standard": 2100}
    assert found.hq is not None
    assert "till-central enrol-code store-1 till-1" in ran.out


def test_a_script_hears_of_devices_that_fail(setup, target):
    """A wrong address would be found out by the first customer."""
    given = ("store.id=s", "scanner.address=/dev/none", "printer.address=127.0.0.1:9")
    ran = setup("--yes", given=given)
    assert ran.code == 0
    assert "/dev/none cannot be opened" in ran.err
    assert "Connection refused" in ran.err
    assert [device.address for device in written(target).devices] == [
        "serial:/dev/none",
        "tcp:127.0.0.1:9",
    ]


def test_a_script_hears_that_devices_work(setup, virtual_printer):
    """Nobody would know whether the test was made at all."""
    with virtual_printer() as printer, VirtualScanner() as scanner:
        given = (
            "store.id=s",
            f"scanner.address={scanner.path}",
            f"printer.address={printer.address}",
        )
        ran = setup("--yes", given=given)
        assert [] == printer.receipts
    assert (ran.code, ran.err) == (0, "")
    assert "can be opened" in ran.out
    assert "can print" in ran.out


def test_what_is_plugged_in_is_found(setup, target, monkeypatch):
    """A technician would have to know the names of ports."""
    with VirtualScanner() as scanner:
        monkeypatch.setattr(asked, "find_ports", lambda: [ports.Port(scanner.path, scanner.path)])
        assert setup("--yes", given=("store.id=s",)).code == 0
        assert written(target).devices[0].address == scanner.address


def test_a_port_is_chosen_by_its_number(setup, target, monkeypatch):
    """Names of forty letters would have to be typed."""
    with VirtualScanner() as scanner:
        listed = [ports.Port("/dev/serial/by-id/other", "/dev/ttyUSB0")]
        listed.append(ports.Port(scanner.path, scanner.path))
        monkeypatch.setattr(asked, "find_ports", lambda: listed)
        monkeypatch.setattr(
            asked.trials,
            "wait_for_scan",
            lambda device, rules: wait_for_scan(device, rules, within_s=0.1),
        )
        shop = ["s", "", "", "", "", "", "", "", "", "none"]
        ran = setup(typed="\n".join([*shop, "2", "n", "none"]) + "\n")
        address = scanner.address
    assert ran.code == 0
    assert "  1  /dev/serial/by-id/other (/dev/ttyUSB0)" in ran.out
    assert "nothing was scanned" in ran.err
    assert written(target).devices[0].address == address


def test_a_page_that_came_out_wrong_is_tried_with_another_model(setup, target, virtual_printer):
    """Receipts would be cut off at the right edge from the first day on."""
    with virtual_printer() as printer:
        typed = ["n", "y", "", "generic-58mm", "y"]
        ran = setup(
            typed="\n".join([*[""] * 9, "none", "none", *typed]) + "\n",
            given=(
                "store.id=s",
                f"printer.address={printer.address}",
                "printer.model=generic-80mm",
            ),
        )
    assert ran.code == 0, ran.err
    assert written(target).devices[0].model == "generic-58mm"
    assert "did not come out right" in ran.err


def test_present_settings_are_kept_and_proposed(setup, target):
    """A second setup would forget the shop's name, and a slip would cost the settings."""
    given = ("store.id=s", "store.name=Eck", "barcode.card_prefixes=AB, CD", "till.basket=external")
    assert setup("--yes", given=given).code == 0
    before = target.read_text(encoding="utf-8")
    assert setup("--yes", given=("store.name=Ecke", "tax.reduced=")).code == 0
    found = written(target)
    assert (found.store.id, found.store.name) == ("s", "Ecke")
    assert found.barcode.card_prefixes == ("AB", "CD")
    assert found.tills[0].basket == "external"
    assert found.tax == {"standard": 1900}
    assert target.with_name("agent.toml.bak").read_text(encoding="utf-8") == before


def test_the_example_is_no_present_setting(setup, target):
    """Every shop would be called Corner Shop."""
    target.parent.mkdir()
    target.write_text(example(), encoding="utf-8")
    ran = setup("--yes")
    assert ran.code == 1
    assert "--set store.id=…" in ran.err
    assert target.read_text(encoding="utf-8") == example()


def test_settings_with_errors_are_not_taken_over(setup, target):
    """A broken file would keep one from setting up anew."""
    target.parent.mkdir()
    target.write_text("[store]\nid = 5\n", encoding="utf-8")
    ran = setup("--yes", given=("store.id=s",))
    assert ran.code == 0
    assert "not taken over" in ran.err
    assert target.with_name("agent.toml.bak").exists()


def test_settings_a_setup_cannot_write_are_left_alone(setup, target):
    """The second till of a shop would vanish from its settings."""
    setup("--yes", given=("store.id=s",))
    with target.open("a", encoding="utf-8") as file:
        file.write('[[till]]\nid = "till-2"\n')
    before = target.read_text(encoding="utf-8")
    ran = setup("--yes")
    assert ran.code == 1
    assert "2 tills" in ran.err
    assert target.read_text(encoding="utf-8") == before


def test_two_scanners_are_more_than_a_setup_can_write():
    """One of them would be forgotten."""
    device = '[[device]]\nid = "{}"\nkind = "scanner"\naddress = "virtual:x"\n'
    text = toml_text({"store.id": "s", "till.id": "t"}) + device.format("a") + device.format("b")
    with pytest.raises(StateFault, match="2 scanners"):
        answers_of(parse(text, NOWHERE))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("store.idd=1", "did you mean 'store.id'"),
        ("xyz=1", "known are store.id"),
        ("tax.standard=19", "1900"),
        ("tax.standard=abc", "a whole number"),
        ("till.basket=mine", "one of agent, external"),
        ("till.require_sign_on=perhaps", "true or false"),
        ("store.cash_rounding=x", "a whole number"),
        ("scanner.address=serial:x", "/dev/serial/by-id/"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_wrong_use(setup, target, answer, words):
    """A script with a slip would set up half a shop."""
    ran = setup("--yes", given=("store.id=s", answer))
    assert ran.code == 2
    text = " ".join(ran.err.replace("│", " ").split())
    assert words in text
    assert not target.exists()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("store.currency=EURO", "ISO 4217"),
        ("store.timezone=Europe/Bonn", "IANA"),
        ("hq.url=http://hq.example", "https"),
        ("agent.listen=nowhere", "host:port"),
        ("printer.model=x", "generic-80mm"),
    ],
)
def test_an_answer_the_settings_would_refuse_is_a_fault(setup, target, answer, words):
    """The service would not start on what the setup has written."""
    given = ("store.id=s", "printer.address=virtual:p", answer)
    ran = setup("--yes", given=given)
    assert ran.code == 1
    assert words in ran.err
    assert not target.exists()


def test_a_code_needs_an_hq(setup, target):
    """The code would be used up on nobody."""
    ran = setup("--yes", "--code", "ABC", given=("store.id=s",))
    assert ran.code == 1
    assert "hq.url" in ran.err
    assert not target.exists()


def test_settings_stay_where_hq_refuses_the_code(setup, target):
    """An HQ that is away for an hour would cost a whole setup."""
    ran = setup("--yes", "--code", "ABC", given=("store.id=s", "hq.url=http://127.0.0.1:9"))
    assert ran.code == 1
    assert "hq-unreachable" in ran.err
    assert written(target).hq is not None
    assert "till-agent enrol CODE" in ran.out
    assert (target.parents[1] / "state").stat().st_mode & 0o777 == 0o700


def test_the_file_is_for_the_service_and_nobody_else(setup, target):
    """A proxy's password would lie open to every user."""
    setup("--yes", given=("store.id=s",))
    assert target.stat().st_mode & 0o777 == 0o640
    assert [target] == list(target.parent.iterdir())


def test_a_place_that_cannot_be_written(till_agent, tmp_path):
    """A setup without root would end in a stack trace, after all the questions."""
    (tmp_path / "file").touch()
    config = tmp_path / "file" / "agent.toml"
    ran = till_agent("setup", "--yes", "--config", str(config), "--set", "store.id=s")
    assert ran.code == 1
    assert "run as root" in ran.err


def test_answers_that_make_no_settings_leave_the_file_alone(tmp_path):
    """A power cut or a slip would leave a shop without settings."""
    config = tmp_path / "agent.toml"
    with pytest.raises(InputFault, match="store"):
        writing.write_settings(config, "[tax]\nstandard = 1\n")
    assert [] == list(tmp_path.iterdir())


def test_a_state_directory_is_made_once(tmp_path):
    """Enrolment would fail on a machine that was never installed by the script."""
    assert writing.make_state_dir(tmp_path / "a" / "state")
    assert writing.make_state_dir(tmp_path / "a" / "state")
    (tmp_path / "file").touch()
    assert not writing.make_state_dir(tmp_path / "file" / "state")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60, deadline=None)
@given(name=TEXTS, address=st.lists(TEXTS, max_size=3), prefixes=st.lists(TEXTS, max_size=3))
def test_any_text_stands_in_the_file_as_it_was_said(name, address, prefixes):
    """A quote in a shop's name would make a file nobody can read."""
    answers = {
        "store.id": "s",
        "till.id": "t",
        "store.name": name,
        "store.address": tuple(address),
        "barcode.card_prefixes": tuple(prefixes),
        "tax.a-b": 5,
    }
    data = tomllib.loads(toml_text(answers))
    assert (data["store"]["name"], data["store"]["address"]) == (name, address)
    assert data["barcode"] == {"card_prefixes": prefixes}
    assert data["tax"] == {"a-b": 5}


def test_unanswered_settings_stay_as_comments():
    """Whoever opens the file would not see what could be set."""
    text = toml_text({"store.id": "s", "till.id": "t", "hq.url": "https://hq.example"})
    assert '\n# language = "en"' in text
    assert "\n# ca_file = " in text
    assert "\n[hq]\n" in text
    assert "Corner Shop" not in "".join(line for line in text.splitlines() if line[:1] != "#")
    assert "# Without this table the agent works alone" in text
    assert "\n[[device]]" not in text


def test_every_key_can_be_written_and_read_back():
    """A setting could be answered and would be lost without a word."""
    samples = {bool: "true", int: "5"}
    for key in keys.KINDS:
        if key.endswith(".address"):
            continue
        kind = keys.KINDS[key]
        chosen = get_args(kind)[-1] if get_origin(kind) is Literal else samples.get(kind, "x")
        value = keys.value_of(key, str(chosen))
        table, _, name = key.partition(".")
        answers = {"scanner.address": "virtual:s", "printer.address": "virtual:p", key: value}
        data = tomllib.loads(toml_text({"store.id": "s", "till.id": "t", **answers}))
        there = {**data, "till": data["till"][0], "scanner": data["device"][0]}
        there["printer"] = data["device"][1]
        found = there[table][name]
        assert (tuple(found) if isinstance(found, list) else found) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("tax.standard", "19%", 1900),
        ("tax.standard", "8.1 %", 810),
        ("tax.standard", "5,5%", 550),
        ("tax.standard", "0", 0),
        ("tax.standard", "", None),
        ("store.country", "de", "DE"),
        ("hq.ca_file", "none", None),
        ("till.require_sign_on", "No", False),
        ("scanner.address", "none", None),
        ("scanner.address", "/dev/ttyACM0?baud=115200", "serial:/dev/ttyACM0?baud=115200"),
        ("scanner.address", "10.0.0.5:2000", "tcp:10.0.0.5:2000"),
        ("printer.address", "10.0.0.5", "tcp:10.0.0.5:9100"),
        ("printer.address", "[fe80::1]", "tcp:[fe80::1]:9100"),
        ("printer.address", "[fe80::1]:9101", "tcp:[fe80::1]:9101"),
        ("printer.address", "tcp:p:1", "tcp:p:1"),
    ],
)
def test_how_answers_are_read(key, text, value):
    """A technician writes an address as it stands on the device."""
    assert keys.value_of(key, text) == value
    assert value is None or keys.value_of(key, keys.shown(value)) == value


def test_toml_escapes_what_json_does_not():
    """The delete character would make the file unreadable."""
    assert tomllib.loads(f"a = {toml('a' + chr(127) + chr(1))}") == {"a": "a\x7f\x01"}


def test_ports_under_their_lasting_names(tmp_path):
    """After a restart the scanner would be another port."""
    by_id = tmp_path / "serial" / "by-id"
    by_id.mkdir(parents=True)
    for name in ("ttyACM0", "ttyUSB0", "ttyUSB1", "ttyS0", "null"):
        (tmp_path / name).touch()
    (by_id / "usb-EPSON_TM").symlink_to("../../ttyUSB0")
    (by_id / "usb-Honeywell_Barcode").symlink_to("../../ttyACM0")
    found = ports.find_ports(tmp_path)
    assert [Path(port.path).name for port in found] == [
        "usb-Honeywell_Barcode",
        "usb-EPSON_TM",
        "ttyUSB1",
    ]
    assert found[0].title.endswith(f"({tmp_path / 'ttyACM0'})")
    assert ports.scanner_of(found) == found[0]
    assert ports.scanner_of(found[1:]) == found[2]
    assert ports.scanner_of(found[1:2]) is None
    assert [] == ports.find_ports(tmp_path / "none")


def test_proposals_are_good_settings():
    """A proposal that is taken would make settings that are refused."""
    for code, country in countries.COUNTRIES.items():
        answers = {
            "store.id": "s",
            "till.id": "t",
            "store.country": code,
            "store.currency": country.currency,
            "store.timezone": country.timezone,
            "store.language": country.language,
            "tax.standard": country.standard,
            "tax.reduced": country.reduced,
        }
        assert parse(toml_text(answers), NOWHERE).store.country == code
        for rate in (country.standard, country.reduced):
            assert rate is None or keys.value_of("tax.x", f"{percent(rate)}%") == rate


def test_a_country_nobody_prepared(tmp_path):
    """A shop elsewhere would be given another country's taxes."""
    assert countries.proposal("NO").standard is None
    assert countries.machine_zone(tmp_path) == "UTC"
    zone = tmp_path / "zoneinfo" / "Europe" / "Oslo"
    zone.parent.mkdir(parents=True)
    zone.touch()
    assert countries.machine_zone(zone) == "Europe/Oslo"


def test_what_was_scanned_in_words():
    """A technician would see digits and not what the till makes of them."""
    rules = BarcodeRules(("21IIIIIPPPPPC",), "EUR")
    assert "(ean-13): item 04006381333931" in words_of(read(b"]E04006381333931", rules))
    assert "in-store item 2110909" in words_of(read(b"2110909004370", rules))
    assert "does not fit" in words_of(read(b"]E04006381333932", rules))


def test_noise_is_no_scan():
    """A scanner on a wrong baud rate would pass the test."""
    with VirtualScanner(suffix=b"") as scanner:
        device = DeviceSettings("c", "scanner", scanner.address)
        over = threading.Event()

        def noise():
            # What is sent before the port is open nobody reads.
            while not over.wait(0.3):
                scanner.send(b"\xff\x00" * 300)

        sending = threading.Thread(target=noise)
        sending.start()
        trial = wait_for_scan(device, BarcodeRules((), "EUR"), within_s=60)
        over.set()
        sending.join()
    assert not trial.ok
    assert "no scan" in trial.said


def test_who_holds_the_scanner_is_named():
    """Two readers would each get half of a scan, and nobody would know of the other."""
    with VirtualScanner() as scanner:
        device = DeviceSettings("c", "scanner", scanner.address)
        import serial

        with serial.Serial(scanner.path, exclusive=True):
            trial = trials.open_scanner(device)
    assert not trial.ok
    assert f"(pid {os.getpid()}) has it open" in trial.said


def test_what_root_may_and_the_service_may_not_is_said(tmp_path, monkeypatch):
    """The setup's test would succeed as root, and the service fail."""
    state = tmp_path / "state"
    nobody = ServiceUser("nobody", 65_534, frozenset())
    monkeypatch.setattr(trials, "service_user", lambda _state: nobody)
    with VirtualScanner() as scanner:
        Path(scanner.path).chmod(0o600)
        device = DeviceSettings("c", "scanner", scanner.address)
        said, remedy = trials.service_trouble(device, state)
    assert "nobody may not" in said
    assert remedy
    network = DeviceSettings("r", "printer", "tcp:h:1")
    assert trials.service_trouble(network, state) is None
    gone = DeviceSettings("c", "scanner", "serial:/dev/none")
    assert trials.service_trouble(gone, state) is None


def test_a_printer_without_paper_is_told(setup, virtual_printer):
    """The test page would be waited for in vain."""
    with virtual_printer() as printer:
        printer.paper.paper_empty = True
        ran = setup("--yes", given=("store.id=s", f"printer.address={printer.address}"))
    assert "paper_empty" in ran.err
