"""Whether two names can be one person's: strict, as it helps to decide a merge nobody looks at.

Case, accents, punctuation and order do not matter, and one name may leave out words of the other
(a middle name, a second family name) as long as two words agree. A single word agrees with
nothing: a family shares it. Initials, nicknames and typing errors are for the statistical model
and for people.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

WORDS_MIN = 2
"""Words that must agree: a given name and a family name. An initial is none."""
_APOSTROPHES = "'\u2019\u02bc"


def words(name: str) -> frozenset[str]:
    """Give the words of a name as they are compared.

    >>> sorted(words("Müller-Neil,  ZOË"))
    ['muller', 'neil', 'zoe']
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = (sign for sign in plain if sign not in _APOSTROPHES and not unicodedata.combining(sign))
    return frozenset("".join(sign if sign.isalnum() else " " for sign in kept).split())


def agree(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether two parties, by any of the names heard of each, can be one person.

    >>> agree(["Ada Byron"], ["BYRON, Ada King"]), agree(["Ada Byron"], ["A. Byron"])
    (True, False)
    """
    theirs = [words(name) for name in other]
    return any(_agree(words(name), named) for name in one for named in theirs)


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    common = one & other
    whole = [word for word in common if len(word) > 1 or not word.isascii()]
    return common in (one, other) and len(whole) >= WORDS_MIN
