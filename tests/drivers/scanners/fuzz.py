"""Random bytes for every scanner codec: `python -m tests.drivers.scanners.fuzz --count 1000000`.

Half of the strings are random throughout, half are good scans with random bytes put in, taken out
or changed. The first exception ends it; printed per codec is the time of one `feed`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import NamedTuple

from drivers.scanners.codecs.hid_pos import layout_of
from drivers.scanners.codecs.report_descriptor import input_reports
from drivers.virtual.hid_pos import DESCRIPTOR
from tests.drivers.scanners.streams import CODECS, PIECES

LONGEST = 120


class Result(NamedTuple):
    count: int
    frames: int
    p99_us: float
    worst_us: float


class _Descriptor:
    """The report descriptor's reader, as if it were a codec."""

    def feed(self, chunk):
        input_reports(chunk)
        layout_of(chunk)
        return []

    def pause(self):
        return []

    idle = pause


READERS = {**CODECS, "HID report descriptor": _Descriptor}


def random_string(rng, name):
    """Give random bytes, or a good piece that was damaged."""
    if rng.random() < 0.5:
        return rng.randbytes(rng.randrange(LONGEST))
    kind = next((key for key in PIECES if name.startswith(key)), "")
    piece = bytearray(rng.choice(PIECES[kind]) if kind else DESCRIPTOR)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(piece) + 1)
        piece[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(piece[:2000])


def fuzz(name, *, count, seed):
    """Feed random strings to one codec, which lives as long as a scanner does.

    Raises:
        AssertionError: it raised; the string is in the message.
    """
    rng, codec = random.Random(f"{name} {seed}"), READERS[name]()
    times, frames = [], 0
    for _ in range(count):
        data = random_string(rng, name)
        began = time.perf_counter_ns()
        try:
            frames += len(codec.feed(data))
            if rng.random() < 0.01:
                frames += len(codec.pause()) + len(codec.idle())
        except Exception as bug:
            raise AssertionError(f"{name} raised {bug!r} on {data.hex()}") from bug
        times.append(time.perf_counter_ns() - began)
    times.sort()
    return Result(count, frames, times[count * 99 // 100] / 1000, times[-1] / 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="strings per codec")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in READERS:
        result = fuzz(name, count=options.count, seed=options.seed)
        sys.stdout.write(
            f"{name:24} {result.count} strings, {result.frames} frames, no exception, "
            f"feed p99 {result.p99_us:.1f} µs, longest {result.worst_us:.0f} µs\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
