"""What the doctor says of one thing."""

from __future__ import annotations

import msgspec

from agent.core.faults import Fault


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    """What was looked at, such as `settings`, `device counter`."""
    ok: bool
    detail: str
    """What was found, in one sentence."""
    remedy: str = ""
    """What to do; there is always one where it is not ok."""


def well(name: str, detail: str, remedy: str = "") -> Finding:
    """Say that all is well; a remedy makes it a note."""
    return Finding(name, ok=True, detail=detail, remedy=remedy)


def ill(name: str, detail: str, remedy: str) -> Finding:
    """Say that something is wrong, and what to do."""
    return Finding(name, ok=False, detail=detail, remedy=remedy)


def from_fault(name: str, fault: Fault) -> Finding:
    """Show a fault as what it is: something wrong, with a remedy."""
    return ill(name, fault.detail, fault.remedy)
