from __future__ import annotations

import struct

import pytest

from drivers.scanners.codecs.frame import Frame
from drivers.scanners.codecs.input_event import EVENT_BYTES, EventReader, InputEvent, packed
from drivers.scanners.codecs.wedge import WedgeCodec
from drivers.virtual.wedge import VirtualWedge
from tests.drivers.scanners.streams import EAN, GS1, UNTOUCHED, typed

F8, ESC, TAB, KEYPAD_ENTER = 66, 1, 15, 96


def key(code):
    return (
        packed(InputEvent(1, code, 1))
        + packed(InputEvent(0, 0, 0))
        + packed(InputEvent(1, code, 0))
    )


def dropped(text=""):
    wedge, events = VirtualWedge(UNTOUCHED), []
    wedge.send = events.append
    wedge.lose(text)
    return b"".join(events)


def test_an_event_as_recorded():
    """The kernel's 24 bytes would be cut or read wrongly."""
    recorded = bytes.fromhex(
        "5a3f9c65 00000000  d2040000 00000000  0100 1c00 01000000"  # s, µs, EV_KEY, Enter, down
    )
    assert (24, [InputEvent(1, 28, 1)]) == (EVENT_BYTES, list(EventReader().feed(recorded)))
    assert struct.pack("=qqHHi", 0, 0, 1, 28, 1) == packed(InputEvent(1, 28, 1))


@pytest.mark.parametrize("end", [28, TAB, KEYPAD_ENTER])
@pytest.mark.parametrize("suffix", ["\r", "", "#", "\t"])
def test_enter_tab_and_the_keypads_enter_end_a_scan(end, suffix):
    """A scanner set to Tab would never finish a scan."""
    codec = WedgeCodec(suffix=suffix)
    assert [Frame(EAN.encode()), Frame(b"12")] == codec.feed(typed(EAN, end=end) + typed("12"))


def test_a_suffix_that_is_typed_ends_a_scan():
    """A scanner that ends its scans with a character would need Enter too."""
    assert [Frame(b"4006")] == WedgeCodec(suffix="#").feed(typed("4006#", end=None))


def test_prefix_separator_and_pause():
    """What serial scanners can be set to, typing ones could not."""
    codec = WedgeCodec(prefix="@", separator="{GS}", by_pause=True)
    codec.feed(typed("@]d21{GS}2", end=None))
    assert (True, True) == (codec.partial, codec.waiting)
    assert [Frame(b"]d21\x1d2")] == codec.pause()


def test_two_scanners_do_not_share_keys():
    """Shift of one scanner would change what the other one types (R18)."""
    one, two = WedgeCodec(), WedgeCodec()
    one.feed(packed(InputEvent(1, 42, 1)))
    assert [Frame(b"1")] == two.feed(typed("1"))


def test_lost_events_spoil_the_scan_in_progress_alone():
    """A code with a missing digit would be sold as another one (R18)."""
    codec = WedgeCodec()
    codec.feed(typed("40063", end=None))
    (noise,) = codec.feed(dropped("81"))
    assert (b"40063", True) == (noise.data, "keys were lost" in noise.noise)
    assert [] == codec.feed(typed("333931"))
    assert [Frame(EAN.encode())] == codec.feed(typed(EAN))


def test_lost_events_forget_held_keys():
    """A Shift whose release was lost would change all scans after it."""
    codec = WedgeCodec()
    codec.feed(packed(InputEvent(1, 42, 1)) + dropped() + typed("x"))
    assert [Frame(EAN.encode())] == codec.feed(typed(EAN))


def test_after_lost_events_silence_begins_anew():
    """Where the end was lost with the rest, the next scan would be thrown away as well."""
    codec = WedgeCodec()
    codec.feed(typed("40063", end=None) + dropped())
    assert [] == codec.idle()
    assert [Frame(EAN.encode())] == codec.feed(typed(EAN))


@pytest.mark.parametrize(("code", "name", "hint"), [(F8, "F8", True), (ESC, "Esc", False)])
def test_a_key_without_a_character_is_told(code, name, hint):
    """FNC1 sent as F8 would vanish, and lot and serial number run together (R19)."""
    codec = WedgeCodec()
    (noise,) = codec.feed(typed("10ABC", end=None) + key(code) + typed("21S1"))
    assert f"the key {name} stands for no character" in noise.noise
    assert hint == ('separator = "F8"' in noise.noise)
    assert [Frame(EAN.encode())] == codec.feed(typed(EAN))


def test_a_function_key_may_be_the_separator():
    """A scanner that sends F8 for FNC1 could not be used with GS1 codes."""
    before, after = GS1.split("\x1d")
    stream = typed(before, end=None) + key(F8) + typed(after)
    assert [Frame(GS1.encode())] == WedgeCodec(separator="F8").feed(stream)


def test_other_events_are_ignored():
    """Scan codes, lights and strange devices would be taken for keys."""
    events = [InputEvent(4, 4, 458_756), InputEvent(17, 1, 1), InputEvent(0, 2, 0)]
    stream = b"".join(map(packed, events))
    assert [Frame(b"1")] == WedgeCodec().feed(stream + typed("1") + stream)


def test_an_unknown_layout():
    """A typing error would fall back to another layout."""
    with pytest.raises(KeyError):
        WedgeCodec("xx")


def test_what_comes_before_the_next_report_is_passed_over():
    """After lost events, the queue's leftovers are from before: their Enter ends nothing."""
    codec = WedgeCodec()
    codec.feed(typed("4006", end=None))
    enter_and_shift = [InputEvent(0, 3, 0), InputEvent(1, 28, 1), InputEvent(1, 42, 1)]
    (noise,) = codec.feed(b"".join(map(packed, [*enter_and_shift, InputEvent(0, 0, 0)])))
    assert b"4006" == noise.data
    assert [Frame(b"ab")] == codec.feed(typed("333931") + typed("ab"))


def test_silence_forgets_held_keys():
    """A Shift whose release never came would change all scans of the day."""
    codec = WedgeCodec()
    codec.feed(packed(InputEvent(1, 42, 1)) + typed("A"))
    codec.idle()
    assert [Frame(b"a")] == codec.feed(typed("a"))


def test_without_a_frame_timeout_a_pause_means_nothing():
    """A scanner that hesitates would send each code in two halves."""
    codec = WedgeCodec()
    codec.feed(typed("4006", end=None))
    assert (False, True) == (codec.partial, codec.waiting)
