from __future__ import annotations

import random

import pytest

from agent.contracts.devices import WeightState as State
from drivers.scales.codecs.answer import FRAME_BYTES_MAX, Answer, Unreadable
from drivers.scales.codecs.toledo_8217 import Toledo8217

STX, CR = b"\x02", b"\r"


def fed(data, unit="kg"):
    return Toledo8217(unit).feed(data)


def status(bits):
    return STX + b"?" + bytes((0x40 | bits,)) + CR


@pytest.mark.parametrize(
    ("frame", "grams"),
    [
        # STX  weight  CR
        (b"\x02 01.234 \r".replace(b" ", b""), 1234),
        (b"\x02  1.234\r", 1234),  # leading blanks instead of zeros
        (b"\x0200.005\r", 5),
        (b"\x0214.995N\r", 14995),  # net: a tare is taken off
        (b"\x02112.500\r", 112500),
    ],
)
def test_a_weight_in_kilograms(frame, grams):
    """Goods would be sold by another weight than the scale shows."""
    assert [Answer(State.STABLE, grams)] == fed(frame)


@pytest.mark.parametrize(
    ("frame", "grams"),
    [(b"\x0200.01\r", 5), (b"\x0201.00\r", 454), (b"\x0202.21N\r", 1002), (b"\x0229.99\r", 13603)],
)
def test_a_weight_in_pounds_is_converted_and_rounded_once(frame, grams):
    """A pound would be half a kilogram, or a converted weight drift by rounding twice."""
    assert [Answer(State.STABLE, grams)] == fed(frame, "lb")


def test_an_empty_scale_is_zero():
    """A line of nothing could be sold."""
    assert [Answer(State.ZERO, 0)] == fed(b"\x0200.000\r")
    assert [Answer(State.ZERO, 0)] == fed(status(0x10))


@pytest.mark.parametrize(
    ("bits", "state"),
    [
        (0x01, State.MOTION),
        (0x02, State.OVERWEIGHT),
        (0x03, State.OVERWEIGHT),
        (0x04, State.UNDER_ZERO),
        (0x05, State.MOTION),
        (0x08, State.NOT_READY),
        (0x20, State.NOT_READY),
        (0x00, State.NOT_READY),
        (0x29, State.MOTION),
    ],
)
def test_a_status_is_no_weight(bits, state):
    """A load that swings, overloads or hangs below zero would get a price."""
    (answer,) = fed(status(bits))
    assert (state, None) == (answer.state, answer.weight)
    assert bool(answer.detail) == (state is State.NOT_READY)


def test_the_outside_of_the_zero_range_is_told():
    """A cashier would not know that the scale wants to be emptied and zeroed."""
    (answer,) = fed(status(0x08))
    assert "zero range" in answer.detail


@pytest.mark.parametrize(("unit", "frame"), [("kg", b"\x0201.25\r"), ("lb", b"\x0201.250\r")])
def test_a_scale_set_to_the_other_unit_is_refused(unit, frame):
    """A scale that was switched to pounds would sell at less than half the price."""
    (answer,) = fed(frame, unit)
    assert State.NOT_READY is answer.state
    assert "set the scale to" in answer.detail


def test_another_number_of_decimals_is_no_weight():
    """A weight whose decimal point was lost would be a hundred times too large."""
    for frame in (b"\x021.2\r", b"\x0201234\r", b"\x021.2345\r"):
        (said,) = fed(frame)
        assert isinstance(said, Unreadable)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x02\r",
        b"\x02?\r",
        b"\x02?AB\r",
        b"\x02?\x01\r",
        b"\x0201.2x4\r",
        b"\x021.2.3\r",
        b"\x0201.234NN\r",
        b"\x02" + b"9" * 12 + b".000\r",
    ],
)
def test_damage_is_no_weight(frame):
    """A damaged answer would be taken for a weight."""
    (said,) = fed(frame)
    assert isinstance(said, Unreadable)


def test_a_negative_weight_is_below_zero():
    """A negative weight would give money back."""
    assert [Answer(State.UNDER_ZERO)] == fed(b"\x02-0.005\r")


def test_half_an_answer_is_told_and_the_next_is_whole():
    """An answer that broke off would spoil the one after it."""
    first, second = fed(b"\x0201.\x0201.500\r")
    assert isinstance(first, Unreadable)
    assert Answer(State.STABLE, 1500) == second


def test_an_answer_without_its_beginning_is_told():
    """The driver would wait for an answer that has come."""
    (said,) = fed(b"01.500\r")
    assert isinstance(said, Unreadable)
    assert [] == fed(b"\r\n\r")


def test_a_frame_without_end_is_given_up():
    """Noise would fill the memory, or swallow the next answers."""
    codec = Toledo8217()
    assert [Unreadable("no end in sight")] == codec.feed(STX + b"0" * (FRAME_BYTES_MAX + 1))
    assert [Answer(State.STABLE, 1000)] == codec.feed(b"\x0201.000\r")


def test_half_a_frame_can_be_forgotten():
    """Half an answer would be joined to the answer to another question."""
    codec = Toledo8217()
    codec.feed(b"\x0209.")
    codec.forget()
    (said,) = codec.feed(b"500\r")
    assert isinstance(said, Unreadable)


def even(data):
    """Give the bytes as a line of eight bits shows those of one with seven and even parity."""
    return bytes(byte | (byte.bit_count() % 2) << 7 for byte in data)


def test_parity_that_comes_along_is_checked_and_taken_off():
    """Behind a network adapter of eight bits the scale could not be read, or wrongly."""
    whole = even(b"\x0201.234\r")
    assert [Answer(State.STABLE, 1234)] == fed(whole)
    damaged = bytearray(whole)
    damaged[2] ^= 0x02
    assert [Unreadable("the parity is wrong")] == fed(bytes(damaged))


@pytest.mark.parametrize("seed", range(50))
def test_the_result_does_not_depend_on_how_the_bytes_are_cut(seed):
    """A busy machine, which reads later, would see other weights."""
    rng = random.Random(seed)
    pieces = [b"\x0201.234\r", status(1), b"\x02", b"noise\r", b"\x0200.000N\r", rng.randbytes(5)]
    stream = b"".join(rng.choices(pieces, k=20))
    codec, cut = Toledo8217(), []
    for byte in stream:
        cut += codec.feed(bytes((byte,)))
    assert fed(stream) == cut
    head = rng.randrange(len(stream))
    codec = Toledo8217()
    assert cut == codec.feed(stream[:head]) + codec.feed(stream[head:])
