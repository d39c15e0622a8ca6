"""The tables of layouts, and the keyboard machine."""

from __future__ import annotations

import string

import pytest

from drivers.scanners.codecs.keys import KeyMachine
from drivers.scanners.codecs.layouts import LAYOUTS, ROWS
from drivers.scanners.codecs.wedge import WedgeCodec
from drivers.virtual.keystrokes import ALT_GR, CONTROL, KEYBOARDS, KEYPAD, SHIFT
from drivers.virtual.wedge import GS_KEYS, VirtualWedge
from tests.drivers.scanners.streams import UNTOUCHED, typed

LEFT_ALT, CAPS, SPACE, ENTER = 56, 58, 57, 28
ANYTHING = string.ascii_letters + string.digits + string.punctuation + " äöüßÄÖÜ€éèàçÉñ§£µ°\x1d"
GOLDEN = {
    "us": ("1234567890-=", "qwertyuiop[]", 'ASDFGHJKL:"|', "ZXCVBNM<>?"),
    "gb": ("1234567890-=", "qwertyuiop[]", "ASDFGHJKL:@~", "ZXCVBNM<>?"),
    "de": ("1234567890ß", "qwertzuiopü+", "ASDFGHJKLÖÄ'", "YXCVBNM;:_"),
    "at": ("1234567890ß", "qwertzuiopü+", "ASDFGHJKLÖÄ'", "YXCVBNM;:_"),
    "ch": ("1234567890'", "qwertzuiopü", "ASDFGHJKLéà£", "YXCVBNM;:_"),
    "ch-fr": ("1234567890'", "qwertzuiopè", "ASDFGHJKLöä£", "YXCVBNM;:_"),
    "fr": ("&é\"'(-è_çà)=", "azertyuiop", "QSDFGHJKLM%µ", "WXCVBN?./§"),
    "be": ("&é\"'(§è!çà)-", "azertyuiop", "QSDFGHJKLM%£", "WXCVBN?./+"),
    "it": ("1234567890'ì", "qwertyuiopè+", "ASDFGHJKLç°§", "ZXCVBNM;:_"),
    "es": ("1234567890'¡", "qwertyuiop", "ASDFGHJKLÑ", "ZXCVBNM;:_"),
    "pt": ("1234567890'«", "qwertyuiop+", "ASDFGHJKLÇª", "ZXCVBNM;:_"),
    "se": ("1234567890+", "qwertyuiopå", "ASDFGHJKLÖÄ*", "ZXCVBNM;:_"),
    "fi": ("1234567890+", "qwertyuiopå", "ASDFGHJKLÖÄ*", "ZXCVBNM;:_"),
    "no": ("1234567890+\\", "qwertyuiopå", "ASDFGHJKLØÆ*", "ZXCVBNM;:_"),
    "dk": ("1234567890+", "qwertyuiopå", "ASDFGHJKLÆØ*", "ZXCVBNM;:_"),
    "nl": ("1234567890/°", "qwertyuiop", "ASDFGHJKL±", "ZXCVBNM;:="),
    "pl": ("1234567890-=", "qwertyuiop[]", 'ASDFGHJKL:"|', "ZXCVBNM<>?"),
    "cz": ("+ěščřžýáíé=", "qwertzuiopú)", "ASDFGHJKL\"!'", "YXCVBNM?:_"),
    "sk": ("+ľščťžýáíé=", "qwertzuiopúä", 'ASDFGHJKL"!)', "YXCVBNM?:_"),
    "hu": ("123456789öüó", "qwertzuiopőú", "ASDFGHJKLÉÁŰ", "YXCVBNM?:_"),
    "tr": ("1234567890*-", "qwertyu\u0131opğü", "ASDFGHJKLŞİ;", "ZXCVBNMÖÇ:"),
}
"""As printed on the keys: digits and letters alone, the two lower rows with Shift; up to the first
dead key."""


def presses(machine, *keys):
    """Press keys one after the other, holding all; then let go in the order they were pressed."""
    strokes = [machine.key(key, 1) for key in keys] + [machine.key(key, 0) for key in keys]
    return "".join(stroke.text for stroke in strokes)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_as_printed_on_its_keys(name):
    """Scans would arrive in another layout than the scanner's (R17)."""
    layout = LAYOUTS[name]
    rows = [
        "".join(layout.typed(code, shift=at > 1, alt_gr=False) for code in codes)
        for at, codes in enumerate(ROWS)
    ]
    starts = (rows[0][1:], rows[1], rows[2], rows[3][1:])
    assert GOLDEN[name] == tuple(
        row[: len(printed)] for row, printed in zip(starts, GOLDEN[name], strict=True)
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_types_digits_and_letters(name):
    """A scanner of some country could not send every code."""
    typed_characters = "".join(LAYOUTS[name].keys.values())
    missing = set(string.ascii_letters + string.digits + "-./+$%") - set(typed_characters)
    assert set() == missing


@pytest.mark.parametrize("layout", KEYBOARDS)
@pytest.mark.parametrize("gs", GS_KEYS)
def test_what_is_typed_arrives(layout, gs):
    """Symbols of a code would be lost or changed by the layout, or FNC1 would vanish (R19)."""
    wedge = VirtualWedge(UNTOUCHED, layout=layout, gs=gs)
    codec = WedgeCodec(layout, separator="F8" if gs == "F8" else "")
    assert [] == codec.feed(wedge.typed(ANYTHING))
    (frame,) = codec.feed(typed("", layout))
    assert (ANYTHING, None) == (frame.data.decode(), frame.noise)


@pytest.mark.parametrize(
    ("layout", "keys", "text"),
    [
        ("us", (SHIFT, 30), "A"),
        ("us", (54, 2), "!"),
        ("us", (ALT_GR, 2), ""),
        ("de", (ALT_GR, 16), "@"),
        ("de", (CONTROL, LEFT_ALT, 16), "@"),
        ("de", (97, LEFT_ALT, 10), "]"),
        ("it", (SHIFT, ALT_GR, 26), "{"),
        ("us", (CONTROL, 27), "\x1d"),
        ("de", (CONTROL, 27), "\x1d"),
        ("de", (CONTROL, ALT_GR, 10), "\x1d"),
        ("fr", (CONTROL, 27), "\x1d"),
        ("us", (CONTROL, 7), "\x1e"),
        ("us", (CONTROL, SHIFT, 7), "\x1e"),
        ("us", (CONTROL, 12), "\x1f"),
        ("us", (CONTROL, 43), "\x1c"),
        ("us", (CONTROL, 3), "\0"),
        ("us", (82,), "0"),
        ("us", (73, 55, 98), "9*/"),
        ("us", (86,), "\\"),
        ("us", (999,), ""),
        ("us", (30, 31), "as"),
    ],
)
def test_keys_held_together(layout, keys, text):
    """Shift, AltGr or Ctrl of one key would change another, or not change this one."""
    assert text == presses(KeyMachine(LAYOUTS[layout]), *keys)


def test_a_shift_released_first_changes_nothing():
    """The order in which a scanner lets go of keys would change the code."""
    machine = KeyMachine(LAYOUTS["us"])
    machine.key(SHIFT, 1)
    assert "A" == machine.key(30, 1).text
    machine.key(SHIFT, 0)
    assert ("", "b") == (machine.key(30, 0).text, machine.key(48, 1).text)


@pytest.mark.parametrize(
    ("layout", "keys", "text"),
    [
        ("us", (30, 2), "A1"),
        ("us", (SHIFT, 30), "a"),
        ("de", (39, 12), "Öß"),
        ("ch", (26,), "Ü"),
        ("tr", (40, 23), "İI"),
        ("fr", (2, 16), "1A"),
        ("fr", (SHIFT, 2), "&"),
        ("us", (57, 40), " '"),
    ],
)
def test_caps_lock(layout, keys, text):
    """A scanner that uses Caps Lock would send letters in the wrong case."""
    machine = KeyMachine(LAYOUTS[layout])
    presses(machine, CAPS)
    assert text == presses(machine, *keys)
    presses(machine, CAPS)
    assert "a" == presses(machine, 16 if layout == "fr" else 30)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((26, SPACE), "^"),
        ((26, 16), "â"),
        ((26, 18), "ê"),
        ((26, 45), "^x"),
        ((26, 26, SPACE), "^^"),
        ((26, 82), "^0"),
        ((26, ENTER), "^"),
        ((26, 59), "^"),
        ((26, 999, 18), "ê"),
        ((26, CONTROL, 27), "^\x1d"),
        ((26, CONTROL, 3), "^\0"),
    ],
)
def test_dead_keys(keys, text):
    """An accent would be lost, or stay behind for the next letter."""
    assert text == presses(KeyMachine(LAYOUTS["fr"]), *keys)


def alt(machine, digits):
    machine.key(LEFT_ALT, 1)
    for digit in digits:
        assert "" == presses(machine, KEYPAD[int(digit)])
    return machine.key(LEFT_ALT, 0)


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("029", "\x1d"),
        ("29", "\x1d"),
        ("065", "A"),
        ("0233", "é"),
        ("130", "é"),
        ("0128", "€"),
        ("0129", "\x81"),
        ("8364", "€"),
        ("31", "\x1f"),
        ("32", " "),
        ("255", "\xa0"),
        ("0255", "ÿ"),
        ("256", "\u0100"),
        ("57344", "\ue000"),
        ("1114111", "\U0010ffff"),
        ("00000000065", ""),
        ("", ""),
    ],
)
def test_alt_codes(digits, text):
    """A scanner set to Alt mode, which fits every layout, could not be used."""
    assert text == alt(KeyMachine(LAYOUTS["us"]), digits).text


@pytest.mark.parametrize("digits", ["0", "0055296", "57343", "1114112", "9999999"])
def test_alt_codes_of_no_character(digits):
    """A character that cannot be would vanish from the code without a word."""
    assert f"Alt+{digits}" == alt(KeyMachine(LAYOUTS["us"]), digits).named


@pytest.mark.parametrize(
    ("keys", "named"),
    [((66,), "F8"), ((1,), "Esc"), ((CONTROL, 13), "Ctrl+="), ((29, 57), "Ctrl+57")],
)
def test_key_combinations_without_a_character_are_named(keys, named):
    """A key that stands for FNC1 would vanish, and nobody would know which one it was."""
    machine = KeyMachine(LAYOUTS["us"])
    assert [named] == [stroke.named for key in keys if (stroke := machine.key(key, 1)).named]


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        ((*range(59, 69), 87, 88), [f"F{number}" for number in range(1, 13)]),
        ((1, 14, 110, 111), ["Esc", "Backspace", "Insert", "Delete"]),
        (range(102, 106), ["Home", "Up", "Page Up", "Left"]),
        (range(106, 110), ["Right", "End", "Down", "Page Down"]),
    ],
)
def test_keys_without_a_character_are_named(codes, names):
    """IT would set the wrong function key for FNC1."""
    machine = KeyMachine(LAYOUTS["us"])
    assert names == [machine.key(code, 1).named for code in codes]


def test_repeats_are_not_scans():
    """A key held for long would be typed twice."""
    machine = KeyMachine(LAYOUTS["us"])
    assert ("a", "", "") == tuple(machine.key(30, value).text for value in (1, 2, 7))


def test_forgotten_keys():
    """A Shift whose release was lost would change all scans after it."""
    machine = KeyMachine(LAYOUTS["us"])
    machine.key(SHIFT, 1)
    machine.release()
    assert "a" == machine.key(30, 1).text
