"""Which records are compared at all: those that have something rare in common.

Comparing all with all is a million millions of pairs for a million customers. Each kind of key puts
records that agree in two things into one block; whoever differs in one of them by a slip is found
by another kind. What very many share tells nobody from another: a block beyond `BLOCK_MAX` is left
out, and its records meet in a narrower one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, product

from central.identity.candidate_records import Record

BLOCK_MAX = 40
"""Records of one block; 780 pairs."""
STREET_WORD_MIN = 4
"""Shorter words of an address are numbers and what every street is called."""
_VOWELS = frozenset("aeiouyhw")
Pair = tuple[int, int]
"""Two records by their places, the smaller first."""
Key = tuple[str, ...]


def pairs(records: Sequence[Record]) -> Iterator[Pair]:
    """Give the pairs worth comparing, one kind of key after the other.

    One kind at a time is held in memory; a pair that two kinds find is given twice.
    """
    for kind in KINDS:
        blocks: defaultdict[int, list[int]] = defaultdict(list)
        for place, record in enumerate(records):
            for key in {hash(key) for key in kind(record) if all(key)}:
                blocks[key].append(place)
        for places in blocks.values():
            if len(places) <= BLOCK_MAX:
                yield from combinations(places, 2)


def _born_where(record: Record) -> Iterable[Key]:
    return product((_digits(record.birth_date),), (_digits(record.postcode), record.city))


def _born_named(record: Record) -> Iterable[Key]:
    return product((_digits(record.birth_date),), _sounds(record))


def _born_lives(record: Record) -> Iterable[Key]:
    return product((_digits(record.birth_date),), _streets(record))


def _named_where(record: Record) -> Iterable[Key]:
    return product(_sounds(record), (_digits(record.postcode), record.city))


def _named_lives(record: Record) -> Iterable[Key]:
    return product(_sounds(record), _streets(record))


def _named(record: Record) -> Iterable[Key]:
    return combinations(sorted(_sounds(record)), 2)


def _lives(record: Record) -> Iterable[Key]:
    return product((_digits(record.postcode), record.city), ("".join(record.street),))


def _lives_near(record: Record) -> Iterable[Key]:
    number = next((each for each in record.street if each.isdecimal()), "")
    return product((_digits(record.postcode), record.city), _streets(record), (number,))


def _reached(record: Record) -> Iterable[Key]:
    return ((contact,) for contact in record.contacts)


KINDS: tuple[Callable[[Record], Iterable[Key]], ...] = (
    _born_where,
    _born_named,
    _born_lives,
    _named_where,
    _named_lives,
    _named,
    _lives,
    _lives_near,
    _reached,
)


def _digits(text: str) -> str:
    """Write digits so that two of them the other way round do not matter."""
    return "".join(sorted(text))


def _streets(record: Record) -> set[str]:
    return {sound(word) for word in record.street if len(word) >= STREET_WORD_MIN}


def _sounds(record: Record) -> set[str]:
    return {sound(word) for word in record.words if len(word) > 1}


def sound(word: str) -> str:
    """Write a word as it is found in spite of most slips: first letter, consonants, none twice.

    >>> sound("mitchell"), sound("mitchel"), sound("maier") == sound("mayer")
    ('mtcl', 'mtcl', True)
    """
    kept = [word[0]]
    for sign in word[1:]:
        if sign not in _VOWELS and sign != kept[-1]:
            kept.append(sign)
    return "".join(kept)
