"""Which number each maker gives to which code page: facts of the makers' manuals, for reading.

They stand here a second time, apart from the driver's own table of models, so that a wrong number
there is seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Tables = Mapping[int, str]
"""Number → the table's name in Python."""


def _tables(*parts: Mapping[int, str]) -> Tables:
    return MappingProxyType({number: codec for part in parts for number, codec in part.items()})


_WEST = {0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865"}
_LATER = dict(enumerate(("cp1252", "cp866", "cp852", "cp858"), 16))

EPSON = _tables(
    _WEST,
    {13: "cp857", 14: "cp737", 15: "iso8859_7"},
    _LATER,
    dict(enumerate(("cp720", "cp775", "cp855", "cp861", "cp862", "cp864", "cp869"), 32)),
    {39: "iso8859_2", 40: "iso8859_15", 44: "cp1125"},
    {45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256"},
    {51: "cp1257", 52: "cp1258"},
)
"""`ESC t` of Epson's TM models with the long list of pages."""

STAR = _tables(
    {1: "cp437", 3: "cp437"},
    dict(enumerate(("cp858", "cp852", "cp860", "cp861", "cp863", "cp865", "cp866", "cp855"), 4)),
    dict(enumerate(("cp857", "cp862", "cp864", "cp737"), 12)),
    {17: "cp869", 21: "cp874", 32: "cp1252", 33: "cp1250", 34: "cp1251"},
)
"""`ESC GS t` of Star Line mode, as far as Python has the table."""

BIXOLON = _tables(
    _WEST,
    _LATER,
    {21: "cp862", 22: "cp864", 24: "cp1253", 25: "cp1254", 26: "cp1257", 28: "cp1251"},
    {29: "cp737", 30: "cp775", 33: "cp1255", 37: "cp857", 38: "iso8859_7", 40: "cp1256"},
    {41: "cp1258", 47: "cp1250"},
)
CITIZEN = _tables(
    {0: "cp437", 3: "cp860", 4: "cp863", 5: "cp865", 6: "cp852", 7: "cp866", 8: "cp857"},
    {16: "cp1252", 40: "cp864"},
)
XPRINTER = _tables(
    _WEST,
    {6: "latin_1", 7: "cp1253", 11: "cp1255"},
    _LATER,
    {22: "cp864", 23: "cp1251", 24: "cp737", 25: "cp1257", 33: "cp1256"},
)
POS5890 = _tables(
    _WEST,
    {6: "latin_1", 8: "cp862"},
    _LATER,
    {23: "cp1251", 24: "cp737", 25: "cp1257", 27: "cp1258", 28: "cp864", 32: "cp1255"},
)
FUJITSU = _tables(_WEST, {8: "cp857"}, _LATER, {40: "cp864"})
HP = _tables(
    dict(enumerate(("cp437", "cp850", "cp852", "cp860", "cp863", "cp865", "cp858", "cp866"))),
    dict(enumerate(("cp1252", "cp862", "cp737", "cp874", "cp857", "cp1251", "cp1255"), 8)),
)
METAPACE = _tables(_WEST, {19: "cp858"})

MAKERS: Mapping[str, Tables] = MappingProxyType(
    {
        "": _tables(_WEST, _LATER),
        "epson": EPSON,
        "star": STAR,
        "bixolon": BIXOLON,
        "citizen": CITIZEN,
        "xprinter": XPRINTER,
        "pos-5890": POS5890,
        "fujitsu": FUJITSU,
        "hp": HP,
        "metapace": METAPACE,
    }
)
"""Maker → its tables; what all of them share for a printer of any maker."""
