from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners.codecs.frame import EXCERPT, MAX_FRAME, Frame
from drivers.scanners.codecs.suffix import SuffixFraming

EAN = b"4006381333931"
GS1 = b"]d2010950600013435210ABC123\x1d21S1"


def framed(chunks, suffix="\r"):
    framing = SuffixFraming(suffix)
    return [frame for chunk in chunks for frame in framing.feed(chunk)]


def bytewise(stream):
    return [stream[at : at + 1] for at in range(len(stream))]


@pytest.mark.parametrize(
    ("stream", "scans"),
    [
        (EAN + b"\r", [EAN]),
        (EAN + b"\n", [EAN]),
        (EAN + b"\r\n", [EAN]),
        (b"\r\n\r\n" + EAN + b"\r\r\n", [EAN]),
        (EAN + b"\r96385074\r", [EAN, b"96385074"]),
        (GS1 + b"\r", [GS1]),
        ("Café €".encode() + b"\r", ["Café €".encode()]),
        ("Café".encode("latin-1") + b"\r", ["Café".encode("latin-1")]),
        (EAN, []),
    ],
)
def test_line_ends(stream, scans):
    """A scan would be missing, doubled or cut, for one of the line ends scanners send."""
    assert [Frame(scan) for scan in scans] == framed([stream])


@pytest.mark.parametrize("suffix", ["\x03", "\t", "##", "\r\n"])
def test_other_suffixes(suffix):
    """A scanner with another suffix could not be used, or data like half of one would split."""
    end = suffix.encode()
    assert [Frame(b"A#1"), Frame(b"B")] == framed([b"A#1" + end + b"B" + end], suffix)


def test_a_suffix_is_needed():
    """Without an end mark, the scanner would stay silent for ever."""
    with pytest.raises(ValueError, match="at least one"):
        SuffixFraming("")


def test_one_noise_frame_per_flood():
    """A megabyte of noise would fill memory, or the log, or swallow the scan after it."""
    framing = SuffixFraming()
    frames = []
    for _ in range(256):
        frames += framing.feed(b"\xff\x00" * 2048)
        assert len(framing._buffer) <= MAX_FRAME + 1
    assert [
        Frame(b"\xff\x00" * (EXCERPT // 2), f"more than {MAX_FRAME} bytes without an end mark")
    ] == frames
    assert [] == framing.feed(b"tail\r")
    assert [Frame(EAN)] == framing.feed(EAN + b"\r")


def test_a_flood_in_one_chunk_with_its_end():
    """A frame too long would pass as a scan when it arrives in one read."""
    (noise,) = framed([b"1" * (MAX_FRAME + 1) + b"\r"])
    assert (b"1" * EXCERPT, True) == (noise.data, noise.noise is not None)
    assert [Frame(b"1" * MAX_FRAME)] == framed([b"1" * MAX_FRAME + b"\r"])


@pytest.mark.parametrize("broken", [b"40\x0063", b"\x7f123", b"\x80\x81\x82", b"12\x1b[A"])
def test_what_is_no_text(broken):
    """Line noise would be sold as an unknown item."""
    (frame,) = framed([broken + b"\r"])
    assert (broken, True) == (frame.data, "wrong baud rate" in frame.noise)


def test_noise_in_a_row_is_told_once():
    """A wrong baud rate would flood the till with messages."""
    frames = framed([b"\x00\r" * 50 + EAN + b"\r" + b"\x01\r"])
    assert [b"\x00", EAN, b"\x01"] == [frame.data for frame in frames]


def test_random_noise_is_told_a_few_times_at_most():
    """A loose plug would sell unknown items by the hundred, or flood the till with messages."""
    noise = hashlib.shake_128(b"noise").digest(1_000_000)
    assert len(framed([noise])) < 12
    assert Frame(GS1) == framed([noise + b"\r" + GS1 + b"\r"])[-1]


def test_idle_throws_half_a_scan_away():
    """Plugging in sends a stray byte: it would spoil the first scan after it."""
    framing = SuffixFraming()
    framing.feed(b"\xfe")
    assert framing.waiting
    (stray,) = framing.idle()
    assert (b"\xfe", "no end mark CR or LF came") == (stray.data, stray.noise)
    assert not framing.waiting
    assert [] == framing.idle()
    assert [Frame(EAN)] == framing.feed(EAN + b"\r")


def test_idle_after_a_flood_tells_nothing_more():
    """The same flood would be told twice."""
    framing = SuffixFraming("\x03\x03")
    framing.feed(b"9" * (MAX_FRAME + 10))
    assert [] == framing.idle()
    framing.feed(b"half")
    assert ["no end mark 03 03 came"] == [frame.noise for frame in framing.idle()]


pieces = st.sampled_from(
    [EAN, GS1, b"\r", b"\n", b"\r\n", b"\x03", b"#", b"##", b"\x00", b"\xff", b"9" * MAX_FRAME]
)


@given(st.lists(pieces | st.binary(max_size=20), max_size=12), st.data())
def test_cutting_the_stream_changes_nothing(parts, data):
    """The same scan would be read differently depending on how the kernel hands it over."""
    suffix = data.draw(st.sampled_from(["\r", "\x03", "##"]))
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert framed([stream], suffix) == framed(chunks, suffix)


@given(st.binary(max_size=300))
def test_byte_by_byte(stream):
    """A slow line would give other scans than a fast one."""
    assert framed([stream]) == framed(bytewise(stream))
    assert [*framed([stream]), *framed([b""])] == framed([stream, b""])


@pytest.mark.parametrize(
    ("prefix", "stream", "frames"),
    [
        ("\x02", b"\x024006\r", [(b"4006", None)]),
        ("\x02", b"\x0240\x024006381\r", [(b"\x0240", "came before"), (b"4006381", None)]),
        ("\x02", b"xx\x024006\r", [(b"xx", "came before"), (b"4006", None)]),
        ("\x02", b"4006\r", [(b"4006", "begin with 02")]),
        ("\x02", b"\x02\r", []),
        ("#A", b"#A40#A06\r", [(b"40#A06", None)]),
        ("#A", b"4006\r#A\r#A1\r", [(b"4006", "begin with 23 41"), (b"1", None)]),
    ],
)
def test_prefixes(prefix, stream, frames):
    """Half a scan before a whole one would spoil it, or the prefix would be sold as data."""
    got = SuffixFraming(prefix=prefix).feed(stream)
    assert [data for data, _ in frames] == [frame.data for frame in got]
    assert all(
        (why is None and frame.noise is None) or why in frame.noise
        for (_, why), frame in zip(frames, got, strict=True)
    )


@pytest.mark.parametrize("separator", ["{GS}", "~", "\x7f", "|\xa7"])
def test_a_substitute_becomes_the_separator(separator):
    """Lot and serial number of a GS1 code would run into each other (R19)."""
    data = GS1.replace(b"\x1d", separator.encode("latin-1"))
    assert [Frame(GS1)] == SuffixFraming(separator=separator).feed(data + b"\r")


def test_a_pause_ends_a_frame():
    """A scanner that sends no end mark could not be used."""
    framing = SuffixFraming("", by_pause=True)
    assert [] == framing.feed(EAN + b"\r")
    assert framing.partial
    (broken,) = framing.pause()
    assert "0x0d" in broken.noise
    framing.feed(EAN)
    assert [Frame(EAN)] == framing.pause()
    assert (False, False, []) == (framing.partial, framing.waiting, framing.pause())


def test_a_pause_and_a_suffix_both_end_frames():
    """A scanner that now and then loses its end mark would lose two scans each time."""
    framing = SuffixFraming("\r", by_pause=True)
    assert [Frame(EAN)] == framing.feed(EAN + b"\r")
    framing.feed(EAN)
    assert [Frame(EAN)] == framing.pause()


def test_a_flood_without_end_marks_ends_with_a_pause():
    """After a flood, the first scan of a scanner without end marks would be lost."""
    framing = SuffixFraming("", by_pause=True)
    (noise,) = framing.feed(b"9" * (MAX_FRAME + 1))
    assert "without an end mark" in noise.noise
    assert framing.partial
    assert [] == framing.feed(b"9" * 100) + framing.pause()
    framing.feed(EAN)
    assert [Frame(EAN)] == framing.pause()


def test_what_is_spoilt_is_told_once_and_skipped():
    """A code with a missing character would be sold as a shorter one."""
    framing = SuffixFraming()
    framing.feed(b"4006")
    assert [Frame(b"4006", "lost")] == framing.spoil("lost")
    assert [] == framing.feed(b"81333931\r")
    assert [Frame(EAN)] == framing.feed(EAN + b"\r")


@pytest.mark.parametrize("at", [1, 2])
def test_a_suffix_cut_in_two_ends_a_flood(at):
    """After a flood, the first scan would be lost where its predecessor's end came in two parts."""
    framing = SuffixFraming("#+!")
    framing.feed(b"9" * (MAX_FRAME + 3))
    assert [] == framing.feed(b"99" + b"#+!"[:at]) + framing.feed(b"#+!"[at:])
    assert [Frame(EAN)] == framing.feed(EAN + b"#+!")
