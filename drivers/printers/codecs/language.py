"""What a printer language is to a conversation: its questions, its answers, its fence.

Pure: bytes in, values out. One object lasts for one conversation. A fence is what the printer
answers only when everything sent before it has been worked off; nothing else means "printed".
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

import msgspec

from drivers.printers.codecs.condition import Condition


class Answer(msgspec.Struct, frozen=True):
    """An answer to the last question after the printer's condition."""

    data: bytes


class Told(msgspec.Struct, frozen=True):
    """A condition the printer told by itself."""

    condition: Condition


class Fenced(msgspec.Struct, frozen=True):
    """The fence came back."""


class Named(msgspec.Struct, frozen=True):
    """What the printer calls itself."""

    text: str


class Foreign(msgspec.Struct, frozen=True):
    """Bytes that only a printer of another language sends."""

    language: str
    """Which."""


class Noise(msgspec.Struct, frozen=True):
    """Bytes that mean nothing in this language."""

    data: bytes


Hearing = Answer | Told | Fenced | Named | Foreign | Noise
"""One thing the printer said."""

Inquiry = Generator[bytes, bytes, Condition]
"""Questions one by one, each sent the answer to the one before; returns the condition."""


class Language(Protocol):
    """The words of one conversation."""

    @property
    def name(self) -> str:
        """As IT calls it."""
        ...

    @property
    def fence_name(self) -> str:
        """The command whose answer means "printed", for messages."""
        ...

    @property
    def opening(self) -> bytes:
        """Sent before a job, when the printer is known to be well."""
        ...

    @property
    def rouse(self) -> bytes:
        """Ends a picture that a broken job has left half sent; prints nothing."""
        ...

    @property
    def deaf_in_pictures(self) -> bool:
        """Whether it may take a question for the rest of a picture a broken job left half sent."""
        ...

    def hear(self, chunk: bytes) -> list[Hearing]:
        """Take bytes as they arrive; the result does not depend on how the stream is cut."""
        ...

    def condition(self) -> Inquiry:
        """Ask for paper, cover and state."""
        ...

    def fence(self, payload: bytes = b"", *, raw: bool = False) -> bytes:
        """Give what is to be sent after a payload; `Fenced` is heard when it is worked off.

        Args:
            payload: what is sent before it.
            raw: the payload may itself hold commands that look like a fence.
        """
        ...

    def automatic(self, *, on: bool) -> bytes:
        """Switch on or off that the printer tells each change by itself."""
        ...

    def names(self) -> tuple[bytes, ...]:
        """Ask for maker and model; each is answered by one `Named`, or not at all."""
        ...

    def probe(self) -> bytes:
        """Ask a silent printer something that only another language answers; empty for nothing."""
        ...
