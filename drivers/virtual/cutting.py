"""How a printer cuts the bytes it gets into commands, whatever its language.

A command's length is all that is needed to find the next one; what it does is the paper's business.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Command(msgspec.Struct, frozen=True):
    """One command, or a run of text without any."""

    name: str
    """Its leading bytes as text, for example `ESC @` or `GS ( k`; `text`, `LF` …"""
    data: bytes = b""
    """What follows the name; for text the characters."""


Found = tuple[Command, int]
"""A command and how many bytes it takes."""
First = Callable[[bytes], Found | None]
"""Finds the command at the start of some bytes, at least one; None while its end is not there."""


class Cutter:
    """Cuts the stream into commands; half a command waits for the rest."""

    def __init__(self, first: First) -> None:
        """Begin; `first` knows the language's controls, text is the same in all of them."""
        self._first = first
        self._pending = b""

    def feed(self, data: bytes) -> list[Command]:
        """Take bytes, give the commands they complete."""
        self._pending += data
        commands = []
        while (found := self._next()) is not None:
            command, length = found
            commands.append(command)
            self._pending = self._pending[length:]
        return commands

    def _next(self) -> Found | None:
        if not self._pending:
            return None
        return _text(self._pending) if self._pending[0] >= 0x20 else self._first(self._pending)


def _text(data: bytes) -> Found:
    length = next((at for at, byte in enumerate(data) if byte < 0x20), len(data))
    return Command("text", data[:length]), length
