"""Streams of bytes for every scanner codec, and how they are cut and fed."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from drivers.scanners.codecs.hid_pos import HidPosCodec, layout_of
from drivers.scanners.codecs.suffix import SuffixFraming
from drivers.scanners.codecs.wedge import WedgeCodec
from drivers.virtual.hid_pos import DESCRIPTOR, reports
from drivers.virtual.wedge import VirtualWedge

EAN = "4006381333931"
GS1 = "]d2010950600013435210ABC123\x1d21S1"
LINK = "]Q1https://id.example/01/09506000134352?10=ÄBC#1"
UNTOUCHED = Path("/none")

CODECS = {
    "suffix CR": SuffixFraming,
    "suffix ETX, prefix STX": lambda: SuffixFraming("\x03", prefix="\x02", separator="{GS}"),
    "suffix ##, prefix A": lambda: SuffixFraming("##", prefix="A", separator="~"),
    "suffix empty, pauses": lambda: SuffixFraming("", by_pause=True),
    "wedge us": WedgeCodec,
    "wedge de": lambda: WedgeCodec("de", separator="F8"),
    "wedge fr": lambda: WedgeCodec("fr", prefix="@", suffix=""),
    "wedge cz, by pause": lambda: WedgeCodec("cz", separator="{GS}", by_pause=True),
    "HID-POS": lambda: HidPosCodec(layout_of(DESCRIPTOR)),
    "HID-POS, common": lambda: HidPosCodec(separator="~", prefix="A", suffix="##"),
}
"""What is shipped, in the ways it can be set."""


def typed(text, layout="us", end=28):
    """Give the events of a scan of the virtual wedge."""
    wedge = VirtualWedge(UNTOUCHED, layout=layout)
    events = []
    wedge.send = events.append
    wedge.end = end
    wedge.scan(text)
    return b"".join(events)


PIECES = {
    "suffix": [
        *(code.encode() for code in (EAN, GS1, LINK)),
        *(b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"A", b"#", b"##", b"~", b"{GS}"),
        *(b"\x00", b"\xff", b"9" * 8192),
    ],
    "wedge": [
        *(typed(code, layout) for code in (EAN, LINK) for layout in ("us", "de", "fr")),
        *(typed(GS1, end=15), typed("\x1d"), typed("X")[:-24], typed("Y")[:100]),
        (0).to_bytes(16, "little") + b"\0\0\x03\0\0\0\0\0",  # SYN_DROPPED
        (0).to_bytes(16, "little") + b"\x01\0\x42\0\x01\0\0\0",  # F8
        (0).to_bytes(16, "little") + b"\x01\0\x3a\0\x01\0\0\0",  # Caps Lock
    ],
    "HID-POS": [
        *(b"".join(reports(code.encode(), b"]E0")) for code in (EAN, LINK * 3)),
        *(reports(b"A12~3##" * 20, b"\0\0\0")[:1]),
        *(b"\x04\x01", b"\x04", b"\x02", b"\x02\xff" + bytes(62), b"\x02\x38", b"\xfe\x01"),
    ],
}
"""What streams are made of, by the first word of a codec's name."""


def streams(name):
    """Give streams a codec may meet: good ones, broken ones, noise, and all of them mixed."""
    kind = next(key for key in PIECES if name.startswith(key))
    part = st.sampled_from(PIECES[kind]) | st.binary(max_size=80)
    return st.lists(part, max_size=8).map(b"".join)


def fed(make, chunks):
    """Feed chunks to a new codec; give all frames."""
    codec = make()
    return [frame for chunk in chunks for frame in codec.feed(chunk)]


def bytewise(stream):
    """Cut a stream into single bytes."""
    return [stream[at : at + 1] for at in range(len(stream))]


def cut(stream, cuts):
    """Cut a stream at these places."""
    places = sorted(at for at in cuts if at <= len(stream))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
