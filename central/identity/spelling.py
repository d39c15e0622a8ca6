"""How many slips of the pen lie between two words."""

from __future__ import annotations


def slips(one: str, other: str, most: int) -> int | None:
    """Count letters left out, put in, mistaken or swapped with their neighbour.

    The distance of Damerau (1964), where no letter is touched twice ("optimal string alignment").

    Args:
        one: a word.
        other: another one.
        most: beyond this nobody asks how many.

    Returns:
        The count, or None of more than `most`.

    >>> slips("mitchell", "mitchel", 2), slips("wieland", "weiland", 2), slips("ada", "eve", 1)
    (1, 1, None)
    """
    if abs(len(one) - len(other)) > most:
        return None
    one, other = _without_common(one, other)
    before: list[int] = []
    above = list(range(len(other) + 1))
    for place, sign in enumerate(one, 1):
        row = [place]
        for column, each in enumerate(other, 1):
            least = min(row[-1] + 1, above[column] + 1, above[column - 1] + (sign != each))
            if _swapped(one, other, place, column):
                least = min(least, before[column - 2] + 1)
            row.append(least)
        if min(row) > most:
            return None
        before, above = above, row
    return above[-1] if above[-1] <= most else None


def _swapped(one: str, other: str, place: int, column: int) -> bool:
    if place < 2 or column < 2:
        return False
    return one[place - 2 : place] == other[column - 2 : column][::-1]


def _without_common(one: str, other: str) -> tuple[str, str]:
    """Leave out what both begin and end with: most words differ in one place."""
    least = min(len(one), len(other))
    start = next((n for n in range(least) if one[n] != other[n]), least)
    one, other = one[start:], other[start:]
    least = min(len(one), len(other))
    end = next((n for n in range(least) if one[-1 - n] != other[-1 - n]), least)
    return one[: len(one) - end], other[: len(other) - end]
