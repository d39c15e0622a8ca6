"""Mettler Toledo 8217 ("ECR"): the protocol most checkout scales speak, or can be set to.

Serial, 9600 baud, seven bits, even parity, one stop bit. The host asks with one letter and no end
mark (`W` weight, `Z` zero); the scale answers `STX weight CR`, or `STX ? status CR` when it has no
weight to give: in motion, below zero, over capacity. The weight has two decimals in pounds and
three in kilograms, without naming its unit, and ends in `N` where a tare is taken off.
Source: Mettler-Toledo, service manuals of the 8217, Viva and Diva, "8217 mode".
"""

from __future__ import annotations

from agent.contracts.devices import WeightState
from agent.core.quantities import Thousandths
from drivers.scales.codecs.answer import LINE_REMEDY, Answer, Said, Unreadable, resting
from drivers.scales.codecs.framing import Framing
from drivers.scales.codecs.weights import decimal, grams

STX = 0x02
WEIGHT = b"W"
ZERO = b"Z"
"""Takes the present load as zero, if it rests within the zero range; answered by a status."""

MOTION = 0x01
OVER_CAPACITY = 0x02
UNDER_ZERO = 0x04
OUTSIDE_ZERO_RANGE = 0x08
CENTRE_OF_ZERO = 0x10
NET = 0x20
ALWAYS_ONE = 0x40
"""Bits of the status byte; bit 7 is the parity."""

DECIMALS = {"kg": 3, "lb": 2}
"""Unit the scale is set to → decimal places of its weights."""
_STATES = (
    (OVER_CAPACITY, WeightState.OVERWEIGHT),
    (MOTION, WeightState.MOTION),
    (UNDER_ZERO, WeightState.UNDER_ZERO),
)
_SEVEN = 0x7F
_NAMES = {places: unit for unit, places in DECIMALS.items()}


class Toledo8217(Framing):
    """Frames and reads the answers of one scale."""

    question = WEIGHT
    zero = ZERO

    def __init__(self, unit: str = "kg") -> None:
        """Read weights of this unit (`kg` or `lb`); one that looks like the other is refused."""
        super().__init__(self._answer, begin=STX, bits=7)
        self._unit = unit

    def _answer(self, frame: bytes) -> Said:
        plain = _seven_bits(frame)
        if plain is None:
            return Unreadable("the parity is wrong")
        body = plain.lstrip(" ")
        if body.startswith("?"):
            return _status(body[1:])
        return self._weight(body)

    def _weight(self, body: str) -> Said:
        number = decimal(body.removesuffix("N"))
        if number is None:
            return Unreadable(f"{body!r} is no weight")
        if number[1] != DECIMALS[self._unit]:
            return _other_unit(self._unit, number[1])
        return resting(grams(number, self._unit))


def _seven_bits(frame: bytes) -> str | None:
    """Take the parity off where a line of eight bits carried it along; None where it is wrong."""
    plain = bytes(byte & _SEVEN for byte in frame)
    if plain != frame and any(byte.bit_count() % 2 for byte in frame):
        return None
    return plain.decode("ascii")


def _status(rest: str) -> Said:
    if len(rest) != 1 or not ord(rest) & ALWAYS_ONE:
        return Unreadable(f"?{rest!r} is no status")
    bits = ord(rest)
    # An overload is told first: a scale that is overloaded swings as well.
    for bit, state in _STATES:
        if bits & bit:
            return Answer(state)
    if bits & CENTRE_OF_ZERO:
        return Answer(WeightState.ZERO, Thousandths(0))
    detail = "it is outside its zero range" if bits & OUTSIDE_ZERO_RANGE else "it gives no weight"
    return Answer(WeightState.NOT_READY, detail=f"{detail}; empty it and press its zero key")


def _other_unit(unit: str, places: int) -> Said:
    other = _NAMES.get(places)
    if other is None:
        return Unreadable(f"a weight with {places} decimals; {LINE_REMEDY}")
    return Answer(
        WeightState.NOT_READY,
        detail=f"it sends weights with {places} decimals, as one set to {other} does, and the "
        f"settings say {unit}: set the scale to {unit}, or name the model of the other unit",
    )
