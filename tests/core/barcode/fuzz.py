"""Random scans through the reader and the recogniser: none may raise, each must be quick.

    python -m tests.core.barcode.fuzz --count 1000000 [--seed 1]

A third of the scans are uniform bytes, a third element strings made by the grammar and then
broken, a third web addresses likewise. Prints the time of one scan: half, 99 of 100, the longest.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from array import array

from agent.core.barcode import BarcodeRules, check_digit, read, symbol_kind
from agent.core.recognition import RecognitionRules, means_of, reasons_of

CODES = BarcodeRules(("21IIIIIPPPPPC", "22IIIIIWWWWWC", "23IIIIVPPPPPC"), "EUR")
RULES = RecognitionRules(("LC",), ("WEB-",), "DE", "store-0001")
LIMIT_NS = 1_000_000
BYTES_MAX = 300
AIMS = (
    "",
    "",
    "]C1",
    "]e0",
    "]d2",
    "]Q3",
    "]J1",
    "]E0",
    "]E4",
    "]Q1",
    "]d1",
    "]C0",
    "]z1",
    "]Q2",
    "]I1",
)
AIS = (
    *("01", "02", "00", "10", "11", "15", "17", "20", "21", "22", "235", "240", "250", "253"),
    *("255", "30", "3103", "3202", "3115", "37", "3922", "3932", "400", "401", "402", "410"),
    *("414", "421", "422", "423", "7003", "7007", "7030", "710", "8001", "8003", "8006", "8007"),
    *("8008", "8013", "8018", "8020", "8110", "8112", "8200", "90", "99", "4309", "7258"),
)
HOSTS = ("id.gs1.org", "EXAMPLE.com", "a", "[2001:db8::1]", "x:8080", "", "é.example")
STEMS = ("", "", "/shop", "/01/faux", "/a/b/c")
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


class Maker:
    """Makes scans by chance; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def scan(self) -> bytes:
        """Make the next scan."""
        kind = self.random.randrange(3)
        if kind == 0:
            return self.random.randbytes(self.random.randrange(BYTES_MAX))
        text = self.elements() if kind == 1 else self.link()
        raw = (self.random.choice(AIMS) + text).encode()
        return self.broken(raw) if self.random.random() < 0.5 else raw

    def elements(self) -> str:
        """Make an element string that is often valid."""
        count = self.random.randrange(1, 6)
        separators = ("\x1d", "", "\x1d\x1d")
        return "".join(
            self.ai() + self.value() + self.random.choice(separators) for _ in range(count)
        )

    def link(self) -> str:
        """Make a Digital Link that is often valid."""
        scheme = self.random.choice(("https://", "HTTPS://", "http://", "hTTp://", "ftp://"))
        path = "".join(f"/{self.ai()}/{self.value()}" for _ in range(self.random.randrange(4)))
        query = "&".join(f"{self.ai()}={self.value()}" for _ in range(self.random.randrange(4)))
        stem = self.random.choice(STEMS) + self.random.choice(("/01/" + self.gtin(), ""))
        tail = f"?{query}" if query else self.random.choice(("", "#x", "?a=b"))
        return scheme + self.random.choice(HOSTS) + stem + path + tail

    def ai(self) -> str:
        """Choose an AI, sometimes none that exists."""
        return (
            self.random.choice(AIS)
            if self.random.random() < 0.95
            else str(self.random.randrange(10_000))
        )

    def value(self) -> str:
        """Make a value: digits, a GTIN, a date, or any of GS1's characters."""
        kind = self.random.randrange(5)
        if kind == 0:
            return self.gtin()
        if kind == 1:
            return "".join(self.random.choices("0123456789", k=self.random.randrange(1, 25)))
        if kind == 2:
            return self.random.choice(("261231", "260200", "261332", "2612312359", "999999"))
        return "".join(self.random.choices(SET_82, k=self.random.randrange(1, 95)))

    def gtin(self) -> str:
        """Make fourteen digits that fit."""
        digits = f"{self.random.randrange(10**13):013}"
        return digits + str(check_digit(digits))

    def broken(self, raw: bytes) -> bytes:
        """Change, drop or double a few bytes."""
        left = bytearray(raw)
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(left) + 1)
            change = self.random.randrange(3)
            if change == 0:
                left.insert(at, self.random.randrange(256))
            elif change == 1:
                del left[at : at + self.random.randrange(1, 4)]
            else:
                left[at:at] = left[at : at + 5]
        return bytes(left)


def recognise(raw: bytes) -> None:
    """Do everything a till does with a scan before it looks anything up."""
    reading = read(raw, CODES)
    means_of(reading, RULES)
    reasons_of(reading, RULES)
    symbol_kind(reading)


def took(raw: bytes) -> int:
    """Time one scan, in nanoseconds."""
    begin = time.perf_counter_ns()
    recognise(raw)
    return time.perf_counter_ns() - begin


def run(count: int, seed: int) -> dict[str, float]:
    """Recognise so many scans; gives the times of one scan in microseconds.

    Raises:
        RuntimeError: a scan raised; its bytes are in the message.
    """
    maker, times = Maker(seed), array("q", bytes(8 * count))
    for _ in range(1000):
        recognise(maker.scan())
    gc.disable()
    for n in range(count):
        raw = maker.scan()
        try:
            times[n] = took(raw)
        except Exception as error:
            raise RuntimeError(f"seed {seed}, scan {n} raised {error!r}: {raw!r}") from error
        if times[n] > LIMIT_NS:
            # Another program may have had the processor in between.
            times[n] = min(times[n], took(raw), took(raw))
    gc.enable()
    ordered = sorted(times)
    return {
        "p50": ordered[count // 2] / 1000,
        "p99": ordered[count * 99 // 100] / 1000,
        "max": ordered[-1] / 1000,
    }


KINDS = {
    "EAN-13": b"]E04006381333931",
    "EAN-13 without AIM identifier": b"4006381333931",
    "UPC-E": b"]E001234505",
    "in-store price": b"]E02112345012995",
    "GS1-128, five elements": b"]C1010952012345678817280200310300123410AB-1\x1d21S1",
    "GS1 DataMatrix": b"]d20109520123456788172612311012345\x1d21ABC",
    "Digital Link": b"]Q1https://id.gs1.org/01/09520123456788/10/ABC/21/S1?17=271231",
    "loyalty card": b"]Q1LC004106105R",
    "receipt": b"]C0store-0001-till-1-3f9a-17",
    "noise": bytes(range(128, 160)),
}


def kinds(rounds: int) -> dict[str, float]:
    """Time each kind of scan; gives microseconds, the median of many."""
    times = {}
    for name, raw in KINDS.items():
        recognise(raw)
        times[name] = sorted(took(raw) for _ in range(rounds))[rounds // 2] / 1000
    return times


def main() -> int:
    """Run from the command line; exit 1 where 99 of 100 scans take longer than a millisecond."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", action="store_true", help="only time each kind of scan")
    parser.add_argument("--rounds", type=int, default=5000, help="of each kind")
    asked = parser.parse_args()
    if asked.kinds:
        times = kinds(asked.rounds)
        sys.stdout.writelines(f"{time_us:6.1f} µs  {name}\n" for name, time_us in times.items())
        return 0
    times = run(asked.count, asked.seed)
    words = ", ".join(f"{name} {value:.1f} µs" for name, value in times.items())
    sys.stdout.write(f"{asked.count} scans, no exception: {words}\n")
    return int(times["p99"] * 1000 > LIMIT_NS)


if __name__ == "__main__":
    sys.exit(main())
