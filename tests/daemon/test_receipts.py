"""Receipt templates as IT meets them: checked with the settings, looked at, used by the daemon."""

from __future__ import annotations

import re

import pytest
from PIL import Image as Picture
from PIL import ImageDraw

from agent.core.receipt import BUILT_IN
from agent.daemon.checked import load_checked
from agent.daemon.control import ask
from agent.daemon.receipts import TemplateFault, load_template, logo_notes, read_template
from agent.settings import SettingsFault

SERIAL = """
printer = "receipt"
[[device]]
id = "receipt"
kind = "printer"
address = "serial:/dev/ttyS9?baud={baud}"
[[device]]
id = "other"
kind = "printer"
address = "tcp:192.0.2.1:9100"
[[device]]
id = "counter"
kind = "scanner"
address = "serial:/dev/ttyS8?baud=9600"
"""
GOOD = """
[receipt]
sections = ["copy", "logo", "seller", "header", "identity", "lines", "totals", "tenders", "taxes"]
[block.header]
lines = ["Welcome to {store_name}"]
"""


@pytest.fixture
def named(shop):
    """A shop whose settings name a template beside them."""

    def write(text, **more):
        shop.write(**more)
        settings = shop.config.read_text(encoding="utf-8")
        line = '[store]\nreceipt_template = "receipt.toml"\n'
        shop.config.write_text(settings.replace("[store]\n", line, 1), encoding="utf-8")
        (shop.directory / "receipt.toml").write_text(text, encoding="utf-8")
        return shop

    return write


def draw_logo(folder, height=200):
    picture = Picture.new("L", (576, height))
    ImageDraw.Draw(picture).line((0, 0, 575, height), fill=255)
    picture.save(folder / "logo.png")
    return '[logo]\nfile = "logo.png"\nwidth = 576\nmethod = "threshold"\n'


def test_settings_without_a_template_print_as_ever(shop):
    """A shop that never heard of templates would print nothing."""
    assert load_template(load_checked(shop.config)) is BUILT_IN


def test_a_template_and_its_logo_are_found_beside_their_files(named, tmp_path):
    """A path would depend on the folder the service was started in."""
    shop = named(draw_logo(tmp_path) + GOOD)
    template = load_template(load_checked(shop.config))
    assert 576 == template.logo.width
    assert ("Welcome to {store_name}",) == template.settings.block["header"].lines


def test_check_config_says_every_mistake_of_the_template(named):
    """IT would restart the service to find the next one."""
    text = (
        '[logo]\nfile = "no.png"\nsize = 3\n[receipt]\nsections = ["copy"]\n[lines]\ngtn = true\n'
    )
    shop = named(text, wiring='printer = "nowhere"')
    with pytest.raises(SettingsFault) as fault:
        load_checked(shop.config)
    paths = [problem.path for problem in fault.value.problems]
    place = f"store.receipt_template {shop.directory}/receipt.toml: "
    assert "till[0].printer" in paths
    assert {f"{place}logo.size", f"{place}receipt.sections", f"{place}lines.gtn"} <= set(paths)
    assert f"{place}logo.file" in paths


@pytest.mark.parametrize(
    ("content", "path"), [(None, "file"), (b"[receipt", "TOML"), (b"\xff", "file")]
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, content, path):
    """A template that is not there would end in a trace."""
    file = tmp_path / "receipt.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TemplateFault) as fault:
        read_template(file)
    assert [path] == [problem.path for problem in fault.value.problems]
    assert f"receipt preview --template {file}" in fault.value.remedy


@pytest.mark.parametrize(("baud", "seconds"), [(9600, 15), (19200, 8), (115200, None)])
def test_a_slow_logo_is_told_with_its_seconds(named, tmp_path, till_agent, baud, seconds):
    """Every customer would wait fifteen seconds, and nobody know why (R12)."""
    shop = named(draw_logo(tmp_path), wiring=SERIAL.format(baud=baud))
    ran = till_agent("check-config", str(shop.config))
    assert ran.code == 0, ran.err
    said = re.findall(r"device\[(\d)\]: the logo takes (\d+) s", ran.out)
    assert ([("0", str(seconds))] if seconds else []) == said


def test_a_logo_that_is_not_printed_is_not_slow(named, tmp_path):
    """IT would be warned of a logo that no receipt has."""
    text = draw_logo(tmp_path) + GOOD.replace('"logo", ', "")
    settings = load_checked(named(text, wiring=SERIAL.format(baud=9600)).config)
    assert [] == list(logo_notes(settings, load_template(settings)))


def test_a_sample_needs_no_settings(till_agent):
    """Whoever writes a template at a desk would need a till for it."""
    for sample, said in (
        ("sale", "Change"),
        ("copy", "*** COPY ***"),
        ("return", "Refund Card"),
        ("z-report", "Z report 1"),
        ("cash", "Pay-out"),
    ):
        ran = till_agent("receipt", "preview", "--sample", sample)
        assert ran.code == 0, ran.err
        assert said in ran.out


def test_a_preview_is_in_the_language_and_width_asked_for(till_agent):
    """IT of a chain abroad would have to change the settings to see a receipt."""
    ran = till_agent("receipt", "preview", "--language", "de-CH", "--columns", "32")
    assert "Rückgeld               EUR 11.98" in ran.out
    assert {32} >= {len(line) for line in ran.out.splitlines() if line.startswith("--")}
    hebrew = till_agent("receipt", "preview", "--language", "he", "--format", "html").out
    assert '<html lang="he-DE" dir="rtl">' in hebrew


def test_a_template_is_tried_before_it_is_used(till_agent, tmp_path):
    """A mistake would be seen on a customer's receipt first."""
    file = tmp_path / "receipt.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert "Welcome to Corner Shop" in till_agent("receipt", "preview", "--template", file).out
    file.write_text("[receipt]\nsections = []\n", encoding="utf-8")
    ran = till_agent("receipt", "preview", "--template", file)
    assert (1, "") == (ran.code, ran.out)
    assert "a receipt must show the tax of each rate" in ran.err


@pytest.mark.parametrize(
    ("form", "begins"),
    [("png", b"\x89PNG"), ("html", b"<!doctype"), ("escpos", b"\x1b@"), ("star", b"\x1b@")],
)
def test_a_preview_is_written_to_a_file(till_agent, tmp_path, form, begins):
    """A picture or a printer's bytes would land in the terminal."""
    file = tmp_path / "receipt"
    ran = till_agent("receipt", "preview", "--format", form, "--out", file)
    assert ran.code == 0, ran.err
    assert file.read_bytes().startswith(begins)
    assert str(file) in ran.err


def test_bytes_are_those_of_the_model(till_agent, tmp_path):
    """The bytes looked at would be another printer's."""
    made = {}
    for model in ("epson-tm-t20iii", "generic-58mm"):
        file = tmp_path / model
        arguments = ("--format", "escpos", "--model", model, "--out", file)
        assert till_agent("receipt", "preview", *arguments).code == 0
        made[model] = file.read_bytes()
    assert made["epson-tm-t20iii"] != made["generic-58mm"]
    wide = till_agent("receipt", "preview", "--model", "generic-58mm").out
    assert 32 == max(len(line) for line in wide.splitlines())


@pytest.mark.parametrize(
    ("arguments", "name", "remedy"),
    [
        (["--sample", "x"], "unknown-sample", "z-report"),
        (["--language", "zz"], "unknown-language", "de"),
        (["--format", "pdf"], "unknown-format", "html"),
        (["--format", "star", "--model", "generic-80mm"], "wrong-language", "--format escpos"),
        (["--format", "escpos", "--model", "star-mpop"], "wrong-language", "--format star"),
        (["--model", "epson-tm-t20iiii"], "unknown-model", "epson-tm-t20iii"),
        (["--out", "/nowhere/at/all"], "", "--out"),
        (["--config", "/nowhere.toml"], "bad-settings", "check-config"),
    ],
)
def test_a_preview_that_cannot_be_says_why(till_agent, arguments, name, remedy):
    """IT would see a trace instead of what to write."""
    ran = till_agent("receipt", "preview", *arguments)
    assert ran.code == 1
    assert name in ran.err
    assert remedy in ran.err.splitlines()[-1]


def test_a_sale_of_the_running_daemon_has_the_shops_template(named, daemon, tmp_path):
    """What was previewed would not be what is printed; a sale could not be tried on a template."""
    shop = named(GOOD)
    other = tmp_path / "other.toml"
    other.write_text('[block.footer]\nlines = ["Another {receipt_no}"]\n', encoding="utf-8")
    with daemon():
        settings = load_checked(shop.config)
        sale = ask(settings, "POST", "/v1/tills/till-1/sales")["sale"]["sale_id"]
        line = {"name": "Tea", "unit_price": 450, "taxes": ["standard"], "reason": "open"}
        ask(settings, "POST", f"/v1/sales/{sale}/lines", line)
        ask(settings, "POST", f"/v1/sales/{sale}/tenders", {"kind": "cash", "amount": 450})
        done = ask(settings, "POST", f"/v1/sales/{sale}/complete")
        laid = ask(settings, "GET", f"/v1/sales/{sale}/receipt?columns=32")
        assert "Welcome to store-0001" in [line["text"] for line in laid["lines"]]
        for asked in (sale, done["receipt_no"]):
            ran = shop.run("receipt", "preview", "--sale", asked)
            assert ran.code == 0, ran.err
            assert "Welcome to store-0001" in ran.out
            assert "*** COPY ***" in ran.out
        tried = shop.run("receipt", "preview", "--sale", sale, "--template", str(other))
        assert f"Another {done['receipt_no']}" in tried.out
        gone = shop.run("receipt", "preview", "--sale", "no-such")
        assert (1, True) == (gone.code, "no-such-sale" in gone.err)
    assert "Welcome" in shop.run("receipt", "preview", "--sale", sale).out
