"""A scanner in HID-POS mode: whole symbols with their AIM identifier, no keyboard between."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agent.contracts.devices import DeviceFault, ScanFrame
from drivers.scanners.codecs.hid_pos import COMMON, HidPosCodec, ReportLayout, layout_of
from drivers.scanners.reading import IDLE_S, Patience, frames_of
from drivers.transports.hidraw import HidrawStream, HidrawTransport


class HidPosScanner:
    """Reads input reports as the scanner's own report descriptor lays them out."""

    def __init__(
        self,
        transport: HidrawTransport,
        *,
        suffix: str = "\r",
        prefix: str = "",
        separator: str = "",
        idle_s: float = IDLE_S,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: what leads to it.
            suffix: see `HidPosCodec`.
            prefix: see `HidPosCodec`.
            separator: see `HidPosCodec`.
            idle_s: silence after which half a scan is given up.
            now_ns: the monotonic clock.
        """
        self._transport = transport
        self._suffix, self._prefix, self._separator = suffix, prefix, separator
        self._patience = Patience(idle_s=idle_s)
        self._now_ns = now_ns

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[ScanFrame]]:
        """Open the transport and learn the layout.

        Raises:
            DeviceFault: as the transport, or the device is no HID-POS scanner.
        """
        async with self._transport.open() as stream:
            codec = HidPosCodec(
                _layout(stream),
                suffix=self._suffix,
                prefix=self._prefix,
                separator=self._separator,
                whole_reports=stream.whole_reports,
            )
            yield frames_of(stream, codec, self._patience, self._now_ns)


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
