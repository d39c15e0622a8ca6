"""A scanner that plays a keyboard: input events in, frames out.

Enter, Tab and the keypad's Enter end a scan, and the suffix of the settings does. Where the kernel
had to drop events (SYN_DROPPED, Documentation/input/event-codes.rst) or a key came that stands for
nothing, the scan in progress is noise with that reason, up to the next end: a missing character
must never pass for a shorter code.
"""

from __future__ import annotations

from drivers.scanners.codecs.frame import GROUP_SEPARATOR, Frame
from drivers.scanners.codecs.input_event import (
    EV_KEY,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
    EventReader,
    InputEvent,
)
from drivers.scanners.codecs.keys import FUNCTION_KEYS, KeyMachine, Stroke
from drivers.scanners.codecs.layouts import LAYOUTS
from drivers.scanners.codecs.suffix import SuffixFraming

_DROPPED = "keys were lost: the machine was too busy to take them in time"


class WedgeCodec:
    """Turns a stream of `struct input_event` into frames; their bytes are UTF-8."""

    def __init__(
        self,
        layout: str = "us",
        *,
        suffix: str = "\r",
        prefix: str = "",
        separator: str = "",
        by_pause: bool = False,
    ) -> None:
        """Set how the scanner types.

        Args:
            layout: a key of `LAYOUTS`.
            suffix: as `SuffixFraming`; may be empty, since Enter and Tab always end a scan.
            prefix: as `SuffixFraming`.
            separator: as `SuffixFraming`, or the name of a function key.
            by_pause: as `SuffixFraming`.

        Raises:
            KeyError: an unknown layout.
        """
        self._machine = KeyMachine(LAYOUTS[layout])
        self._events = EventReader()
        self._end = suffix or "\r"
        self._separator_key = separator if separator in FUNCTION_KEYS else ""
        self._framing = SuffixFraming(
            self._end,
            prefix=prefix,
            separator="" if self._separator_key else separator,
            by_pause=by_pause,
            encoding="utf-8",
            noisy=False,
        )
        self._lost = False

    @property
    def partial(self) -> bool:
        """See `Codec`."""
        return self._framing.partial

    @property
    def waiting(self) -> bool:
        """See `Codec`."""
        return self._framing.waiting

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take bytes as they arrive; give the frames they complete, in order."""
        frames: list[Frame] = []
        for event in self._events.feed(chunk):
            if event.type == EV_SYN:
                frames += self._synchronised(event)
            elif event.type == EV_KEY and not self._lost:
                frames += self._struck(self._machine.key(event.code, event.value))
        return frames

    def pause(self) -> list[Frame]:
        """See `Codec`."""
        return self._framing.pause()

    def idle(self) -> list[Frame]:
        """See `Codec`; a scanner holds no key for that long."""
        self._machine.release()
        return self._framing.idle()

    def _synchronised(self, event: InputEvent) -> list[Frame]:
        if event.code == SYN_REPORT:
            self._lost = False
        if event.code != SYN_DROPPED:
            return []
        self._lost = True
        self._machine.release()
        return self._framing.spoil(_DROPPED)

    def _struck(self, stroke: Stroke) -> list[Frame]:
        text = stroke.text + (self._end if stroke.ends else "")
        frames = self._framing.feed(text.encode()) if text else []
        if not stroke.named:
            return frames
        if stroke.named == self._separator_key:
            return frames + self._framing.feed(GROUP_SEPARATOR)
        return frames + self._framing.spoil(_no_character(stroke.named))


def _no_character(name: str) -> str:
    hint = f'; if it is the scanner\'s FNC1, set separator = "{name}"'
    return f"the key {name} stands for no character{hint if name in FUNCTION_KEYS else ''}"
