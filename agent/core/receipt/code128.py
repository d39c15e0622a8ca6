"""Code 128 (ISO/IEC 15417): text to symbol values and bars, for every device and page alike."""

from __future__ import annotations

from collections.abc import Iterator

from agent.core.faults import InputFault

# ISO/IEC 15417, table 1: widths of bar, space, bar, space, bar, space per symbol value.
_TABLE_1 = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112"
)
_WIDTHS = _TABLE_1.split()
CODE_C, CODE_B, START_B, START_C, STOP = 99, 100, 104, 105, 106
FIRST_B = 0x20
"""Code set B begins with the space."""


def holds(text: str) -> bool:
    """Tell whether code sets B and C can say it: printable ASCII, and at least one character.

    >>> holds("R-17"), holds("Café"), holds("")
    (True, False, False)
    """
    return bool(text) and text.isascii() and text.isprintable()


def values(text: str) -> list[int]:
    """Choose the symbol values, check character and stop included.

    Code set C packs two digits in one value; it is worth a change of set from four digits on.

    Raises:
        InputFault: the text is not one that `holds`.
    """
    made = list(body(text))
    check = made[0] + sum(place * value for place, value in enumerate(made))
    return [*made, check % 103, STOP]


def modules(text: str) -> str:
    """Draw the symbol as `1` for a dark and `0` for a light module, without quiet zones."""
    return "".join(
        ("1" if index % 2 == 0 else "0") * int(width)
        for value in values(text)
        for index, width in enumerate(_WIDTHS[value])
    )


def body(text: str) -> Iterator[int]:
    """Choose the symbol values without check character and stop.

    Raises:
        InputFault: the text is not one that `holds`.
    """
    if not holds(text):
        raise InputFault(
            f"a barcode cannot say {text!r}",
            remedy="use printable ASCII characters, at least one",
            name="bad-barcode",
        )
    position, in_c, started = 0, False, False
    while position < len(text):
        pairs = _digits_at(text, position) // 2
        wants_c = pairs >= 2 or (in_c and pairs >= 1)
        if not started or wants_c != in_c:
            yield _switch(wants_c, started=started)
        in_c, started = wants_c, True
        if in_c:
            yield int(text[position : position + 2])
        else:
            yield ord(text[position]) - FIRST_B
        position += 2 if in_c else 1


def _switch(to_c: bool, *, started: bool) -> int:
    if started:
        return CODE_C if to_c else CODE_B
    return START_C if to_c else START_B


def _digits_at(text: str, position: int) -> int:
    end = position
    while end < len(text) and text[end].isdigit():
        end += 1
    return end - position
