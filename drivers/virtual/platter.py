"""The inside of a scale: a load, how long it swings, and its answers in two protocols.

It knows nothing of the drivers' codecs: its bytes are made here, from the makers' manuals, so
that both sides cannot share a mistake.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

Protocol = Literal["toledo", "sma"]

NET_BIT, ZERO_BIT, OUTSIDE_BIT, UNDER_BIT, OVER_BIT, MOTION_BIT = (
    1 << n for n in (5, 4, 3, 2, 1, 0)
)


class Platter:
    """A scale without a port: hand it what the host sent, and it gives what the scale answers.

    Attributes:
        load_g: what lies on it, in grams; set by `put`.
        capacity_g: more than this is an overload.
        silent: it hears, and answers nothing.
        tare_g: taken off the load.
        fault: of an SMA scale: a letter of its status field (`E`, `I`, `T`), or "".
        asked: how many weights it was asked for.
    """

    def __init__(
        self,
        protocol: Protocol = "toledo",
        *,
        unit: str = "kg",
        load_g: int = 0,
        capacity_g: int = 15_000,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set it up.

        Args:
            protocol: which it speaks.
            unit: `kg` or `lb`; of an SMA scale also `g` and `oz`.
            load_g: what lies on it.
            capacity_g: what it can bear.
            now_s: its clock, for how long a load swings.
        """
        self.protocol = protocol
        self.unit = unit
        self.load_g = load_g
        self.capacity_g = capacity_g
        self.silent = False
        self.tare_g = 0
        self.fault = ""
        self.asked = 0
        self._now_s = now_s
        self._rests_at = 0.0
        self._zero_g = 0
        self._half = b""

    def put(self, grams: int, *, swings_ms: int = 0) -> None:
        """Put a load on it in place of the one that was there; it swings for so long."""
        self.load_g = grams
        self._rests_at = self._now_s() + swings_ms / 1000

    @property
    def moves(self) -> bool:
        """Whether the load still swings."""
        return self._now_s() < self._rests_at

    @property
    def net_g(self) -> int:
        """What it shows, once the load rests."""
        return self.load_g - self._zero_g - self.tare_g

    def __call__(self, data: bytes) -> bytes:
        """Take bytes of the host and give the answers to the commands that are complete."""
        if self.silent:
            return b""
        return self._toledo(data) if self.protocol == "toledo" else self._sma(data)

    def _toledo(self, data: bytes) -> bytes:
        answers = b""
        for command in data.decode("latin-1"):
            if command == "W":
                self.asked += 1
                answers += self._toledo_weight()
            elif command == "Z":
                self._take_zero()
                answers += self._toledo_status()
        return answers

    def _toledo_weight(self) -> bytes:
        if self.moves or self.net_g < 0 or self.load_g > self.capacity_g:
            return self._toledo_status()
        width = 6 if self.unit == "kg" else 5
        net = "N" if self.tare_g else ""
        return b"\x02" + f"{self._shown():0>{width}}{net}".encode() + b"\r"

    def _toledo_status(self) -> bytes:
        bits = 0x40
        bits |= MOTION_BIT if self.moves else 0
        bits |= OVER_BIT if self.load_g > self.capacity_g else 0
        bits |= UNDER_BIT if self.net_g < 0 else 0
        bits |= OUTSIDE_BIT if abs(self.load_g) * 50 > self.capacity_g else 0
        bits |= ZERO_BIT if self.net_g == 0 and not self.moves else 0
        bits |= NET_BIT if self.tare_g else 0
        return b"\x02?" + bytes((bits,)) + b"\r"

    def _sma(self, data: bytes) -> bytes:
        *commands, self._half = (self._half + data).split(b"\r")
        return b"".join(self._sma_answer(command) for command in commands)

    def _sma_answer(self, command: bytes) -> bytes:
        match command:
            case b"\nW":
                self.asked += 1
            case b"\nZ":
                self._take_zero()
            case _:
                return b"\n?\r"
        number = "-" * 10 if self.fault else f"{self._shown():>10}"
        motion = "M" if self.moves and not self.fault else " "
        kind = "N" if self.tare_g else "G"
        return f"\n{self._sma_status()}1{kind}{motion} {number}{self.unit:<3}\r".encode()

    def _sma_status(self) -> str:
        if self.fault:
            return self.fault
        if self.load_g > self.capacity_g:
            return "O"
        if self.net_g < 0:
            return "U"
        return "Z" if self.net_g == 0 and not self.moves else " "

    def _shown(self) -> str:
        if self.unit == "g":
            return str(self.net_g)
        if self.unit == "kg":
            return _decimal(self.net_g, 3)
        per_unit = 45_359_237 if self.unit == "lb" else 2_834_952
        hundredths = (abs(self.net_g) * 100 * 100_000 + per_unit // 2) // per_unit
        return _decimal(hundredths if self.net_g >= 0 else -hundredths, 2)

    def _take_zero(self) -> None:
        if not self.moves and not self.tare_g and abs(self.load_g) * 50 <= self.capacity_g:
            self._zero_g = self.load_g


def _decimal(amount: int, places: int) -> str:
    whole, fraction = divmod(abs(amount), 10**places)
    return f"{'-' if amount < 0 else ''}{whole}.{fraction:0{places}d}"
