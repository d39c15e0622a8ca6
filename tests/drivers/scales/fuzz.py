"""Random bytes through every codec of scales and displays: `python -m tests.drivers.scales.fuzz`.

Nothing may raise; what is fed whole and cut must give the same; no text may become a command.
"""

from __future__ import annotations

import random
import time

import typer

from agent.contracts.devices import WeightState
from drivers.displays.models import MODELS as DISPLAYS
from drivers.scales.codecs.answer import Answer
from drivers.scales.models import MODELS as SCALES
from drivers.virtual.glass import Glass

WEIGHED = (WeightState.STABLE, WeightState.ZERO)
PIECES = (
    b"\x02",
    b"\r",
    b"\n",
    b"?",
    b"01.234",
    b"\x0201.234\r",
    b"\x02?A\r",
    b"\n 1G       1.234kg \r",
    b"\n 1GM      1.234lb \r",
    b"N",
    b".",
    b"-",
    b" ",
)
ALPHABETS = (
    (0x00, 0x80),
    (0x80, 0x250),
    (0x370, 0x530),
    (0x590, 0x700),
    (0x3000, 0x3100),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A0),
    (0x1F300, 0x1F700),
)


def scale_bytes(rng):
    if rng.random() < 0.5:
        return rng.randbytes(rng.randrange(48))
    return b"".join(rng.choices(PIECES, k=rng.randrange(12)))


def scales(rng):
    """Feed every scale codec the same bytes, whole and cut."""
    data = scale_bytes(rng)
    cut = rng.randrange(len(data) + 1)
    for model in SCALES.values():
        whole, parts = model.codec(), model.codec()
        said = whole.feed(data)
        assert said == parts.feed(data[:cut]) + parts.feed(data[cut:]), (model.name, data)
        for answer in said:
            if isinstance(answer, Answer):
                assert (answer.weight is not None) == (answer.state in WEIGHED), (model.name, data)
                assert (answer.weight or 0) >= 0, (model.name, data)


def text(rng):
    low, high = rng.choice(ALPHABETS)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randrange(40)))


def displays(rng):
    """Show random text on every display; it must stay text, and both lines stay in place."""
    lines = [text(rng), text(rng)][: rng.randrange(3)]
    for model in DISPLAYS.values():
        glass = Glass(model.columns, model.rows)
        codec = model.codec()
        glass(codec.hello() + codec.lines(lines) + codec.lines([*lines[:1], "Total 1.00"]))
        assert [] == glass.unknown, (model.name, lines, glass.unknown)
        assert glass.lines[1] == "Total 1.00" or not lines, (model.name, lines, glass.lines)


def main(count: int = 20_000, seed: int = 1) -> None:
    """Run so many random strings through all codecs."""
    rng = random.Random(seed)
    began, slowest_ns = time.monotonic(), 0
    for number in range(count):
        started_ns = time.perf_counter_ns()
        (displays if number % 4 == 0 else scales)(rng)
        slowest_ns = max(slowest_ns, time.perf_counter_ns() - started_ns)
    took_s = time.monotonic() - began
    slowest = f"slowest {slowest_ns / 1e6:.1f} ms"
    typer.echo(f"{count} strings, seed {seed}: no exception, {took_s:.1f} s, {slowest}")


if __name__ == "__main__":
    typer.run(main)
