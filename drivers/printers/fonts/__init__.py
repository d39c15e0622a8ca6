"""Noto Sans Mono 2.006 (SIL Open Font License 1.1, `OFL.txt`): for pictures and drawn text.

It holds Latin, Greek, Cyrillic and what a receipt needs around them; a character it does not hold
is drawn as an empty box, and `missing` says so.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from PIL import ImageFont

REGULAR, BOLD = "NotoSansMono-Regular.ttf", "NotoSansMono-Bold.ttf"


@lru_cache(maxsize=16)
def face(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load the font at a size in pixels; it comes from the package, wherever that is installed."""
    data = files(__name__).joinpath(BOLD if bold else REGULAR).read_bytes()
    return ImageFont.truetype(BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)


def missing(text: str) -> str:
    """List the characters of a text that the font does not hold."""
    font = face(24)
    box = bytes(font.getmask("\uffff"))
    return "".join(
        char
        for char in dict.fromkeys(text)
        if not char.isspace() and bytes(font.getmask(char)) == box
    )
