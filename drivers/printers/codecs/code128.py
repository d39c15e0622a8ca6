"""Code 128 in the words of ESC/POS; the symbol itself is the core's."""

from __future__ import annotations

from agent.core.receipt.code128 import (
    CODE_B,
    CODE_C,
    FIRST_B,
    START_B,
    START_C,
    body,
    holds,
    modules,
    values,
)

__all__ = ["escpos_data", "holds", "modules", "values"]


def escpos_data(text: str) -> bytes:
    r"""Write the text for `GS k 73`, with the same changes of code set.

    >>> escpos_data("AB123456")
    b'{BAB{C\x0c"8'
    """
    made = b""
    in_c = False
    for value in body(text):
        if value in (START_B, START_C):
            in_c = value == START_C
            made += b"{C" if in_c else b"{B"
        elif value == (CODE_B if in_c else CODE_C):
            in_c = not in_c
            made += b"{C" if in_c else b"{B"
        elif in_c:
            made += bytes((value,))
        else:  # a brace announces a code set, so one that is meant is doubled
            made += bytes((value + FIRST_B,)) * (2 if value + FIRST_B == ord("{") else 1)
    return made
