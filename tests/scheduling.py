"""Which tests run on one worker, and in which order they are handed out.

`--dist loadgroup` of pytest-xdist 3.8 does not see groups under pytest 9.2 (its issue 1386), and a
file is the unit wanted here anyway: what a file starts, it starts once.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import Any

from xdist.scheduler import LoadScopeScheduling

BUSY = ("tests/journeys/", "tests/daemon/", "tests/simulation/")
"""They start programs or play whole worlds, and keep both cores busy."""
WAITING = ("tests/drivers/", "tests/devices/")
"""They wait for silence and for slow lines; each test stands for itself."""
TOGETHER = {
    "tests/journeys/test_console.py": "tests/journeys/test_till_page.py",
    "tests/journeys/test_refused_starts.py": "tests/journeys/test_bad_input.py",
}
"""File → the file beside which it runs, because both use the same programs or time."""


class ByFile(LoadScopeScheduling):
    """Hands out whole files (single tests of those that wait), in the order of collection."""

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """Name what is handed to one worker as a whole."""
    file = nodeid.partition("::")[0]
    if nodeid.startswith(WAITING):
        return nodeid.partition("[")[0]
    return TOGETHER.get(file, file)


def busy_beside_waiting(items: list[Any]) -> None:
    """Alternate what is busy and what waits, so that the cores are neither idle nor fought for."""
    scopes = list(dict.fromkeys(scope(item.nodeid) for item in items))
    busy = [each for each in scopes if each.startswith(BUSY)]
    waiting = [each for each in scopes if each.startswith(WAITING)]
    first = [each for each in chain.from_iterable(zip_longest(busy, waiting)) if each]
    place = {each: number for number, each in enumerate(first)}
    items.sort(key=lambda item: place.get(scope(item.nodeid), len(place)))
