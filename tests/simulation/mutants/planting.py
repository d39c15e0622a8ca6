"""How a bug is planted: one function of the product replaced while a seed is played."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

BOUND = 40
"""So many seeds later a planted bug has survived, where its row says nothing else."""


@dataclass(frozen=True)
class Planted:
    """One bug."""

    name: str
    sentence: str
    """What is wrong."""
    patches: tuple[tuple[Any, str, Any], ...]
    """(module or class, name, original → stand-in)."""
    scenario: str
    """Where it shows; the hunt plays seeds of this one."""
    start: int = 0
    """The seed the hunt begins with: one that is known to catch it, so that the table is quick."""
    bound: int = BOUND

    @contextmanager
    def planted(self):
        """Have the bug in the product."""
        with ExitStack() as stack:
            for owner, name, make in self.patches:
                stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))
            yield


def always(value):
    """Replace a function by one that gives the same whatever it is asked."""
    return lambda _original: lambda *_, **__: value


def commit_here(conn):
    """End HQ's transaction in the middle, and begin another: what a stray commit does."""
    raw = conn.connection.driver_connection.raw
    raw.execute("COMMIT")
    raw.execute("BEGIN IMMEDIATE")
