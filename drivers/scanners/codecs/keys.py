"""Key presses to characters, as the scanner's layout has them: one machine per scanner.

Which key is released first is of no importance; repeats are the kernel's, not the scanner's. Keys
that stand for no character are told by their name, so that a scanner which sends F8 for FNC1 can
be set right (`separator = "F8"`).
"""

from __future__ import annotations

import unicodedata

import msgspec

from drivers.scanners.codecs.input_event import KEY_DOWN, KEY_UP
from drivers.scanners.codecs.layouts import US, Layout

ENTER, TAB, KEYPAD_ENTER, SPACE = 28, 15, 96, 57
_SHIFTS, _CONTROLS = frozenset((42, 54)), frozenset((29, 97))
_LEFT_ALT, _RIGHT_ALT, _CAPS_LOCK = 56, 100, 58
_ENDS = frozenset((ENTER, TAB, KEYPAD_ENTER))
_KEYPAD = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
_KEYPAD_SIGNS = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/"}
_FUNCTION_KEYS = {code: f"F{number}" for number, code in enumerate((*range(59, 69), 87, 88), 1)}
FUNCTION_KEYS = frozenset(_FUNCTION_KEYS.values())
"""What a `separator` may name instead of characters."""
_NAMED = _FUNCTION_KEYS | {
    1: "Esc",
    14: "Backspace",
    102: "Home",
    103: "Up",
    104: "Page Up",
    105: "Left",
    106: "Right",
    107: "End",
    108: "Down",
    109: "Page Down",
    110: "Insert",
    111: "Delete",
}
_SPACING = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328",
        "`\u00b4^~\u02d8\u02d9\u00a8\u00b0\u02dd\u02c7\u00b8\u02db",
        strict=True,
    )
)
"""What a dead key shows when Space follows it."""
_CONTROL_DIGITS = {"2": "\0", "6": "\x1e", "-": "\x1f"}
"""What Windows makes of Ctrl and these keys of a US keyboard; RS and US are sent that way."""
_ALT_DIGITS_MAX = 7
_UNICODE_MAX, _SURROGATES = 0x10FFFF, range(0xD800, 0xE000)


class Stroke(msgspec.Struct, frozen=True):
    """What one key press brought."""

    text: str = ""
    ends: bool = False
    """Enter or Tab: the scan is complete."""
    named: str = ""
    """The name of a key that stands for no character."""


_NOTHING = Stroke()


class KeyMachine:
    """The keyboard inside one scanner."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._held: set[int] = set()
        self._caps = False
        self._dead = ""
        self._alt_digits = ""

    def release(self) -> None:
        """Forget which keys are held: events were lost, or nothing was typed for long."""
        self._held.clear()
        self._dead = self._alt_digits = ""

    def key(self, code: int, value: int) -> Stroke:
        """Take one EV_KEY event."""
        if value == KEY_UP:
            self._held.discard(code)
            return self._alt_code() if code == _LEFT_ALT else _NOTHING
        return self._pressed(code) if value == KEY_DOWN else _NOTHING

    def _pressed(self, code: int) -> Stroke:
        if code in _SHIFTS or code in _CONTROLS or code in (_LEFT_ALT, _RIGHT_ALT):
            self._held.add(code)
            return _NOTHING
        if code == _CAPS_LOCK:
            self._caps = not self._caps
            return _NOTHING
        if code in _ENDS:
            return Stroke(self._spaced(), ends=True)
        if code in _NAMED:
            return Stroke(self._spaced(), named=_NAMED[code])
        return self._typed(code)

    def _typed(self, code: int) -> Stroke:
        if code in _KEYPAD:
            return self._keypad(_KEYPAD[code])
        control, alt_gr = not self._held.isdisjoint(_CONTROLS), _RIGHT_ALT in self._held
        if control and not alt_gr and _LEFT_ALT in self._held:  # how AltGr is typed without it
            control, alt_gr = False, True
        if control:
            return self._controlled(code, alt_gr=alt_gr)
        return Stroke(self._composed(self._character(code, alt_gr=alt_gr)))

    def _keypad(self, digit: str) -> Stroke:
        if _LEFT_ALT not in self._held:
            return Stroke(self._composed(digit))
        self._alt_digits = (self._alt_digits + digit)[:_ALT_DIGITS_MAX]
        return _NOTHING

    def _character(self, code: int, *, alt_gr: bool) -> str:
        if code == SPACE:
            return " "
        shift = not self._held.isdisjoint(_SHIFTS)
        if self._caps and self._layout.caps_shifts:
            shift = not shift
        character = self._layout.typed(code, shift=shift, alt_gr=alt_gr)
        if self._caps and not self._layout.caps_shifts:
            character = self._capital(code, character, shift=shift, alt_gr=alt_gr)
        return character or _KEYPAD_SIGNS.get(code, "")

    def _capital(self, code: int, character: str, *, shift: bool, alt_gr: bool) -> str:
        """Give what Caps Lock makes of a letter: its other case, on the same key where it is."""
        other = self._layout.typed(code, shift=not shift, alt_gr=alt_gr)
        swapped = character.swapcase()
        if other.isalpha() and other.isupper() != character.isupper():
            return other
        return swapped if character.isalpha() and len(swapped) == 1 else character

    def _composed(self, character: str) -> str:
        """Put a character onto the dead key before it, if there is one."""
        if not character:
            return ""
        if character in _SPACING:
            before = self._spaced()
            self._dead = character
            return before
        dead, self._dead = self._dead, ""
        if not dead:
            return character
        if character == " ":
            return _SPACING[dead]
        both = unicodedata.normalize("NFC", character + dead)
        return both if len(both) == 1 else _SPACING[dead] + character

    def _spaced(self) -> str:
        dead, self._dead = self._dead, ""
        return _SPACING.get(dead, "")

    def _controlled(self, code: int, *, alt_gr: bool) -> Stroke:
        """Give the control character of Ctrl and a key, by its name here or on a US keyboard."""
        shift = not self._held.isdisjoint(_SHIFTS)
        here = self._layout.typed(code, shift=shift, alt_gr=alt_gr)
        there = US.typed(code, shift=shift, alt_gr=False)
        control = _control_of(here) or _control_of(there) or _CONTROL_DIGITS.get(there, "")
        if control:
            return Stroke(self._spaced() + control)
        return Stroke(self._spaced(), named=f"Ctrl+{there or code}")

    def _alt_code(self) -> Stroke:
        """Give the character whose number was typed on the keypad while Alt was held."""
        digits, self._alt_digits = self._alt_digits, ""
        if not digits:
            return _NOTHING
        character = _alt_character(digits)
        if character:
            return Stroke(self._spaced() + character)
        return Stroke(self._spaced(), named=f"Alt+{digits}")


def _control_of(character: str) -> str:
    r"""Give the control character a Ctrl combination is named after (ECMA-6, columns 0 and 1).

    >>> _control_of("]")
    '\x1d'
    """
    upper = character.upper()
    return chr(ord(upper) & 0x1F) if len(upper) == 1 and "@" <= upper <= "_" else ""


def _alt_character(digits: str) -> str:
    r"""Read an Alt code: with a leading nought of Windows-1252, without of code page 437.

    Numbers beyond a byte are Unicode's. Below 32 they are the control characters a scanner means,
    not the pictures a PC shows for them.

    >>> [_alt_character(digits) for digits in ("029", "0233", "130", "0128", "8364")]
    ['\x1d', 'é', 'é', '€', '€']
    """
    number = int(digits)
    if number == 0 or number > _UNICODE_MAX or number in _SURROGATES:
        return ""
    if number < 0x20 or number > 0xFF:
        return chr(number)
    page = "cp1252" if digits.startswith("0") else "cp437"
    return bytes((number,)).decode(page, "ignore") or chr(number)
