from __future__ import annotations

import random

import pytest

from agent.contracts.devices import WeightState as State
from drivers.scales.codecs.answer import FRAME_BYTES_MAX, Answer, Unreadable
from drivers.scales.codecs.sma import Sma


def frame(number, unit="kg", *, status=" ", reach="1", kind="G", motion=" "):
    # LF  s  r  n  m  f  weight  unit  CR
    return f"\n{status}{reach}{kind}{motion} {number:>10}{unit:<3}\r".encode()


def fed(data):
    return Sma().feed(data)


@pytest.mark.parametrize(
    ("number", "unit", "grams"),
    [
        ("1.234", "kg", 1234),
        ("0.005", "KG", 5),
        ("1250", "g", 1250),
        ("12.5", "g", 13),
        ("5.025", "lb", 2279),
        ("5.02", "lb_", 2277),
        ("16.0", "oz", 454),
        ("0.4", "g", 0),
        ("100000", "g", 100000),
        ("6000.", "g", 6000),
    ],
)
def test_every_unit_becomes_grams(number, unit, grams):
    """A weight would be read in another unit than it was sent in, or lose its decimals."""
    state = State.STABLE if grams else State.ZERO
    assert [Answer(state, grams)] == fed(frame(number, unit))


def test_gross_and_net_are_weights_and_tare_is_none():
    """The tare of a bowl would be sold."""
    assert [Answer(State.STABLE, 500)] == fed(frame("0.500", kind="N"))
    assert [Answer(State.STABLE, 500)] == fed(frame("0.500", reach="2"))
    for kind in "Tgnx":
        (said,) = fed(frame("0.500", kind=kind))
        assert isinstance(said, Unreadable)


@pytest.mark.parametrize(
    ("status", "motion", "number", "state"),
    [
        ("Z", " ", "0.000", State.ZERO),
        (" ", "M", "0.500", State.MOTION),
        ("Z", "M", "0.000", State.MOTION),
        ("O", " ", "16.000", State.OVERWEIGHT),
        ("O", "M", "16.000", State.OVERWEIGHT),
        ("U", " ", "-0.500", State.UNDER_ZERO),
        (" ", " ", "-0.005", State.UNDER_ZERO),
        ("U", "M", "-0.500", State.MOTION),
        ("E", " ", "----------", State.NOT_READY),
        ("I", " ", "----------", State.NOT_READY),
        ("T", " ", "----------", State.NOT_READY),
        (" ", " ", "----------", State.NOT_READY),
    ],
)
def test_what_is_no_stable_weight(status, motion, number, state):
    """A load that swings, overloads or hangs below zero would get a price."""
    (answer,) = fed(frame(number, status=status, motion=motion))
    assert state is answer.state
    assert (0 if state is State.ZERO else None) == answer.weight
    assert bool(answer.detail) == (state is State.NOT_READY)


def test_a_unit_that_is_not_known_is_told():
    """Pounds and ounces in one figure would be taken for kilograms."""
    for unit in ("l/o", "t", ""):
        (answer,) = fed(frame("1.000", unit))
        assert State.NOT_READY is answer.state
        assert "set it to" in answer.detail


def test_a_scale_that_does_not_know_the_question_says_so():
    """A scale of another protocol would look like one that is silent."""
    (answer,) = fed(b"\n?\r")
    assert State.NOT_READY is answer.state
    (said,) = fed(b"\n!\r")
    assert isinstance(said, Unreadable)


@pytest.mark.parametrize(
    "damaged",
    [
        b"\n\r",
        b"\n 1G   1.234kg \r",
        b"\n 1G       1.2 4kg \r",
        b"\n 1Gx      1.234kg \r",
        b"\nX1G       1.234kg \r",
        b"\n xG       1.234kg \r",
        b"\n 1G       1\xb2234kg \r",
        b"\n 1G      -1-234kg \r",
    ],
)
def test_damage_is_no_weight(damaged):
    """A damaged answer would be taken for a weight."""
    (said,) = fed(damaged)
    assert isinstance(said, Unreadable)


def test_broken_frames_do_not_spoil_the_next():
    """An answer that broke off, or lost its beginning, would swallow the one after it."""
    first, second = fed(b"\n 1G  " + frame("0.750"))
    assert isinstance(first, Unreadable)
    assert Answer(State.STABLE, 750) == second
    (said,) = fed(b"1.234kg \r")
    assert isinstance(said, Unreadable)
    assert [Answer(State.STABLE, 750)] == fed(b"\r\n\n" + frame("0.750"))


def test_a_frame_without_end_is_given_up():
    """Noise would fill the memory, or swallow the next answers."""
    codec = Sma()
    assert [Unreadable("no end in sight")] == codec.feed(b"\n" + b"0" * (FRAME_BYTES_MAX + 1))
    assert [Answer(State.STABLE, 1000)] == codec.feed(frame("1.000"))


def test_half_a_frame_can_be_forgotten():
    """Half an answer would be joined to the answer to another question."""
    codec = Sma()
    codec.feed(frame("9.500")[:12])
    codec.forget()
    (said,) = codec.feed(frame("9.500")[12:])
    assert isinstance(said, Unreadable)


@pytest.mark.parametrize("seed", range(50))
def test_the_result_does_not_depend_on_how_the_bytes_are_cut(seed):
    """A busy machine, which reads later, would see other weights."""
    rng = random.Random(seed)
    pieces = [frame("1.234"), frame("0.100", motion="M"), b"\n", b"x\r", b"\n?\r", rng.randbytes(5)]
    stream = b"".join(rng.choices(pieces, k=20))
    codec, cut = Sma(), []
    for byte in stream:
        cut += codec.feed(bytes((byte,)))
    assert fed(stream) == cut
