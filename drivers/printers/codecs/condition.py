"""A printer's condition in one word, from what its sensors say in whatever language."""

from __future__ import annotations

import msgspec

from agent.contracts.devices import PrintOutcome


class Condition(msgspec.Struct, frozen=True):
    """The printer's condition as of its last answers."""

    outcome: PrintOutcome
    detail: str = ""
    """What a person is to do about it."""
    drawer_high: bool | None = None
    """Level of the drawer switch's pin; None where it was not told."""


class Sensors(msgspec.Struct, frozen=True):
    """What the status bytes of every language boil down to."""

    cover_open: bool = False
    paper_out: bool = False
    paper_low: bool = False
    error: str = ""
    """In words a person can act on; empty where there is none."""
    offline: bool = False
    feeding: bool = False
    """Somebody holds the feed button."""
    drawer_high: bool | None = None


CUTTER = "the cutter is jammed: open the cover and take the paper out"
FATAL = "the printer reports an error that cannot be cleared: switch it off and on"
HOT = "the print head is too hot or the voltage is wrong: it recovers by itself"
UNNAMED = "the printer reports an error: open and close its cover, or switch it off and on"


def judge(sensors: Sensors) -> Condition:
    """Put the sensors into one word: what a person must mend first.

    An open cover comes first: with the cover open the paper sensor sees nothing either.
    """
    outcome, detail = _fault(sensors)
    return Condition(outcome, detail, sensors.drawer_high)


def _fault(sensors: Sensors) -> tuple[PrintOutcome, str]:
    if sensors.cover_open:
        return PrintOutcome.COVER_OPEN, "the cover is open: close it"
    if sensors.paper_out:
        return PrintOutcome.PAPER_EMPTY, "the paper is out: put in a new roll"
    if sensors.error:
        return PrintOutcome.ERROR, sensors.error
    if sensors.offline or sensors.feeding:
        return PrintOutcome.OFFLINE, "the printer is offline: press its feed button"
    if sensors.paper_low:
        return PrintOutcome.SUCCESS, "the paper is nearly out: have a new roll at hand"
    return PrintOutcome.SUCCESS, ""
