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
    dict(enumerate(("cp857", "cp737", "iso8859_7"), 13)),
    _LATER,
    dict(enumerate(("cp720", "cp775", "cp855", "cp861", "cp862", "cp864", "cp869"), 32)),
    {39: "iso8859_2", 40: "iso8859_15", 44: "cp1125"},
    dict(enumerate((f"cp{page}" for page in range(1250, 1259)), 45))
    | {47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258"},
)
"""`ESC t` of Epson's TM models with the long list of pages."""

STAR = _tables(
    {0: "cp437", 1: "cp437", 3: "cp437"},
    dict(enumerate(("cp858", "cp852", "cp860", "cp861", "cp863", "cp865", "cp866", "cp855"), 4)),
    dict(enumerate(("cp857", "cp862", "cp864", "cp737"), 12)),
    {17: "cp869", 21: "cp874", 32: "cp1252", 33: "cp1250", 34: "cp1251"},
)
"""`ESC GS t` of Star Line mode, as far as Python has the table."""
