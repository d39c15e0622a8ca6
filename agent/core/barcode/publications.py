"""Books, sheet music and periodicals: what their EAN-13 says beside being a GTIN.

GS1 General Specifications, 1.4.2: prefixes 978 and 979 carry ISBN (ISO 2108) and, from 979-0 on,
ISMN (ISO 10957); prefix 977 carries ISSN (ISO 3297) and two digits for the price variant.
"""

from __future__ import annotations

from agent.core.barcode.reading import Publication

_ISSN_DIGITS = 7
_ISSN_MODULUS = 11
_WRITTEN = "0123456789X"


def publication(gtin: str) -> Publication | None:
    """Give the number of the trade that a GTIN-14 carries, or None.

    >>> publication("09783161484100").number, publication("09771234567003").number
    ('9783161484100', '1234-5679')
    """
    if gtin.startswith("09790"):
        return Publication("ismn", gtin[1:])
    if gtin.startswith(("0978", "0979")):
        return Publication("isbn", gtin[1:])
    if gtin.startswith("0977"):
        return Publication("issn", _issn(gtin[4 : 4 + _ISSN_DIGITS]))
    return None


def _issn(digits: str) -> str:
    # ISO 3297, annex A: weights 8 to 2, modulo 11; ten is written X.
    weighted = sum(
        int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)
    )
    check = -weighted % _ISSN_MODULUS
    return f"{digits[:4]}-{digits[4:]}{_WRITTEN[check]}"
