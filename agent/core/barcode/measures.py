"""Weights, other measures and counts of AI 30 and 31nn to 36nn.

GS1 General Specifications, 3.6: six digits, the AI's last digit says how many of them are
decimals. Weights come out in grams, whatever the unit; the others stay as they were printed.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core.barcode.reading import Measure
from agent.core.quantities import Thousandths, divide_half_away

DECIMALS = range(6)

# Unit → grams as numerator and denominator; pound and troy ounce are defined exactly
# (NIST Handbook 44, appendix C).
_GRAMS = {
    "310": (1000, 1),
    "320": (45_359_237, 100_000),
    "356": (311_034_768, 10_000_000),
}
_UNITS = {
    **dict.fromkeys(("311", "312", "313"), "m"),
    "314": "m2",
    "315": "l",
    "316": "m3",
    **dict.fromkeys(("321", "324", "327"), "in"),
    **dict.fromkeys(("322", "325", "328"), "ft"),
    **dict.fromkeys(("323", "326", "329"), "yd"),
    "350": "in2",
    "351": "ft2",
    "352": "yd2",
    "357": "oz",
    "360": "qt",
    "361": "gal",
    "364": "in3",
    "365": "ft3",
    "366": "yd3",
}


def weight(values: Mapping[str, str]) -> Thousandths | None:
    """Give the net weight in grams, a half rounded up.

    >>> weight({"3103": "001234"}), weight({"3201": "000010"})
    (1234, 454)
    """
    for ai, digits in values.items():
        grams = _GRAMS.get(ai[:3]) if len(ai) == len("310n") else None
        if grams is not None:
            scale = grams[1] * 10 ** int(ai[3])
            return Thousandths(divide_half_away(int(digits) * grams[0], scale))
    return None


def measures(values: Mapping[str, str]) -> tuple[Measure, ...]:
    """Give all measures that are no weight, in their order.

    >>> measures({"3112": "000125"})
    (Measure(ai='3112', unit='m', amount='1.25'),)
    """
    return tuple(
        Measure(ai, _UNITS[ai[:3]], _decimal(digits, int(ai[3])))
        for ai, digits in values.items()
        if len(ai) == len("310n") and ai[:3] in _UNITS
    )


def _decimal(digits: str, decimals: int) -> str:
    padded = digits[: len(digits) - decimals].lstrip("0") or "0"
    return f"{padded}.{digits[-decimals:]}" if decimals else padded
