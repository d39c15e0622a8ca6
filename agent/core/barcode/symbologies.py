"""AIM symbology identifiers: which symbol a scanner read, and so which readings are possible.

ISO/IEC 15424, table 1, and GS1 General Specifications, figure 5.1.2-2. A scanner that is told to
sends `]`, a letter for the symbology and a modifier before the data.
"""

from __future__ import annotations

import re
from enum import Enum, auto

import msgspec

AIM_CHARACTERS = 3


class Way(Enum):
    """A way to read the data of a symbol."""

    EAN_UPC = auto()
    EAN_8 = auto()
    ITF = auto()
    NUMBER = auto()
    CARRIED = auto()
    ELEMENTS = auto()
    LINK = auto()


class Symbology(msgspec.Struct, frozen=True):
    """What an AIM identifier announces."""

    name: str | None
    """As in `Reading.symbology`."""
    ways: tuple[Way, ...]
    """Besides the plain text, which every symbol can be."""


UNKNOWN = Symbology(None, (Way.NUMBER, Way.ELEMENTS, Way.LINK))
"""The scanner sent no identifier: everything is tried."""

_GS1 = (Way.ELEMENTS,)
_GS1_2D = (Way.ELEMENTS, Way.LINK)
_ANY_TEXT = (Way.LINK, Way.CARRIED)
_LINEAR = (Way.CARRIED,)

_BY_IDENTIFIER = {
    **dict.fromkeys(("E0", "E3"), Symbology("ean-13", (Way.EAN_UPC,))),
    **dict.fromkeys(("E1", "E2"), Symbology("ean-add-on", ())),
    "E4": Symbology("ean-8", (Way.EAN_8,)),
    "C1": Symbology("gs1-128", _GS1),
    **dict.fromkeys(("e0", "e1", "e2", "e3"), Symbology("databar", _GS1)),
    **dict.fromkeys(("d2", "d5"), Symbology("gs1-datamatrix", _GS1_2D)),
    **dict.fromkeys(("Q3", "Q4"), Symbology("gs1-qr", _GS1_2D)),
    **dict.fromkeys(("J1", "J4"), Symbology("gs1-dotcode", _GS1_2D)),
    **dict.fromkeys(("z1", "z4"), Symbology("gs1-aztec", _GS1_2D)),
}
_BY_LETTER = {
    "A": Symbology("code-39", _LINEAR),
    "C": Symbology("code-128", _LINEAR),
    "E": Symbology("ean-13", (Way.EAN_UPC,)),
    "F": Symbology("codabar", ()),
    "G": Symbology("code-93", _LINEAR),
    "H": Symbology("code-11", ()),
    "I": Symbology("itf", (Way.ITF,)),
    "J": Symbology("dotcode", _ANY_TEXT),
    "L": Symbology("pdf417", _ANY_TEXT),
    "M": Symbology("msi", ()),
    "P": Symbology("plessey", ()),
    "Q": Symbology("qr", _ANY_TEXT),
    "R": Symbology("code-25", ()),
    "S": Symbology("code-25", ()),
    "U": Symbology("maxicode", ()),
    "X": Symbology("other", UNKNOWN.ways),
    "Z": Symbology("keyed", UNKNOWN.ways),
    "d": Symbology("datamatrix", _ANY_TEXT),
    "e": Symbology("databar", _GS1),
    "o": Symbology("ocr", UNKNOWN.ways),
    "z": Symbology("aztec", _ANY_TEXT),
}
_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]", re.ASCII)
# ISO/IEC 15424: with these modifiers the data may begin with an ECI designator.
_WITH_ECI = frozenset(
    ("Q2", "Q4", "Q6", "d4", "d5", "d6", "J3", "J4", "J5", "L1", "z3", "z4", "z5")
)
_ECI = re.compile(r"\\\d{6}", re.ASCII)


def split_aim(text: str) -> tuple[str | None, str]:
    r"""Part the AIM identifier, where there is a known one, from the data.

    >>> split_aim("]E04006381333931"), split_aim("]"), split_aim("\\]Q2")
    ((']E0', '4006381333931'), (None, ']'), (None, '\\]Q2'))
    """
    aim = text[:AIM_CHARACTERS]
    if _IDENTIFIER.fullmatch(aim) is None or aim[1] not in _BY_LETTER:
        return None, text
    data = text[AIM_CHARACTERS:]
    return aim, _ECI.sub("", data, count=1) if aim[1:] in _WITH_ECI and _ECI.match(data) else data


def symbology(aim: str | None) -> Symbology:
    """Find what a known AIM identifier announces; an unknown modifier means the plain symbol.

    >>> symbology("]d2").name, symbology("]d1").name, symbology(None).name
    ('gs1-datamatrix', 'datamatrix', None)
    """
    if aim is None:
        return UNKNOWN
    return _BY_IDENTIFIER.get(aim[1:]) or _BY_LETTER[aim[1]]
