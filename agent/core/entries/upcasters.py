"""Reading bodies of earlier versions: one small function per step, chained up to today's shape.

An upcaster takes the plain JSON object of version n and gives that of version n + 1. It fills in
what the older writer could not know; it never guesses, and it never touches what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Fields = dict[str, Any]
"""A body as plain JSON values."""
Upcaster = Callable[[Fields], Fields]

UPCASTERS: Mapping[tuple[int, int], Upcaster] = MappingProxyType({})
"""(kind, version as written) → the step to the next version. Every kind is at version 1 today."""


def upcast(
    kind: int, written: int, today: int, fields: Fields, steps: Mapping[tuple[int, int], Upcaster]
) -> Fields:
    """Bring a body's fields from the version it was written in to the version of today.

    Raises:
        KeyError: a step is missing.

    >>> upcast(7, 1, 3, {"a": 1}, {(7, 1): lambda f: f | {"b": 2}, (7, 2): lambda f: f | {"c": 3}})
    {'a': 1, 'b': 2, 'c': 3}
    """
    for version in range(written, today):
        fields = steps[kind, version](fields)
    return fields
