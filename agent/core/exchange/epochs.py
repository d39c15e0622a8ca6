"""The epoch: one unbroken life of HQ's database, as `counter-random`.

HQ lives in one epoch until it learns that it has lost time (it was restored from a backup); the
next one tells every till to ask for its position again. The counter makes the order readable,
the random part keeps two restores of one backup apart. No dot may occur in it: a feed cursor is
`epoch.fseq.fh`.
"""

from __future__ import annotations

RANDOM_BYTES = 8
"""How many random bytes `first` and `following` are given."""


def first(random: bytes) -> str:
    """Name the epoch of a new database.

    >>> first(bytes(8))
    '1-0000000000000000'
    """
    return f"1-{random.hex()}"


def following(epoch: str, random: bytes, *, seen: str = "") -> str:
    """Name the epoch after `epoch`, and after one that a till has `seen` under HQ's signature.

    >>> following("3-aa", bytes(8))
    '4-0000000000000000'
    >>> following("3-aa", bytes(8), seen="7-bb")
    '8-0000000000000000'
    """
    return f"{max(counter(epoch), counter(seen)) + 1}-{random.hex()}"


def counter(epoch: str) -> int:
    """Read the counter; 0 of anything that is no epoch.

    >>> counter("12-ab"), counter(""), counter("x-1")
    (12, 0, 0)
    """
    digits = epoch.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
