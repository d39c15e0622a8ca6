"""Which version of journal sync two programs speak: the highest that both understand.

A message names its version in the header `X-Sync-Version`; every answer of HQ names the range it
understands in `X-Sync-Versions`, 426 above all. Versions add: a field is appended, a kind is new,
and the bodies of entries are kept byte for byte, understood or not (invariant I17).
"""

from __future__ import annotations

import msgspec

from agent.core.exchange.wire import SYNC_VERSION

VERSIONS_HEADER = "X-Sync-Versions"
"""Of every answer of HQ: `1` or `1-3`."""
_DIGITS_MAX = 4


class Versions(msgspec.Struct, frozen=True):
    """A range of sync versions, both ends included."""

    lowest: int
    highest: int

    def __str__(self) -> str:
        """Write it as it travels."""
        one = self.lowest == self.highest
        return str(self.lowest) if one else f"{self.lowest}-{self.highest}"

    def __contains__(self, version: int) -> bool:
        """Tell whether a version is understood."""
        return self.lowest <= version <= self.highest


SYNC_VERSIONS = Versions(SYNC_VERSION, SYNC_VERSION)
"""What this program understands."""


def parse(text: str) -> Versions | None:
    """Read a range; None of anything that is none.

    >>> parse("1-3"), parse("2"), parse("3-1"), parse("x")
    (Versions(lowest=1, highest=3), Versions(lowest=2, highest=2), None, None)
    """
    lowest, dash, highest = text.strip().partition("-")
    ends = [lowest, highest if dash else lowest]
    if not all(end.isascii() and end.isdigit() and len(end) <= _DIGITS_MAX for end in ends):
        return None
    found = Versions(int(ends[0]), int(ends[1]))
    return found if 0 < found.lowest <= found.highest else None


def common(ours: Versions, theirs: Versions) -> int | None:
    """Give the highest version both understand; None where there is none.

    >>> common(Versions(1, 3), Versions(2, 5)), common(Versions(1, 1), Versions(2, 2))
    (3, None)
    """
    highest = min(ours.highest, theirs.highest)
    return highest if highest >= max(ours.lowest, theirs.lowest) else None


def advice(ours: Versions, theirs: Versions) -> str:
    """Say who must be updated, as a sentence for the till's side.

    >>> advice(Versions(1, 1), Versions(2, 4))
    'update this till-agent: it speaks sync version 1, HQ speaks 2-4'
    """
    who = "this till-agent" if ours.highest < theirs.lowest else "till-central at HQ"
    return f"update {who}: it speaks sync version {_spoken(ours, theirs)}"


def _spoken(ours: Versions, theirs: Versions) -> str:
    if ours.highest < theirs.lowest:
        return f"{ours}, HQ speaks {theirs}"
    return f"{theirs}, this till-agent speaks {ours}"
