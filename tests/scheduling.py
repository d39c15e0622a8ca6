"""Which tests run on one worker, and which begin first.

`--dist loadgroup` of pytest-xdist 3.8 does not see groups under pytest 9.2 (its issue 1386), and a
file is the unit wanted here anyway: what a file starts, it starts once.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

LONG = "tests/journeys/"
"""They start programs: they begin first, so that no worker waits for them at the end."""
TOGETHER = {
    "tests/journeys/test_console.py": "tests/journeys/test_till_page.py",
    "tests/journeys/test_refused_starts.py": "tests/journeys/test_bad_input.py",
}
"""File → the file beside which it runs, because both use the same programs or time."""


class ByFile(LoadScopeScheduling):
    """Hands out whole files, in the order of collection."""

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file, file)


def long_ones_first(items: list[Any]) -> None:
    """Put the journeys in front, everything else stays in order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
