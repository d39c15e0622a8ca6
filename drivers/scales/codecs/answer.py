"""What a scale's codec is, and what it makes of a scale's bytes."""

from __future__ import annotations

from typing import Protocol

import msgspec

from agent.contracts.devices import WeightState
from agent.core.quantities import Thousandths

FRAME_BYTES_MAX = 64
"""Longer than any answer of these protocols; more without an end mark is noise."""
LINE_REMEDY = (
    "check the protocol set at the scale, and baud rate, parity and bits of its address in the "
    "settings"
)


class Answer(msgspec.Struct, frozen=True):
    """One complete answer of a scale."""

    state: WeightState
    weight: Thousandths | None = None
    """Grams; only where the state is `stable` or `zero`."""
    detail: str = ""
    """Why there is no weight."""


class Unreadable(msgspec.Struct, frozen=True):
    """A frame that is no answer: bytes were lost or damaged, or another protocol is spoken."""

    reason: str


Said = Answer | Unreadable


def resting(weight: Thousandths) -> Answer:
    """Give the answer of a load that rests: on the scale, nothing at all, or less than that."""
    if weight < 0:
        return Answer(WeightState.UNDER_ZERO)
    return Answer(WeightState.STABLE if weight else WeightState.ZERO, weight)


class ScaleCodec(Protocol):
    """One conversation with a scale; a new one is made at each opening."""

    @property
    def question(self) -> bytes:
        """The bytes that ask for the weight."""
        ...

    @property
    def zero(self) -> bytes:
        """The bytes that ask the scale to take its present load as zero; it answers them too."""
        ...

    def feed(self, data: bytes) -> list[Said]:
        """Take bytes as they come and give what is complete with them; never raises."""
        ...

    def forget(self) -> None:
        """Drop half a frame: what comes next belongs to another question."""
        ...
