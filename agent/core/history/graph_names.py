"""Whether two names can be one person's: strict, as it helps to decide a merge nobody looks at.

Case, accents, punctuation and order do not matter, and one name may leave out words of the other
(a middle name, a second family name). Two questions are asked. Names *agree* when they have two
words in common: a single word agrees with nothing, a family shares it. Names *fit* when nothing in
them speaks against one person: a name that was not told, a family name alone, an initial. Each of
"Karl Byron" and "Eva Byron" has a word that the other lacks: they do not fit, whoever's card they
both showed. Nicknames are for the statistical model and for people.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from operator import eq

WORDS_MIN = 2
"""Words that must agree: a given name and a family name. An initial is none."""
SLIP_MIN = 3
"""Letters of the shorter word; of two, one letter is half the word."""
_APOSTROPHES = "'\u2019\u02bc"


def words(name: str) -> frozenset[str]:
    """Give the words of a name as they are compared.

    >>> sorted(words("Müller-Neil,  ZOË"))
    ['muller', 'neil', 'zoe']
    """
    return frozenset(_spelled(name))


def _spelled(name: str) -> list[str]:
    """Give the words in their order."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = (sign for sign in plain if sign not in _APOSTROPHES and not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in kept).split()


def agree(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether two parties, by any of the names heard of each, can be one person.

    >>> agree(["Ada Byron"], ["BYRON, Ada King"]), agree(["Ada Byron"], ["A. Byron"])
    (True, False)
    """
    theirs = [words(name) for name in other]
    return any(_agree(words(name), named) for name in one for named in theirs)


def fit(one: Iterable[str], other: Iterable[str], *, slips: bool = False) -> bool:
    """Tell whether no name stands against two parties being one person; so it does without names.

    Args:
        one: the names heard of one party; words that hold nothing readable are none.
        other: those heard of the other.
        slips: whether one letter of a word may be wrong, missing, too many or in its neighbour's
            place, and words may be parted or joined: "Hans-Peter" and "Hanspeter". "Anna" and
            "Anne" fit only then, and may be twins.

    >>> fit(["Ada Byron"], ["A. Byron"]), fit(["Ada Byron"], ["Eva Byron"]), fit([], ["Ada"])
    (True, False, True)
    """
    mine, theirs = ([told for name in names if (told := _spelled(name))] for names in (one, other))
    if not mine or not theirs:
        return True
    return any(_fit(named, name, slips=slips) for named in mine for name in theirs)


def _fit(one: Sequence[str], other: Sequence[str], *, slips: bool) -> bool:
    """Tell whether one of two names has no word of its own.

    An initial stands for one word, and not for leaving out others beside it: "Karl O. Byron" is not
    "Karl Ortiz".
    """
    if slips and "".join(one) == "".join(other):
        return True
    mine, theirs = {*one} - {*other}, {*other} - {*one}
    spelled: Callable[[str, str], bool] = _slip if slips else eq
    if _are_in(mine, theirs, spelled) or _are_in(theirs, mine, spelled):
        return True
    return all(
        any(_stands_for(word, each) or spelled(word, each) for each in others)
        for some, others in ((mine, theirs), (theirs, mine))
        for word in some
    )


def _are_in(some: Iterable[str], others: Iterable[str], alike: Callable[[str, str], bool]) -> bool:
    return all(any(alike(word, each) for each in others) for word in some)


def _stands_for(one: str, other: str) -> bool:
    """Tell whether one of two words is the initial of the other."""
    return min(len(one), len(other)) == 1 and one[0] == other[0]


def _slip(one: str, other: str) -> bool:
    """Tell whether two words are one letter apart (Damerau 1964), short ones never."""
    short, long = sorted((one, other), key=len)
    if len(short) < SLIP_MIN or len(long) - len(short) > 1:
        return False
    at = next((n for n, sign in enumerate(short) if sign != long[n]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2][::-1] + short[at + 2 :]
    return long[at:] in (swapped, long[at : at + 1] + short[at + 1 :])


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    common = one & other
    whole = [word for word in common if len(word) > 1 or not word.isascii()]
    return common in (one, other) and len(whole) >= WORDS_MIN
