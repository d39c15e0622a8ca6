from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners.codecs.frame import MAX_FRAME, Frame
from drivers.scanners.codecs.hid_pos import COMMON, HidPosCodec, layout_of
from drivers.scanners.codecs.report_descriptor import Field, input_reports
from drivers.virtual.hid_pos import DESCRIPTOR, reports
from tests.drivers.scanners.streams import EAN, GS1, LINK

PLAIN = bytes.fromhex(
    "05 8c 09 02 a1 01 85 07"  # barcode scanner, application collection, report 7
    "75 08 95 03 09 fb 09 fc 09 fd 81 02"  # identifiers
    "95 14 09 fe 81 02"  # 20 bytes of data, without a byte count
    "75 01 95 07 81 03 95 01 09 ff 81 02 c0"  # seven bits of padding, then "continued"
)
UNNUMBERED = bytes.fromhex("05 8c 09 02 a1 01 75 08 95 08 09 fe 81 02 c0")
KEYBOARD = bytes.fromhex("05 01 09 06 a1 01 05 07 19 e0 29 e7 75 01 95 08 81 02 c0")


def scans(codec, *chunks):
    return [frame for chunk in chunks for frame in codec.feed(chunk)]


def test_the_layout_of_a_descriptor():
    """Data would be looked for in the wrong bytes of a report."""
    layout = layout_of(DESCRIPTOR)
    assert (2, {2: 64, 4: 2}) == (layout.number, layout.lengths)
    assert (Field(0x8C00FE, 40, 8, 56), Field(0x1003B, 8, 8, 1)) == (layout.data, layout.count)
    assert (16, 24, 32) == tuple(field.bit for field in layout.symbology)
    assert (504, 1) == (layout.continued.bit, layout.continued.size)
    assert (COMMON.data, COMMON.count.bit, COMMON.continued.bit) == (layout.data, 8, 504)
    assert COMMON.symbology == layout.symbology


@pytest.mark.parametrize(
    "descriptor",
    [
        b"",
        KEYBOARD,
        b"\x06\x8c\xff\x09\xfe\x75\x08\x95\x08\x81\x02",
        bytes.fromhex("05 8c 75 01 95 38 09 fe 81 02"),
        bytes.fromhex("05 8c 85 02 75 01 95 01 81 02 75 08 09 fe 95 04 81 02"),
        bytes.fromhex("05 8c 75 00 95 38 09 fe 81 02"),
        bytes.fromhex("05 8c 77 ff ff ff ff 97 ff ff ff ff 09 fe 81 02"),
    ],
)
def test_what_is_no_hid_pos_scanner(descriptor):
    """A keyboard would be read for ever without a scan."""
    assert None is layout_of(descriptor)


@given(st.binary(max_size=300))
def test_any_descriptor_can_be_read(descriptor):
    """A broken scanner would end the agent's driver."""
    for layout in (layout_of(descriptor), layout_of(DESCRIPTOR + descriptor)):
        if layout is not None:
            codec = HidPosCodec(layout)
            codec.feed(descriptor * 3)
            assert len(codec._buffer) <= 16_384


def test_items_of_a_descriptor():
    """Pushed and popped, ranged, long and 32-bit items would shift all fields behind them."""
    descriptor = bytes.fromhex(
        "fe 02 00 aa bb"  # a long item
        "05 8c 75 08 95 01 a4"  # page, size, count, push
        "75 10 95 02 b4"  # other values, pop
        "19 fb 29 fd 95 03 81 02"  # identifiers as a range
        "0b fe 00 8c 00 95 04 81 02"  # the data's usage with its page
        "91 02 b1 02 b4 b4 fe"  # output, feature, pops of nothing, a cut long item
    )
    (report,) = input_reports(descriptor).values()
    fields = [(field.usage & 0xFF, field.bit, field.count) for field in report.fields]
    assert [(0xFB, 0, 1), (0xFC, 8, 1), (0xFD, 16, 1), (0xFE, 24, 4)] == fields
    assert (0, 7) == (report.number, report.length)


def test_a_descriptor_cannot_grow():
    """A broken descriptor would fill the machine's memory."""
    usages = bytes.fromhex("05 8c 1b 00 00 00 00 2b ff ff ff ff") + b"\x09\x01" * 500
    pushes = b"\xa4" * 500
    fields = usages + bytes.fromhex("75 01 96 ff ff 81 02")
    (report,) = input_reports(pushes + fields * 6).values()
    assert 64 == len(report.fields)


@pytest.mark.parametrize("data", [EAN, GS1[3:], LINK[3:], "A", "x" * 56, "y" * 57, LINK[3:] * 20])
@pytest.mark.parametrize("layout", [layout_of(DESCRIPTOR), COMMON])
def test_a_scan_of_any_length(data, layout):
    """A code longer than one report would be cut, or its AIM identifier lost."""
    stream = b"".join(reports(data.encode(), b"]Q1"))
    assert [Frame(f"]Q1{data}".encode())] * 2 == scans(HidPosCodec(layout), stream, stream)


def test_other_layouts():
    """Only the most common scanners could be used."""
    first = b"\x07]C1" + b"01234567890123456789" + b"\x80"
    last = b"\x07]C1" + b"AB" + bytes(18) + b"\x00"
    codec = HidPosCodec(layout_of(PLAIN))
    assert [Frame(b"]C101234567890123456789AB")] == scans(codec, first + last)
    assert [Frame(b"4006\x0063")] == scans(HidPosCodec(layout_of(UNNUMBERED)), b"4006\x0063\0")
    assert not layout_of(UNNUMBERED).numbered


@pytest.mark.parametrize(
    ("data", "aim", "frame"),
    [
        (b"4006\r\n", b"]E0", b"]E04006"),
        (b"4006\t", b"]E0", b"]E04006"),
        (b"#4006##", b"]E0", b"]E04006"),
        (b"10A~21B", b"]C1", b"]C110A\x1d21B"),
        (b"]E04006", b"]E0", b"]E04006"),
        (b"4006", b"\0\0\0", b"4006"),
        (b"4006", b"E\0\0", b"4006"),
        (b"4006", b"]\0\0", b"4006"),
    ],
)
def test_what_the_scanner_puts_around_the_data(data, aim, frame):
    """Prefix, suffix or a doubled AIM identifier would be sold as part of the code."""
    codec = HidPosCodec(suffix="##", prefix="#", separator="~")
    assert [Frame(frame)] == scans(codec, *reports(data, aim))


def test_nothing_is_no_scan():
    """An empty report would be an unknown item."""
    assert [] == scans(HidPosCodec(), *reports(b"", b"]E0"), *reports(b"\r", b"]E0"))


def test_reports_of_other_kinds_are_passed_over():
    """The trigger's report would be taken for data, or shift the ones behind it."""
    codec = HidPosCodec(layout_of(DESCRIPTOR))
    stream = b"\x04\x01" + reports(b"1", b"]E0")[0] + b"\x04\x00" + reports(b"2", b"]E0")[0]
    assert [Frame(b"]E01"), Frame(b"]E02")] == scans(codec, stream)


def test_whole_reports_that_are_short():
    """A scanner that sends short reports would be out of step for ever."""
    codec = HidPosCodec(layout_of(DESCRIPTOR), whole_reports=True)
    short = b"\x02\x044006"[:2] + b"]E0" + b"4006"
    assert [Frame(b"]E04006")] * 2 == scans(codec, short, b"\x04\x01", b"\x09", b"", short)


def test_half_a_scan_is_noise():
    """Half a code would be glued to the next scan."""
    codec = HidPosCodec()
    assert [] == scans(codec, reports(b"9" * 60, b"]E0")[0])
    assert (True, False) == (codec.waiting, codec.partial)
    (noise,) = codec.idle()
    assert (b"]E0999", "the rest of it never came") == (noise.data[:6], noise.noise)
    assert (False, []) == (codec.waiting, codec.pause())
    assert [Frame(b"]E01")] == scans(codec, *reports(b"1", b"]E0"))


def test_broken_reports_are_told_once():
    """A report that lies about its length would be sold, or flood the till with messages."""
    codec = HidPosCodec()
    (noise,) = scans(codec, *[b"\x02\x39" + bytes(62)] * 3)
    assert "more bytes than its report holds" in noise.noise
    assert [Frame(b"]E01")] == scans(codec, *reports(b"1", b"]E0"))
    (noise,) = scans(codec, b"\xff\xfe\xfd")
    assert (b"\xff", "is no report of this scanner") == (noise.data, noise.noise)


def test_a_scan_without_end_is_noise():
    """A scanner that never finishes would fill the machine's memory."""
    codec = HidPosCodec()
    endless = reports(b"9" * (3 * MAX_FRAME), b"]E0")
    (noise,) = scans(codec, *endless)
    assert "without an end" in noise.noise
    assert [Frame(b"]E01")] == scans(codec, *reports(b"1", b"]E0"))


def test_a_broken_report_drops_what_came_before_it():
    """Half of one code would be glued to the next."""
    codec = HidPosCodec()
    half = reports(b"9" * 60, b"]E0")[0]
    (noise,) = scans(codec, half, b"\x02\x39" + bytes(62))
    assert noise.noise
    assert [Frame(b"]E01")] == scans(codec, *reports(b"1", b"]E0"))


def test_half_a_report_is_forgotten_in_silence():
    """All reports after a broken one would be read from the wrong byte on."""
    codec = HidPosCodec()
    assert [] == codec.feed(reports(b"1", b"]E0")[0][:20])
    assert ["the rest of it never came"] == [frame.noise for frame in codec.idle()]
    assert [Frame(b"]E02")] == scans(codec, *reports(b"2", b"]E0"))
