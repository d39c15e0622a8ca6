"""Settings of a scanner: what can be, and every combination that cannot."""

from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.core.identifiers import DeviceId
from agent.settings.model import DeviceSettings
from drivers.catalogue import build
from drivers.scanners.codecs.layouts import LAYOUTS
from drivers.scanners.evdev import EvdevScanner
from drivers.scanners.framed import FramedScanner
from drivers.scanners.hid_pos import HidPosScanner

SERIAL, TCP = "serial:/dev/ttyACM0", "tcp:10.0.0.7:2000"
EVDEV, HIDRAW = "evdev:usb-0c2e:0b6a", "hidraw:port-1-1.2"


def row(address, **rest):
    return DeviceSettings(id=DeviceId("counter"), kind="scanner", address=address, **rest)


@pytest.mark.parametrize(
    ("device", "made"),
    [
        (row(SERIAL), FramedScanner),
        (row(SERIAL, suffix="\x03", prefix="\x02", separator="{GS}"), FramedScanner),
        (row(SERIAL, suffix="", frame_timeout_ms=50), FramedScanner),
        (row(SERIAL, suffix="\r", frame_timeout_ms=2000), FramedScanner),
        (row(TCP, suffix="\x03", separator="~"), FramedScanner),
        (row("virtual:hand"), FramedScanner),
        (row(EVDEV), EvdevScanner),
        *((row(EVDEV, layout=name), EvdevScanner) for name in LAYOUTS),
        (row(EVDEV, layout="fr", suffix="", separator="F8", prefix="→"), EvdevScanner),
        (row(EVDEV, frame_timeout_ms=20), EvdevScanner),
        (row(HIDRAW), HidPosScanner),
        (row(HIDRAW, suffix="", prefix="A", separator="^"), HidPosScanner),
    ],
)
def test_what_can_be(device, made):
    """A scanner as the settings' page shows it could not be used."""
    assert made is type(build(device))


@pytest.mark.parametrize(
    ("device", "says", "remedy", "name"),
    [
        (row("usblp:/dev/usb/lp0"), "no scanner is reached by `usblp:`", "evdev:", "bad-address"),
        (row(SERIAL, suffix=""), "no frame_timeout_ms", "frame_timeout_ms = 50", "bad-suffix"),
        (row(TCP, suffix="→"), "no serial line carries", "U\\+00FF", "bad-suffix"),
        (row(HIDRAW, prefix="→"), "no serial line carries", "U\\+00FF", "bad-prefix"),
        (row(SERIAL, separator="→"), "no serial line carries", "U\\+00FF", "bad-separator"),
        (row(EVDEV, layout="dee"), "unknown layout 'dee'", "did you mean 'de'", "bad-layout"),
        (row(EVDEV, layout="zzz"), "unknown layout", "the layouts are us, gb", "bad-layout"),
        (row(SERIAL, layout="de"), "types nothing", "leave `layout` out", "bad-layout"),
        (row(HIDRAW, layout="de"), "types nothing", "evdev:", "bad-layout"),
        (row(HIDRAW, frame_timeout_ms=50), "say themselves", "leave", "bad-frame-timeout"),
        (row(SERIAL, frame_timeout_ms=19), "= 19", "20 to 2000", "bad-frame-timeout"),
        (row(SERIAL, frame_timeout_ms=2001), "= 2001", "20 to 2000", "bad-frame-timeout"),
        (row(SERIAL, frame_timeout_ms=-1), "= -1", "20 to 2000", "bad-frame-timeout"),
        (row(SERIAL, prefix="\n"), "both line ends", "leave `prefix` out", "bad-prefix"),
        (row(SERIAL, separator="\n"), "in its suffix", "for each", "bad-separator"),
        (
            row(SERIAL, suffix="##", prefix="A##"),
            "holds the suffix",
            "different characters",
            "bad-prefix",
        ),
        (row(SERIAL, separator="0"), "codes hold as data", "{GS}", "bad-separator"),
        (row(SERIAL, separator="]"), "codes hold as data", "{GS}", "bad-separator"),
        (row(EVDEV, separator="F"), "codes hold as data", "{GS}", "bad-separator"),
        (row(SERIAL, separator="\r"), "in its suffix", "for each", "bad-separator"),
        (row(SERIAL, separator="#", suffix="##"), "in its suffix", "for each", "bad-separator"),
        (row(SERIAL, separator="~~", prefix="~"), "in its suffix or pre", "each", "bad-separator"),
    ],
)
def test_what_cannot_be(device, says, remedy, name):
    """A scanner that can never scan would be found out at the till, not by `check-config`."""
    with pytest.raises(InputFault, match=says) as caught:
        build(device)
    assert name == caught.value.name
    assert remedy.replace("\\", "") in caught.value.remedy
    assert "counter" in caught.value.detail
