"""The settings file: every error at once, each with its path and its remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from agent.core.receipt.words import WORDS
from agent.settings import Settings, SettingsFault, load, parse
from agent.settings.model import Language

ROOT = Path(__file__).parents[2]
GOOD = """
[store]
id = "store-0001"
[tax]
standard = 1900
[[till]]
id = "till-1"
scanners = ["counter"]
printer = "receipt"
[[device]]
id = "counter"
kind = "scanner"
address = "serial:/dev/ttyACM0"
[[device]]
id = "receipt"
kind = "printer"
address = "tcp:192.168.1.50:9100"
"""


def problems(text):
    with pytest.raises(SettingsFault) as caught:
        parse(text, Path("agent.toml"))
    return {problem.path: problem for problem in caught.value.problems}


def test_a_small_file_is_enough():
    """A shop would have to write settings whose defaults are right."""
    settings = parse(GOOD, Path("agent.toml"))
    assert "EUR" == settings.store.currency
    assert "127.0.0.1:8460" == settings.agent.listen
    assert settings.hq is None


@pytest.mark.parametrize("name", ["config/agent.example.toml", "agent/settings/agent.example.toml"])
def test_the_example_is_valid(name):
    """IT would start from an example that is refused."""
    assert "store-0001" == load(ROOT / name).store.id


def test_config_holds_copies_of_the_package_data():
    """The example in config/ and the one that is shipped would drift apart."""
    for name in (
        "agent.example.toml",
        "agent.schema.json",
        "receipt.example.toml",
        "receipt.schema.json",
    ):
        assert (ROOT / "agent/settings" / name).read_text() == (ROOT / "config" / name).read_text()


def test_every_language_of_receipts_can_be_set():
    """A language with all its words could not be chosen, or one be chosen that has none."""
    assert set(WORDS) == set(get_args(Language))


def test_the_schema_is_made_from_the_settings():
    """An editor would refuse a setting that the agent takes, or the reverse."""
    made = json.loads(json.dumps(msgspec.json.schema(Settings)))
    assert made == json.loads((ROOT / "config/agent.schema.json").read_text())


@pytest.mark.parametrize(
    ("wrong", "right", "path"),
    [
        ('id = "store-0001"', 'id = "Store 1"', "store.id"),
        ('id = "till-1"', 'id = "till_1"', "till[0].id"),
        ('scanners = ["counter"]', 'scanners = ["kounter"]', "till[0].scanners"),
        ('scanners = ["counter"]', 'scanners = ["receipt"]', "till[0].scanners"),
        ('printer = "receipt"', 'drawer = "counter"', "till[0].drawer"),
        ('printer = "receipt"', 'display = "pole"', "till[0].display"),
        ("standard = 1900", "standard = 19000", "tax.standard"),
        ("[tax]", '[agent]\nlisten = "8460"\n[tax]', "agent.listen"),
        ("[tax]", '[agent]\nlisten = "127.0.0.1:84600"\n[tax]', "agent.listen"),
        ("[tax]", '[hq]\nurl = "http://hq.example"\n[tax]', "hq.url"),
        ("[tax]", '[hq]\nurl = "hq.example"\n[tax]', "hq.url"),
        ("[tax]", '[barcode]\nin_store = ["21IIIII"]\n[tax]', "barcode.in_store[0]"),
        ("[tax]", 'currency = "Euro"\n[tax]', "store.currency"),
        ("[tax]", 'country = "Germany"\n[tax]', "store.country"),
        ("[tax]", 'timezone = "Berlin"\n[tax]', "store.timezone"),
        ("[tax]", 'day_starts_at = "4"\n[tax]', "store.day_starts_at"),
        ("[tax]", "cash_rounding = 0\n[tax]", "store.cash_rounding"),
        ('id = "receipt"', 'id = "counter"', "device[1].id"),
        ("[tax]", "[colour]\nred = 1\n[tax]", "colour"),
        ('kind = "scanner"', 'kind = "scanna"', "device[0].kind"),
    ],
)
def test_each_wrong_value_is_named_with_a_remedy(wrong, right, path):
    """A technician would not learn which line is wrong, or what to write instead."""
    found = problems(GOOD.replace(wrong, right))
    assert path in found
    assert found[path].remedy


def test_all_wrong_values_come_at_once():
    """Each round of editing would only uncover the next error."""
    text = GOOD.replace("1900", "19000").replace('"till-1"', '"T"').replace("counter", "c c")
    assert {"till[0].id", "device[0].id", "tax.standard"} == set(problems(text))


def test_two_tills_may_share_a_scanner():
    """A scanner between two tills would need a second one: whoever claims it has it."""
    settings = parse(GOOD + '[[till]]\nid = "till-2"\nscanners = ["counter"]\n', Path("a.toml"))
    assert [("counter",), ("counter",)] == [till.scanners for till in settings.tills]


DEVICES = """
[[device]]
id = "pole"
kind = "display"
address = "serial:/dev/ttyUSB0"
model = "x"
"""


@pytest.mark.parametrize(
    ("addition", "path", "word"),
    [
        ('suffix = "\\n"', "device[2].suffix", "setting of a scanner"),
        ("drawer_pin = 5", "device[2].drawer_pin", "setting of a printer"),
        ('watch = "poll"', "device[2].watch", "setting of a printer"),
        ('layout = "de"', "device[2].layout", "setting of a scanner"),
        ('suffx = "x"', "device[2].suffx", "did you mean 'suffix'?"),
    ],
)
def test_a_setting_of_another_kind_is_named(addition, path, word):
    """A technician would turn a knob that is not there, and wonder why nothing changes."""
    found = problems(GOOD + DEVICES + addition)
    assert word in found[path].remedy


@pytest.mark.parametrize(
    ("device", "addition", "path", "word"),
    [
        (1, "drawer_on_ms = 1", "drawer_on_ms", "2 to 510"),
        (1, "drawer_on_ms = 511", "drawer_on_ms", "2 to 510"),
        (1, "drawer_off_ms = 0", "drawer_off_ms", "2 to 510"),
        (1, "drawer_alert_s = -1", "drawer_alert_s", "0 never"),
        (1, "print_within_minutes = 0", "print_within_minutes", "a week"),
        (1, 'drawer_open_is = "up"', "drawer_open_is", '"high"'),
        (0, "frame_timeout_ms = 60000", "frame_timeout_ms", "2000"),
        (0, 'suffix = ""', "suffix", "frame_timeout_ms = 50"),
        (0, 'suffix = "€"', "suffix", "Latin-1"),
        (0, 'prefix = "123456789"', "prefix", "up to 8"),
        (0, 'separator = "F"', "separator", "no code holds"),
        (0, 'layout = "de"', "layout", "not keys"),
        (1, 'address = "serial:/dev/ttyACM0?baud=19200"', "address", "one row"),
    ],
)
def test_device_settings_out_of_range(device, addition, path, word):
    """A drawer would never open, or a scan never end, and nothing would say why."""
    rows = GOOD.split("[[device]]")
    if path == "address":
        rows[device + 1] = rows[device + 1].replace("address =", "#")
    rows[device + 1] += addition + "\n"
    found = problems("[[device]]".join(rows))
    assert word in found[f"device[{device}].{path}"].remedy


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('allowed_origins = ["*"]', "agent.allowed_origins[0]"),
        ('allowed_origins = ["https://*.example"]', "agent.allowed_origins[0]"),
        ('allowed_origins = ["https://pos.example/till"]', "agent.allowed_origins[0]"),
        ('allowed_origins = ["pos.example"]', "agent.allowed_origins[0]"),
        ('allowed_origins = ["null"]', "agent.allowed_origins[0]"),
        ('allowed_hosts = ["*"]', "agent.allowed_hosts[0]"),
        ('allowed_hosts = ["http://till"]', "agent.allowed_hosts[0]"),
    ],
)
def test_nobody_is_let_in_by_a_pattern(line, path):
    """One star in a copied line would open the till to every page in its browser."""
    assert "no wildcard" in problems(f"[agent]\n{line}\n{GOOD}")[path].remedy


def test_spelled_out_callers_are_taken():
    """The shop's own web till could not be let in."""
    line = '[agent]\nallowed_origins = ["https://pos.example", "http://10.0.0.5:8080"]\n'
    hosts = 'allowed_hosts = ["till-1.shop.example", "till:8460"]\n'
    assert 2 == len(parse(line + hosts + GOOD, Path("a.toml")).agent.allowed_origins)


def test_a_display_shows_one_till():
    """The customer of one lane would read what another one buys."""
    text = GOOD.replace('printer = "receipt"', 'display = "pole"') + DEVICES
    found = problems(text + '[[till]]\nid = "till-2"\ndisplay = "pole"\n')
    assert {"till[1].display"} == set(found)


def test_a_device_is_found_by_a_near_name():
    """A typing error would be searched for through the whole file."""
    found = problems(GOOD.replace('printer = "receipt"', 'printer = "receit"'))
    assert "did you mean 'receipt'?" in found["till[0].printer"].remedy


def test_a_file_without_a_till_is_refused():
    """The agent would start and serve nobody."""
    assert "till" in problems('till = []\n[store]\nid = "s"\n')


def test_broken_toml_is_refused_with_its_line():
    """A forgotten quote would end in a stack trace."""
    assert "line 2" in problems('[store]\nid = "s\n')["TOML"].detail


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_file_is_a_fault(tmp_path, content):
    """A wrong path would end in a stack trace."""
    path = tmp_path / "agent.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsFault, match="cannot be read"):
        load(path)


def test_the_fault_reads_as_a_list():
    """The technician sees the text of the fault, not its fields."""
    with pytest.raises(SettingsFault) as caught:
        parse(GOOD.replace("1900", "19000"), Path("agent.toml"))
    assert "agent.toml has 1 error:\n  tax.standard: 19000" in caught.value.detail
    assert "check-config agent.toml" in caught.value.remedy


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("reserve_mb = -1", "agent.reserve_mb"),
        ("reserve_mb = 70000", "agent.reserve_mb"),
        ("keep_days = 0", "agent.keep_days"),
        ("backup_keep = 0", "agent.backup_keep"),
        ('backup_dir = "backup"', "agent.backup_dir"),
        ('backup_dir = "/var/lib/till-agent/backup"', "agent.backup_dir"),
    ],
)
def test_upkeep_that_cannot_be_meant(line, path):
    """A backup would lie beside what it is to replace, or a reserve take the whole disk."""
    found = problems(f"{GOOD}\n[agent]\n{line}\n")
    assert [path] == list(found)
    assert found[path].remedy


def test_upkeep_by_default():
    """A shop that sets nothing would have no reserve, or lose what HQ may still ask for."""
    agent = parse(GOOD, Path("agent.toml")).agent
    assert (64, 90, None, 3) == (
        agent.reserve_mb,
        agent.keep_days,
        agent.backup_dir,
        agent.backup_keep,
    )
