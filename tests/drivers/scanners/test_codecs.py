"""What holds for every scanner codec."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.scanners.codecs.frame import MAX_FRAME
from tests.drivers.scanners.fuzz import fuzz
from tests.drivers.scanners.streams import CODECS, bytewise, cut, fed, streams

pytestmark = pytest.mark.untraced
each_codec = pytest.mark.parametrize("name", CODECS)


@each_codec
@given(data=st.data())
def test_cutting_the_stream_changes_nothing(name, data):
    """The same scan would be read differently depending on how the kernel hands it over."""
    stream = data.draw(streams(name))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    assert fed(CODECS[name], [stream]) == fed(CODECS[name], cut(stream, cuts))


@each_codec
@settings(max_examples=20)
@given(data=st.data())
def test_byte_by_byte(name, data):
    """A slow line would give other scans than a fast one."""
    stream = data.draw(streams(name))[:4000]
    assert fed(CODECS[name], [stream]) == fed(CODECS[name], bytewise(stream))


@each_codec
@given(data=st.data())
def test_trailing_bytes_change_nothing_before_them(name, data):
    """A scan would be read differently because the next one has begun."""
    stream, more = data.draw(streams(name)), data.draw(streams(name))
    frames = fed(CODECS[name], [stream])
    assert frames == fed(CODECS[name], [stream, more])[: len(frames)]


@each_codec
@given(data=st.data())
def test_silence_clears_everything(name, data):
    """Half a scan would be glued to the next one, minutes later."""
    codec = CODECS[name]()
    codec.feed(data.draw(streams(name)))
    codec.pause()
    told = codec.idle()
    assert all(frame.noise for frame in told)
    assert (False, False, []) == (codec.waiting, codec.partial, codec.idle())


@each_codec
def test_ten_thousand_random_strings(name):
    """A cable that picks up noise would end the scanner."""
    result = fuzz(name, count=10_000, seed=3)
    assert 10_000 == result.count


@each_codec
def test_memory_is_bounded(name):
    """A line that never falls silent would fill the machine's memory."""
    codec = CODECS[name]()
    for _ in range(100):
        codec.feed(b"\x02\x38" + b"9" * 61 + b"\x01")
        codec.feed(b"9" * 3000)
    held = [part for part in _parts(codec) if isinstance(part, bytes | bytearray)]
    assert max(map(len, held)) <= MAX_FRAME + 64


def _parts(thing):
    for part in vars(thing).values():
        yield part
        if hasattr(part, "__dict__"):
            yield from _parts(part)
