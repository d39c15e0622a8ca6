"""What one can plug in and pull out, in a `with` statement or by hand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Plugged(ABC):
    """Plugged in while entered; may be pulled out and put in again meanwhile."""

    def __enter__(self) -> Self:
        """Plug it in."""
        self.plug()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Pull it out."""
        self.unplug()

    @abstractmethod
    def plug(self) -> None:
        """Make what drivers open."""

    @abstractmethod
    def unplug(self) -> None:
        """Take it away: whoever has it open sees a hang-up."""
