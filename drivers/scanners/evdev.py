"""A scanner that plays a keyboard, read from the kernel and taken for the agent alone."""

from __future__ import annotations

from drivers.scanners.codecs.wedge import WedgeCodec
from drivers.scanners.reading import LINES, UNHURRIED, CodecScanner, Marks, Patience
from drivers.transports.stream import Stream, Transport


class EvdevScanner(CodecScanner[Stream]):
    """Types input events out; each opening has a keyboard of its own, with no key held."""

    def __init__(
        self,
        transport: Transport,
        *,
        layout: str = "us",
        marks: Marks = LINES,
        patience: Patience = UNHURRIED,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: an `EvdevTransport`, or anything else that gives input events.
            layout: a key of `drivers.scanners.codecs.layouts.LAYOUTS`.
            marks: as the scanner is set; see `WedgeCodec`.
            patience: what silence means.
        """

        def keyboard(_: Stream) -> WedgeCodec:
            return WedgeCodec(
                layout,
                suffix=marks.suffix,
                prefix=marks.prefix,
                separator=marks.separator,
                by_pause=patience.pause_s is not None,
            )

        super().__init__(transport.open, keyboard, patience=patience)
