"""An event as it was received: without card numbers, and read, or why it cannot be."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from agent.core.faults import Fault
from central.channels.masking import Clean, without_card_numbers
from central.channels.told import EventTold, read_event
from central.ledger.texts import UnfitText, holds_nul

_ID_CHARACTERS = 120


class Received(NamedTuple):
    """One event on its way in."""

    event_id: str
    clean: Clean
    read: EventTold | Fault
    """The event, or why it is none."""

    @property
    def body(self) -> bytes:
        """As it is kept."""
        return self.clean.body

    @property
    def order_no(self) -> str | None:
        """Of the order it tells of, if it does."""
        order = self.read.order if isinstance(self.read, EventTold) else None
        return order.order_no if order else None

    def event(self) -> EventTold:
        """Give the event.

        Raises:
            UnfitText: a text in it cannot be kept.
            Fault: it is no event.
        """
        if isinstance(self.read, Fault):
            raise self.read
        return self.read


def received(body: bytes) -> Received:
    """Mask the card numbers of an event, and read it."""
    clean = without_card_numbers(body)
    read = _read(clean.body)
    event_id = _id_of(clean.body) if isinstance(read, Fault) else read.event_id
    return Received(event_id, clean, read)


def _read(body: bytes) -> EventTold | Fault:
    if holds_nul(body):
        return UnfitText(
            "a text in this event holds a NUL (U+0000)",
            remedy="take it out at the web store and send the event again",
        )
    try:
        return read_event(body)
    except Fault as fault:
        return fault


class _Named(msgspec.Struct):
    event_id: str = ""


def _id_of(body: bytes) -> str:
    """Name an event even if it cannot be read, so that it can be kept and found again."""
    try:
        event_id = msgspec.json.decode(body, type=_Named).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event_id = ""
    if "\0" in event_id:
        event_id = ""
    return event_id[:_ID_CHARACTERS] or f"unreadable-{hashlib.sha256(body).hexdigest()[:32]}"
