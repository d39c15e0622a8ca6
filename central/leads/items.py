"""One name for one thing on every channel: the item's id, by whichever code it was told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from central.ledger.bulk import Keyed
from central.ledger.customer_tables import ITEM_KEYS

_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}", re.ASCII)
_GTIN_DIGITS = 14
_OF_GTIN = "gtin:"
"""How the catalogue's table of codes writes that a code is a GTIN."""

_KEYS = Keyed(select(ITEM_KEYS), ITEM_KEYS.c.key)


class Names:
    """Names things as the catalogue does; what it does not know keeps the code it came with."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """Keep which item each code is of."""
        self._known = known

    def of(self, code: str | None, gtin: str | None = None) -> str | None:
        """Name a thing by its item id or code, else by its GTIN; None of what has neither.

        >>> Names({"gtin:04006381333931": "pen"}).of("4006381333931")
        'pen'
        >>> Names({}).of(None, "4006381333931")
        '04006381333931'
        """
        told = code or gtin
        if not told:
            return None
        written = as_code(told)
        return self._known.get(f"{_OF_GTIN}{written}", written)


def as_code(told: str) -> str:
    """Write a GTIN with all its digits; leave anything else as it is."""
    return told.zfill(_GTIN_DIGITS) if _GTIN.fullmatch(told) else told


def names_for(conn: Connection, told: Iterable[str | None]) -> Names:
    """Look up what the catalogue calls these codes."""
    codes = sorted({f"{_OF_GTIN}{as_code(each)}" for each in told if each})
    if not codes:
        return Names({})
    return Names({row.key: row.item_id for row in _KEYS.rows(conn, codes)})
