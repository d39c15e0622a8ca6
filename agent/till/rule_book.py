"""A rule of HQ's as it was published: read once, and again when it changes; it holds up nothing.

A rule that cannot be understood is none. A directory that cannot be read leaves the rule at what
was last read of it: a sale is paid and completed whatever becomes of what is known beside it (P6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
import structlog

from agent.core.faults import Fault
from agent.directory import Directory

T = TypeVar("T")

log = structlog.get_logger(__name__)


class RuleBook(Generic[T]):
    """What one rule says now."""

    def __init__(
        self, directory: Directory, rule: str, read: Callable[[bytes], T], nothing: T, lost: str
    ) -> None:
        """Read nothing yet.

        Args:
            directory: holds the rule.
            rule: its name.
            read: understands its JSON; raises a Fault or `msgspec.MsgspecError` where it cannot.
            nothing: where there is none.
            lost: what does not happen without it, for the log.
        """
        self._directory, self._rule, self._read = directory, rule, read
        self._nothing, self._lost = nothing, lost
        self._body: bytes | None = None
        self._said = nothing

    def now(self) -> T:
        """Give what it says."""
        try:
            body = self._directory.rule(self._rule)
        except Fault as fault:
            log.warning(
                "a rule cannot be read, the last one holds", rule=self._rule, why=str(fault)
            )
            return self._said
        if body != self._body:
            self._body, self._said = body, self._understood(body)
        return self._said

    def _understood(self, body: bytes | None) -> T:
        if body is None:
            return self._nothing
        try:
            return self._read(body)
        except (Fault, msgspec.MsgspecError) as problem:
            why = str(problem)
            log.warning("HQ's rule means nothing here", rule=self._rule, lost=self._lost, why=why)
            return self._nothing
