"""SMA SCP-0499, level 1: the Scale Manufacturers Association's serial protocol.

Each command is `LF letter CR`; each answer is `LF s r n m f weight unit CR`, all of fixed width:
status, range, gross or net, motion, one reserved character, ten of weight, three of unit. The
unit stands in every answer, so a scale that was switched to pounds is read rightly. `LF ? CR`
says that a command is unknown, `LF ! CR` that it arrived damaged.
Source: Scale Manufacturers Association, SMA SCP-0499, sections 4 and 5.
"""

from __future__ import annotations

from agent.contracts.devices import WeightState
from drivers.scales.codecs.answer import Answer, Said, Unreadable, resting
from drivers.scales.codecs.framing import LF, Framing
from drivers.scales.codecs.weights import UNITS, decimal, grams

WEIGHT = b"\nW\r"
"""What lies there now, at rest or not."""
ZERO = b"\nZ\r"

_HEAD = 5
_NUMBER = 10
_FRAME = _HEAD + _NUMBER + 3
_FAULTS = {
    "E": "it cannot find its zero: empty it and press its zero key",
    "I": "it found no zero when it was switched on: empty it and switch it off and on",
    "T": "its tare could not be taken: clear the tare at the scale",
}
_UNKNOWN_COMMAND = "?"
_DAMAGED_COMMAND = "!"


class Sma(Framing):
    """Frames and reads the answers of one scale."""

    question = WEIGHT
    zero = ZERO

    def __init__(self) -> None:
        super().__init__(_read, begin=LF, begins_twice=True)


def _read(frame: bytes) -> Said:
    if not frame.isascii():
        return Unreadable("the parity is wrong")
    text = frame.decode("ascii")
    if text == _UNKNOWN_COMMAND:
        detail = "it does not know the command for a weight: set its protocol to SMA"
        return Answer(WeightState.NOT_READY, detail=detail)
    if text == _DAMAGED_COMMAND:
        return Unreadable("the question reached the scale damaged")
    if len(text) != _FRAME:
        return Unreadable(f"an answer of {len(text)} characters instead of {_FRAME}")
    return _weighed(text)


def _weighed(text: str) -> Said:
    status, reach, kind, motion = text[0], text[1], text[2], text[3]
    if kind not in "GN" or not reach.isdigit() or motion not in "M " or status not in " ZOUEIT":
        return Unreadable(f"{text!r} is no weight")
    if status in _FAULTS:
        return Answer(WeightState.NOT_READY, detail=_FAULTS[status])
    # What lies outside the range is told first: a scale that is overloaded swings as well.
    if status == "O":
        return Answer(WeightState.OVERWEIGHT)
    if motion == "M":
        return Answer(WeightState.MOTION)
    if status == "U":
        return Answer(WeightState.UNDER_ZERO)
    return _settled(text[_HEAD : _HEAD + _NUMBER], text[_HEAD + _NUMBER :].strip(" _").lower())


def _settled(text: str, unit: str) -> Said:
    if unit not in UNITS:
        return Answer(
            WeightState.NOT_READY,
            detail=f"it weighs in {unit or 'no unit'!r}: set it to {', '.join(sorted(UNITS))}",
        )
    if not text.strip(" -"):
        return Answer(WeightState.NOT_READY, detail="it shows dashes instead of a weight")
    number = decimal(text)
    return Unreadable(f"{text!r} is no weight") if number is None else resting(grams(number, unit))
