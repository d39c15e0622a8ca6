"""A scanner that sends framed bytes over any transport: serial, USB CDC or TCP."""

from __future__ import annotations

from drivers.scanners.codecs.suffix import SuffixFraming
from drivers.scanners.reading import LINES, UNHURRIED, CodecScanner, Marks, Patience
from drivers.transports.stream import Stream, Transport


class FramedScanner(CodecScanner[Stream]):
    """Reads a transport and cuts it into scans; each opening frames anew."""

    def __init__(
        self,
        transport: Transport,
        *,
        marks: Marks = LINES,
        patience: Patience = UNHURRIED,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: what leads to it.
            marks: as the scanner is set.
            patience: what silence means.
        """

        def framing(_: Stream) -> SuffixFraming:
            return SuffixFraming(
                marks.suffix,
                prefix=marks.prefix,
                separator=marks.separator,
                by_pause=patience.pause_s is not None,
            )

        super().__init__(transport.open, framing, patience=patience)
