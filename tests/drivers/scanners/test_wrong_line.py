"""A serial line set wrongly: what a UART hears of a scanner that speaks at another rate."""

from __future__ import annotations

import random

import pytest

from drivers.scanners.codecs.suffix import SuffixFraming

RATES = (300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200)
STEPS = 16
"""A UART samples each bit in the middle of sixteen steps."""


def line(data, *, parity=None):
    """Give the levels of a line that carries bytes: start bit, eight bits, parity, stop bit."""
    for byte in data:
        bits = [byte >> at & 1 for at in range(8)]
        checked = [] if parity is None else [sum(bits) & 1 ^ (parity == "odd")]
        yield from [0, *bits, *checked, 1]
    yield from [1] * 40  # silence between two scans


def heard(levels, sent_at, heard_at):
    """Give the bytes a UART set to `heard_at` makes of bits sent at `sent_at`."""
    levels = list(levels)
    per_bit = sent_at * STEPS  # one step of hearing is sent_at / (heard_at * STEPS) of a bit
    end = len(levels) * heard_at * STEPS
    at = 0
    got = bytearray()

    def level(step):
        place = step * per_bit // (heard_at * STEPS * STEPS)
        return levels[place] if place < len(levels) else 1

    while at * per_bit < end * STEPS:
        if level(at):
            at += 1
            continue
        bits = [level(at + STEPS * bit + STEPS // 2) for bit in range(1, 9)]
        got.append(sum(value << bit for bit, value in enumerate(bits)))
        at += STEPS * 9 + STEPS // 2
        while not level(at) and at * per_bit < end * STEPS:  # a break: wait for the line to rise
            at += 1
    return bytes(got)


def codes(count, seed):
    rng = random.Random(seed)
    return [b"%013d\r" % rng.randrange(10**13) for _ in range(count)]


def test_the_same_rate_hears_all():
    """The line of this test would be wrong, and what it proves with it."""
    sent = b"".join(codes(5, 1))
    assert sent == heard(line(sent), 9600, 9600)


@pytest.mark.parametrize("sent_at", [9600, 115_200])
@pytest.mark.parametrize("heard_at", RATES)
def test_a_wrong_rate_is_no_scan(sent_at, heard_at):
    """Codes that nobody scanned would be sold, or the till be flooded with messages."""
    framing, frames = SuffixFraming(), []
    for code in codes(20, heard_at):
        frames += framing.feed(heard(line(code), sent_at, heard_at))
    if sent_at != heard_at:
        assert [] == [frame.data for frame in frames if frame.noise is None]
        assert len(frames) + len(framing.idle()) <= 1


@pytest.mark.parametrize("parity", ["even", "odd"])
def test_a_wrong_parity_is_no_scan(parity):
    """A parity bit that is taken for data would change digits without a word."""
    for code in codes(20, 5):
        framing = SuffixFraming()
        frames = framing.feed(heard(line(code, parity=parity), 9600, 9600))
        told = [frame.data for frame in frames if frame.noise is None]
        assert told in ([], [code[:-1]])
