"""Which keys a scanner presses for a character, in a few layouts.

Written from the characters' side and apart from the drivers' tables, which are written from the
keys' side: a mistake in one of them shows.
"""

from __future__ import annotations

SHIFT, ALT_GR, ALT, CONTROL = 42, 100, 56, 29
"""KEY_LEFTSHIFT, KEY_RIGHTALT, KEY_LEFTALT, KEY_LEFTCTRL (linux/input-event-codes.h)."""
ENTER, TAB, SPACE, GS_KEY = 28, 15, 57, 27
KEYPAD = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73)
"""KEY_KP0 to KEY_KP9."""
Press = tuple[int, ...]
"""Keys pressed one after the other and released backwards."""

_PLACES = {
    **dict(zip("`1234567890-=", (41, *range(2, 14)), strict=True)),
    **dict(zip("qwertyuiop[]", range(16, 28), strict=True)),
    **dict(zip("asdfghjkl;'", range(30, 41), strict=True)),
    **dict(zip("\\zxcvbnm,./", range(43, 54), strict=True)),
    "<": 86,
    " ": SPACE,
}
"""Key codes by what a US keyboard has printed on the key; `<` is the key it does not have."""
_SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"?', "`1234567890-=[]\\;'/", strict=True))
_AMERICAN = (
    {char: char for char in _PLACES if char != "<"}
    | {char.upper(): f"S{char}" for char in "qwertyuiopasdfghjklzxcvbnm"}
    | {char: f"S{key}" for char, key in _SHIFTED.items()}
    | {"<": "S,", ">": "S."}
)
_BRITISH = _AMERICAN | dict(
    zip('"£@#~\\|¬€', ["S2", "S3", "S'", "\\", "S\\", "<", "S<", "S`", "A4"], strict=True)
)
_GERMAN_SIGNS = {
    **dict(zip('"§$%&/()=?', [f"S{key}" for key in "234567890-"], strict=True)),
    **dict(zip("{[]}\\", [f"A{key}" for key in "7890-"], strict=True)),
    **dict(zip("äöüß+#,.-<", "';[-]\\,./<", strict=True)),
    **dict(zip("ÄÖÜ*';:_>", [f"S{key}" for key in "';[]\\,./<"], strict=True)),
} | {"@": "Aq", "€": "Ae", "~": "A]", "|": "A<", "µ": "Am", "°": "S`"}
_GERMAN_DEAD = {"^": "` ", "\u00b4": "= ", "`": "S= "}
_GERMAN = _AMERICAN | {"y": "z", "z": "y", "Y": "Sz", "Z": "Sy"} | _GERMAN_SIGNS | _GERMAN_DEAD
_FRENCH_LETTERS = dict(zip("aqzwm", "qawz;", strict=True))
_FRENCH_SIGNS = {
    **dict(zip("1234567890°+", [f"S{key}" for key in "1234567890-="], strict=True)),
    **dict(zip("&é\"'(-è_çà)=", "1234567890-=", strict=True)),
    **dict(zip("#{[|\\^@]}", [f"A{key}" for key in "3456890-="], strict=True)),
    **dict(zip("$ù*,;:!<", "]'\\m,./<", strict=True)),
    **dict(zip("£%µ?./§>", [f"S{key}" for key in "]'\\m,./<"], strict=True)),
} | {"€": "Ae", "~": "A2 ", "`": "A7 "}
_FRENCH = (
    _AMERICAN
    | _FRENCH_LETTERS
    | {char.upper(): f"S{key}" for char, key in _FRENCH_LETTERS.items()}
    | _FRENCH_SIGNS
)
KEYBOARDS = {"us": _AMERICAN, "gb": _BRITISH, "de": _GERMAN, "fr": _FRENCH}
"""Layout → character → what is pressed: `S` for Shift, `A` for AltGr, the key by its American
name, and a space behind for the Space that sets a dead key free."""


def presses(character: str, layout: str) -> list[Press]:
    """Say what is pressed for a character: its keys, or Alt and its number on the keypad.

    Args:
        character: one of Windows-1252, or a control character.
        layout: a key of `KEYBOARDS`.

    >>> presses("A", "us"), presses("]", "de")
    ([(42, 30)], [(100, 10)])
    """
    stroke = KEYBOARDS[layout].get(character)
    if stroke is None:
        return [alt_code(character)]
    modifiers = {"S": (SHIFT,), "A": (ALT_GR,)}.get(stroke[0], ()) if len(stroke) > 1 else ()
    key = stroke[len(modifiers) :]
    space = [(SPACE,)] if len(key) > 1 else []
    return [(*modifiers, _PLACES[key[0]]), *space]


def alt_code(character: str) -> Press:
    """Press Alt and the character's number in Windows-1252, with a leading nought.

    >>> alt_code("A")
    (56, 82, 82, 77, 76)
    """
    number = ord(character) if character < " " else character.encode("cp1252")[0]
    return (ALT, *(KEYPAD[int(digit)] for digit in f"0{number:03}"))
