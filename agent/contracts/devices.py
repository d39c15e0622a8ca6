"""What the agent asks of devices; drivers implement it and are handed over by the daemon.

Each driver opens its own transport when asked and raises `DeviceFault` when it cannot; reopening,
backing off and reporting is the business of `agent.devices`, never of a driver.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

import msgspec

from agent.core.faults import UnavailableFault
from agent.core.quantities import Thousandths
from agent.core.receipt.document import ReceiptDocument


class DeviceFault(UnavailableFault):
    """The device cannot be opened, went away, or answers nonsense."""

    name = "device-fault"
    title = "A device is not working"


class ScanFrame(msgspec.Struct, frozen=True):
    """One complete frame of a scanner, framing bytes removed, and when its last byte arrived."""

    data: bytes
    mono_ns: int
    noise: str | None = None
    """Why the bytes are no scan (too long, not text …); `data` then holds the first of them."""


class Scanner(Protocol):
    """A barcode scanner that can be opened, read until it fails, and opened again."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[ScanFrame]]:
        """Open the transport and give its scans; closing the context closes the transport.

        Raises:
            DeviceFault: on opening, or from the iterator when the device goes away.
        """
        ...


class PrintOutcome(StrEnum):
    """How one conversation with a printer ended."""

    SUCCESS = "success"
    PAPER_EMPTY = "paper_empty"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    ERROR = "error"
    UNRESPONSIVE = "unresponsive"
    DISCONNECTED = "disconnected"


class PrintResult(msgspec.Struct, frozen=True):
    """The outcome, and whether any byte of the job can have reached the printer."""

    outcome: PrintOutcome
    sent: bool
    """False only when it is certain that nothing of the job left this machine."""
    detail: str = ""
    """Why, and what to do about it; of a success what there is to know, empty where all is well."""
    drawer_high: bool | None = None
    """Level of pin 3 of the drawer's connector as last told (`DLE EOT 1` bit 2); None: not told."""


class Printer(Protocol):
    """A receipt printer; one conversation at a time, the caller sees to that."""

    async def print_document(self, document: ReceiptDocument) -> PrintResult:
        """Identify, ask for status, send, fence, how it ended; a dead device is a result."""
        ...

    async def print_raw(self, payload: bytes) -> PrintResult:
        """The same conversation around bytes that are already in the printer's own language."""
        ...

    async def kick_drawer(self) -> PrintResult:
        """Open the cash drawer: never repeated by the driver."""
        ...

    async def status(self) -> PrintResult:
        """Ask whether the printer could print now; `SUCCESS` means it could."""
        ...

    def watch(self) -> AsyncGenerator[PrintResult, None]:
        """Give the printer's condition at once and each time it changes, until closed.

        The driver decides how: by what the printer tells unasked (ASB) on a connection it holds,
        or by asking in between. Whoever wants to print closes the generator (`aclose`) first: one
        conversation at a time. A dead printer is a result, never an exception.
        """
        ...


class WeightState(StrEnum):
    """What a scale says of its load (UnifiedPOS Scale, `StatusUpdateEvent`)."""

    STABLE = "stable"
    MOTION = "motion"
    ZERO = "zero"
    """Stable, and nothing lies on it."""
    UNDER_ZERO = "under_zero"
    OVERWEIGHT = "overweight"
    NOT_READY = "not_ready"
    """It warms up, has lost its zero, or answers with an error; the detail says which."""


class WeightReading(msgspec.Struct, frozen=True):
    """One answer of a scale and when its last byte arrived."""

    state: WeightState
    mono_ns: int
    weight: Thousandths | None = None
    """Grams (thousandths of a kilogram), net; only where `state` is `stable` or `zero`."""
    detail: str = ""
    """Why there is no weight, and what to do about it."""


class Scale(Protocol):
    """A scale that can be opened, read until it fails, and opened again."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[WeightReading]]:
        """Open the transport and give its readings, some five a second, as the driver asks.

        Raises:
            DeviceFault: on opening, or from the iterator when the scale goes away or is silent.
        """
        ...

    def zero(self) -> None:
        """Have the open scale take its present load as zero, instead of its next question.

        It does so only with a load at rest within its zero range; its readings tell whether.
        """
        ...


class Screen(Protocol):
    """An open line display."""

    async def show(self, lines: Sequence[str]) -> None:
        """Show these lines from the top; what is too long is cut, what is missing is blank.

        Raises:
            DeviceFault: the display went away.
        """
        ...


class Display(Protocol):
    """A customer's line display (UnifiedPOS LineDisplay)."""

    @property
    def columns(self) -> int:
        """Characters per line."""
        ...

    @property
    def rows(self) -> int:
        """Lines."""
        ...

    def open(self) -> AbstractAsyncContextManager[Screen]:
        """Open the transport and clear the display.

        Raises:
            DeviceFault: it cannot be opened.
        """
        ...
