"""`till-agent devices test`: each way a device can be set wrong is told with its setting."""

from __future__ import annotations

import threading
import time

import pytest

from agent.daemon.trial.symbol import AFTER_GS, BEFORE_GS, EXPECTED, LINEAR, on_terminal
from agent.daemon.trial.verdict import Heard, as_bytes, verdict
from drivers.scanners.codecs.keys import KeyMachine
from drivers.scanners.codecs.layouts import LAYOUTS
from drivers.virtual.keystrokes import presses
from drivers.virtual.scanner import VirtualScanner

SCANNER = """\
scanners = ["counter"]
[[device]]
id = "counter"
kind = "scanner"
address = "{}"
"""
PRINTER = """\
printer = "receipt"
drawer = "receipt"
[[device]]
id = "receipt"
kind = "printer"
address = "{}"
"""


def judged(text, **more):
    """Judge what came over a serial line; gives the findings by name."""
    return {found.name: found for found in verdict(Heard(text, framed=False, **more))}


def test_a_scanner_that_is_set_right():
    """A good scanner would be taken apart for nothing."""
    found = judged(f"]Q1{EXPECTED}\r")
    assert {"end", "aim", "content", "separator"} == set(found)
    assert all(each.ok for each in found.values())
    assert "]Q1" in found["aim"].detail


def test_a_missing_aim_identifier_is_a_note():
    """Most scanners come without them: that alone is no fault, but worth a setting."""
    aim = judged(f"{EXPECTED}\r")["aim"]
    assert aim.ok
    assert "AIM" in aim.remedy


@pytest.mark.parametrize(
    ("end", "suffix", "remedy"),
    [
        ("", "\r", "frame_timeout_ms = 50"),
        ("\t", "\r", 'suffix = "\\t"'),
        ("\r", "\t", 'suffix = "\\r"'),
        ("\n", "\r", None),
        ("\r\n", "\n", None),
        ("#", "#", None),
    ],
)
def test_the_end_of_a_scan(end, suffix, remedy):
    """Scans would hang in the buffer until the next one comes."""
    found = judged(EXPECTED + end, suffix=suffix)["end"]
    assert found.ok == (remedy is None)
    assert (remedy or "") in found.remedy


@pytest.mark.parametrize(
    ("between", "told", "ok", "remedy"),
    [
        ("", "", False, "ASCII 29"),
        ("~", "", False, 'separator = "~"'),
        ("{GS}", "", False, 'separator = "{GS}"'),
        ("\x1e", "", False, 'separator = "\\u001e"'),
        ("~", "~", True, ""),
        ("|", "~", False, 'separator = "|"'),
    ],
)
def test_what_became_of_gs(between, told, ok, remedy):
    """A batch would swallow the expiry date behind it."""
    found = judged(f"]d2{BEFORE_GS}{between}{AFTER_GS}\r", separator=told)["separator"]
    assert found.ok == ok
    assert remedy in found.remedy


@pytest.mark.parametrize("set_to", ["de", "fr", "gb"])
@pytest.mark.parametrize("read_as", ["us", "de", "fr"])
def test_a_layout_that_is_not_the_scanners(set_to, read_as):
    """Digits would come as signs, and Y as Z, and nobody would think of the keyboard."""
    typed = _typed(EXPECTED.replace("\x1d", ""), set_to, read_as)
    found = {each.name: each for each in verdict(Heard(typed, framed=True, layout=read_as))}
    if set_to == read_as:
        assert "layout" not in found
        assert "F8" in found["separator"].remedy
    else:
        assert not found["layout"].ok
        assert f'layout = "{set_to}"' in found["layout"].remedy


def _typed(text, set_to, read_as):
    """Give what a scanner set to one layout types, as it is read with another."""
    machine, read = KeyMachine(LAYOUTS[read_as]), ""
    for character in text:
        for press in presses(character, set_to):
            for code in press:
                read += machine.key(code, 1).text
            for code in reversed(press):
                read += machine.key(code, 0).text
    return read


@pytest.mark.parametrize(
    ("text", "word", "remedy"),
    [
        ("\xfe\x80\x1e\xf8\x9e\x66\x80", "baud", "115200"),
        (EXPECTED.swapcase() + "\r", "case", "Caps Lock"),
        (EXPECTED[:12] + "\r", "part", "editing rules"),
        ("4006381333931\r", "another code", "symbol that is shown"),
    ],
)
def test_other_bytes_than_the_symbols(text, word, remedy):
    """A technician would see only that it does not work."""
    found = judged(text)["content"]
    assert not found.ok
    assert word in found.detail
    assert remedy in found.remedy


def test_bytes_are_shown_as_they_are():
    """An invisible character would stay invisible."""
    assert "41 1d 0d  A<GS><CR>" == as_bytes("A\x1d\r")


def test_the_symbol_holds_what_it_should():
    """The scanner would be blamed for a symbol that is drawn wrong."""
    import io

    import segno
    import zxingcpp
    from PIL import Image

    assert on_terminal().count("\n") > 10
    out = io.BytesIO()
    segno.make_qr(EXPECTED, mode="byte", encoding="latin-1").save(out, kind="png", scale=4)
    (found,) = zxingcpp.read_barcodes(Image.open(out).convert("L"))
    assert EXPECTED.encode() == found.bytes


def test_the_picture_can_be_scanned(shop, tmp_path):
    """A technician would hold the scanner before a file that no scanner reads."""
    import zxingcpp
    from PIL import Image

    shop.write(wiring=SCANNER.format("virtual:counter"))
    file = tmp_path / "symbol.png"
    ran = shop.run("devices", "test", "counter", "--timeout", "0.2", "--png", str(file), "--json")
    assert (1, "scan") == (ran.code, ran.json["findings"][0]["name"])
    found = zxingcpp.read_barcodes(Image.open(file).convert("L"))
    assert {EXPECTED.encode(), LINEAR.encode()} == {each.bytes for each in found}


def test_a_scanner_without_a_daemon(shop):
    """Before the first start nobody could find out how a scanner is set."""
    with VirtualScanner() as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        ran = while_scanning(scanner, EXPECTED + "\t", shop, "--json")
    assert (1, False) == (ran.code, ran.json["ok"])
    found = {each["name"]: each for each in ran.json["findings"]}
    assert "<GS>" in found["scan"]["detail"]
    assert 'suffix = "\\t"' in found["end"]["remedy"]
    assert found["separator"]["ok"]


def test_a_scanner_through_the_daemon(shop, daemon):
    """The daemon would have to be stopped in the middle of the day to try a scanner."""
    with VirtualScanner(shop.directory / "scanner") as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        with daemon():
            ran = while_scanning(scanner, f"]Q1{EXPECTED}\r", shop)
    assert 0 == ran.code, ran.out
    assert "arrived through the daemon" in ran.out
    assert "GS arrived for FNC1" in ran.out


def while_scanning(scanner, text, shop, *options):
    """Run the test while the scanner sends a code again and again."""
    over = threading.Event()

    def scan():
        while not over.wait(0.5):
            scanner.send(text.encode("latin-1"))

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        return shop.run("devices", "test", "counter", "--timeout", "60", *options)
    finally:
        over.set()
        thread.join()


def test_a_scanner_that_sends_nothing(shop):
    """The command would wait for ever, or end without a word."""
    with VirtualScanner() as scanner:
        shop.write(wiring=SCANNER.format(scanner.address))
        began = time.monotonic()
        ran = shop.run("devices", "test", "counter", "--timeout", "0.3")
    assert (1, True) == (ran.code, time.monotonic() - began < 20)
    assert "nothing arrived within 0.3 s" in ran.out
    assert "till-agent doctor" in ran.out


def test_a_scanner_that_is_not_there(shop):
    """A stack trace would say it."""
    shop.write(wiring=SCANNER.format("serial:/dev/serial/by-id/none"))
    ran = shop.run("devices", "test", "counter", "--timeout", "0.3")
    assert 1 == ran.code
    assert "No such file" in ran.out


def test_a_device_nobody_knows(shop):
    """A mistyped id would look like a broken device."""
    shop.write(wiring=SCANNER.format("virtual:counter"))
    ran = shop.run("devices", "test", "kounter")
    assert (1, "") == (ran.code, ran.out)
    assert "devices there are: counter" in ran.err


def test_a_printer_without_a_daemon(shop, virtual_printer):
    """A new printer could not be tried before everything else is set up."""
    with virtual_printer() as printer:
        shop.write(wiring=PRINTER.format(printer.address))
        ran = shop.run("devices", "test", "receipt", "--json")
        printed = printer.receipts[-1].text if printer.receipts else ""
        printer.paper.paper_empty = True
        empty = shop.run("devices", "test", "receipt", "--no-drawer", "--json")
    assert 0 == ran.code, ran.out
    assert {"name", "page", "drawer"} == {each["name"] for each in ran.json["findings"]}
    assert "123456789012345678901234567890" in printed
    assert "cp858" in printed
    assert 1 == empty.code
    assert "paper_empty" in empty.json["findings"][-1]["detail"]


def test_a_printer_through_the_daemon(shop, daemon, virtual_printer):
    """The test would need the daemon stopped, and would not try what the tills use."""
    with virtual_printer() as printer:
        shop.write(wiring=PRINTER.format(printer.address))
        with daemon():
            ran = shop.run("devices", "test", "receipt", "--timeout", "60")
            printer.paper.cover_open = True
            held = shop.run("devices", "test", "receipt", "--no-drawer", "--timeout", "60")
    assert 0 == ran.code, ran.out
    assert "the printer confirms it" in ran.out
    assert "ok   drawer     it was kicked" in ran.out
    assert 1 == held.code
    assert "held" in held.out


BESIDE = """\
display = "pole"
scale = "plate"
[[device]]
id = "pole"
kind = "display"
address = "virtual:pole"
[[device]]
id = "plate"
kind = "scale"
address = "virtual:bananas-750g"
"""


@pytest.mark.parametrize("running", [False, True], ids=["alone", "daemon"])
def test_a_display_and_a_scale(shop, daemon, monkeypatch, running):
    """A dark display or a frozen scale would be found by the first customer."""
    from contextlib import nullcontext

    from agent.daemon.trial import beside

    monkeypatch.setattr(beside, "WEIGH_S", 1.0)
    shop.write(wiring=BESIDE)
    with daemon() if running else nullcontext():
        display, scale = (shop.run("devices", "test", each, "--json") for each in ("pole", "plate"))
        live = shop.run("devices", "test", "plate")
    assert (0, 0) == (display.code, scale.code), scale.out
    assert "Café 3,50" in display.json["findings"][0]["detail"]
    assert "750 g" in scale.json["findings"][0]["detail"]
    assert live.out.splitlines()[0].startswith("750 g")


def test_a_scale_that_is_not_there(shop):
    """The command would read weights of nothing."""
    shop.write(wiring=BESIDE.replace("virtual:bananas-750g", "serial:/dev/serial/by-id/none"))
    ran = shop.run("devices", "test", "plate", "--json")
    assert (1, False) == (ran.code, ran.json["ok"])
    assert ran.json["findings"][0]["remedy"]
