"""A scanner in HID-POS mode: whole symbols with their AIM identifier, no keyboard between."""

from __future__ import annotations

from agent.contracts.devices import DeviceFault
from drivers.scanners.codecs.hid_pos import COMMON, HidPosCodec, ReportLayout, layout_of
from drivers.scanners.reading import IDLE_S, LINES, CodecScanner, Marks, Patience
from drivers.transports.hidraw import HidrawStream, HidrawTransport


class HidPosScanner(CodecScanner[HidrawStream]):
    """Reads input reports as the scanner's own report descriptor lays them out."""

    def __init__(
        self,
        transport: HidrawTransport,
        *,
        marks: Marks = LINES,
        idle_s: float = IDLE_S,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: what leads to it.
            marks: as the scanner is set; see `HidPosCodec`.
            idle_s: silence after which half a scan is given up; a pause means nothing.
        """

        def reports(stream: HidrawStream) -> HidPosCodec:
            return HidPosCodec(
                _layout(stream),
                suffix=marks.suffix,
                prefix=marks.prefix,
                separator=marks.separator,
                whole_reports=stream.whole_reports,
            )

        super().__init__(transport.open, reports, patience=Patience(idle_s=idle_s))


def _layout(stream: HidrawStream) -> ReportLayout:
    if stream.report_descriptor is None:
        return COMMON
    layout = layout_of(stream.report_descriptor)
    if layout is not None:
        return layout
    raise DeviceFault(
        f"{stream.name} is no HID-POS scanner: its reports hold no scanned data",
        remedy="scan `USB HID POS` in the scanner's manual; where it plays a keyboard, "
        "use an `evdev:` address",
        name="device-closed",
    )
