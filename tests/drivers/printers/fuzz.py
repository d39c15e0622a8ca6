"""Random bytes through everything that reads on either side of a printer's wire.

    python -m tests.drivers.printers.fuzz --count 1000000

Half of the strings are noise, half are made of the bytes these languages are made of. Each goes
through every reader whole and cut in two, and both must say the same. A failure prints its string.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

from drivers.printers.codecs.escpos_language import EscPosLanguage
from drivers.printers.codecs.star_status import StarLanguage
from drivers.virtual.commands import CommandReader, RealTimeReader
from drivers.virtual.paper import Paper
from drivers.virtual.star_commands import StarCommandReader
from drivers.virtual.star_paper import StarPaper

TELLING = (
    b"\x00\x01\x04\x05\x06\x07\x0a\x0f\x10\x12\x14\x16\x17\x18\x1b\x1c\x1d\x1e\x21\x22\x23\x37\x5f"
    b"\x02\x03\x30\x31\x80\x86\xff@!#&(*DHIVXabdikrtvwyESPLeg"
)
"""Bytes that mean something to a printer or to its driver."""
LENGTH_MAX = 40
Reader = Callable[[bytes], object]


def _language(language):
    language.fence()
    language.names()
    return language.hear


READERS: dict[str, Callable[[], Reader]] = {
    "ESC/POS answers by id": lambda: _language(EscPosLanguage(by_id=True)),
    "ESC/POS answers by count": lambda: _language(EscPosLanguage()),
    "Star answers": lambda: _language(StarLanguage()),
    "ESC/POS commands": lambda: CommandReader().feed,
    "ESC/POS real time": lambda: RealTimeReader().feed,
    "Star commands": lambda: StarCommandReader().feed,
    "ESC/POS paper": lambda: Paper().feed,
    "Star paper": lambda: StarPaper(network=True).feed,
}
"""Name → makes a fresh reader."""
SPLITTABLE = frozenset(READERS) - {
    "ESC/POS commands",
    "Star commands",
    "ESC/POS paper",
    "Star paper",
}
"""What says the same however it is cut; printers cut text and answer when they are fed."""


def strings(count, seed):
    """Give so many byte strings."""
    source = random.Random(seed)
    for number in range(count):
        length = source.randrange(1, LENGTH_MAX)
        if number % 2:
            yield source.randbytes(length)
        else:
            yield bytes(source.choices(TELLING, k=length))


def fuzz(count, seed=0):
    """Put so many strings through every reader; give how many went through.

    Raises:
        AssertionError: a reader raised, or cutting changed what it said; the string is in it.
    """
    for data in strings(count, seed):
        for name, make in READERS.items():
            _check(name, make, data)
    return count


def _check(name, make, data):
    try:
        whole = make()(data)
        reader, middle = make(), len(data) // 2
        halves = [reader(data[:middle]), reader(data[middle:])]
    except Exception as problem:
        raise AssertionError(f"{name} raised on {data.hex()}") from problem
    if name in SPLITTABLE:
        assert whole == halves[0] + halves[1], f"{name} was cut differently on {data.hex()}"


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.drivers.printers.fuzz")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    began = time.monotonic()
    done = fuzz(chosen.count, chosen.seed)
    took = time.monotonic() - began
    sys.stdout.write(f"{done} strings through {len(READERS)} readers in {took:.0f} s: no failure\n")


if __name__ == "__main__":
    main()
