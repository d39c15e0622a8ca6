"""What is like in two records, as keys: found by looking up, not by comparing all with all.

A key only ever proposes. It is chosen so that at five million customers two strangers seldom share
it: a birth date goes with a family name or a postcode, never with a given name alone. A model that
compares more, if the chain runs one, proposes beside it, as candidate edges of parties.
"""

from __future__ import annotations

import re

from agent.core.history.graph import Key, Likeness, LikenessType
from agent.core.recognition import name_postcode

_BIRTH_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ANY_POSTCODE = "000"


def likenesses(name: str = "", birth_date: str = "", postcode: str = "") -> tuple[Key, ...]:
    """Give the keys of a record; what it lacks, or nobody can read, makes no key.

    Args:
        name: as written.
        birth_date: ISO 8601.
        postcode: as written.

    >>> [key.value for key in likenesses("Ada Byron", "1980-01-02", "10115")]
    ['byron|10115', 'byron|1980-01-02', '1980-01-02|10115']
    """
    known = name_postcode.key(name, postcode)
    family = (name_postcode.key(name, _ANY_POSTCODE) or _NOTHING).value.partition("|")[0]
    code = (name_postcode.key("x", postcode) or _NOTHING).value.rpartition("|")[2]
    born = birth_date.strip() if _BIRTH_DATE.fullmatch(birth_date.strip()) else ""
    keys = (
        known,
        _key(LikenessType.FAMILY_BIRTH_DATE, family, born),
        _key(LikenessType.BIRTH_DATE_POSTCODE, born, code),
    )
    return tuple(key for key in keys if key is not None)


def _key(kind: LikenessType, *parts: str) -> Likeness | None:
    return Likeness(kind, "|".join(parts)) if all(parts) else None


_NOTHING = Likeness(LikenessType.FAMILY_BIRTH_DATE, "|")
