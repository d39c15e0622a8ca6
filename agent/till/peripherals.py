"""What a till asks of the display and the scale beside it; the daemon hands over who does it."""

from __future__ import annotations

from typing import Protocol

from agent.contracts.devices import WeightReading
from agent.core.faults import StateFault


class Peripherals(Protocol):
    """The display and the scale of one till, if it has them."""

    @property
    def has_scale(self) -> bool:
        """Whether goods can be weighed at this till."""
        ...

    @property
    def display_columns(self) -> int | None:
        """Characters per line of the customer's display; None where there is none."""
        ...

    @property
    def display_rows(self) -> int:
        """Lines of the display; 0 where there is none."""
        ...

    def show(self, lines: tuple[str, ...]) -> None:
        """Show lines to the customer, the newest only; never waits, never fails."""
        ...

    async def weigh(self, within_s: float) -> WeightReading:
        """Give a stable weight above zero, at most a second old, or wait for one.

        Raises:
            StateFault: `no-scale`, `no-weight`, `unstable-weight`.
            UnavailableFault: `scale-not-ready`.
        """
        ...

    async def zero(self, within_s: float) -> None:
        """Have the scale take its present load as zero, and wait until it says so.

        Raises:
            StateFault: `no-scale`, `not-zeroed`.
            UnavailableFault: `scale-not-ready`.
        """
        ...


class NoPeripherals:
    """A till with neither display nor scale."""

    has_scale = False
    display_columns: int | None = None
    display_rows = 0

    def show(self, lines: tuple[str, ...]) -> None:
        """Show nothing."""

    async def weigh(self, within_s: float) -> WeightReading:
        """Weigh nothing.

        Raises:
            StateFault: `no-scale`.
        """
        del within_s
        raise _no_scale()

    async def zero(self, within_s: float) -> None:
        """Take nothing as zero.

        Raises:
            StateFault: `no-scale`.
        """
        del within_s
        raise _no_scale()


def _no_scale() -> StateFault:
    return StateFault(
        "this till has no scale",
        remedy='send "quantity" in grams, or name a device of kind "scale" at the till in the '
        "settings",
        name="no-scale",
    )
