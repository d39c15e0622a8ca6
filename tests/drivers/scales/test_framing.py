from __future__ import annotations

import pytest

from agent.contracts.devices import WeightState
from drivers.scales.codecs.answer import Answer, Unreadable
from drivers.scales.codecs.framing import CR, Framing

BEGIN = 0x02
BROKE_OFF = Unreadable("an answer broke off")


def told(frame):
    return Answer(WeightState.NOT_READY, detail=frame.hex())


def fed(data, **options):
    return Framing(told, begin=BEGIN, **options).feed(bytes(data))


@pytest.mark.parametrize(("begins_twice", "said"), [(False, [BROKE_OFF]), (True, [])])
def test_two_begin_marks(begins_twice, said):
    """A line feed too many would be told as damage, or an answer that was lost would not be."""
    assert [*said, told(b"1")] == fed([BEGIN, BEGIN, 0x31, CR], begins_twice=begins_twice)


def test_an_answer_that_broke_off_is_told_either_way():
    """An answer that lost its end would vanish without a word."""
    for begins_twice in (False, True):
        said = fed([BEGIN, 0x31, BEGIN, 0x32, CR], begins_twice=begins_twice)
        assert [BROKE_OFF, told(b"2")] == said


@pytest.mark.parametrize(("bits", "said"), [(7, [told(b"\xb1")]), (8, [])])
def test_a_mark_may_carry_its_parity(bits, said):
    """A line of eight bits would never find an answer, or bytes of noise would begin one."""
    assert said == fed([BEGIN | 0x80, 0xB1, CR | 0x80], bits=bits)
