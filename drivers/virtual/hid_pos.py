"""A HID-POS scanner without hardware: input reports into a FIFO, its descriptor beside it."""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.fifo import FifoDevice

DESCRIPTOR = bytes.fromhex(
    "05 8c 09 02 a1 01"  # barcode scanner page, barcode scanner, application collection
    "09 12 a1 02 85 02"  # scanned data report, logical collection, report 2
    "15 00 26 ff 00 75 08 95 01 05 01 09 3b 81 02"  # generic desktop: byte count
    "95 03 05 8c 09 fb 09 fc 09 fd 81 02"  # symbology identifiers 1 to 3
    "95 38 09 fe 82 02 01"  # decoded data, 56 buffered bytes
    "06 66 ff 95 02 09 04 09 00 81 02"  # two bytes of the maker's
    "05 8c 25 01 75 01 95 08 09 ff 81 02 c0"  # decode data continued, and seven bits more
    "09 14 a1 02 85 04 75 01 95 08 09 60 81 02 c0"  # trigger report, report 4, one byte
    "c0"
)
"""As such scanners tell it: a report of scanned data, and one about the trigger."""
PIECE = 56
"""Bytes of data in one report."""


class VirtualHidPos(FifoDevice):
    """A scanner in HID-POS mode."""

    form = "hidraw"

    def plug(self) -> None:
        """Make the node, and lay the report descriptor beside it."""
        self._beside.write_bytes(DESCRIPTOR)
        super().plug()

    def unplug(self) -> None:
        """Take both away."""
        super().unplug()
        self._beside.unlink(missing_ok=True)

    @property
    def _beside(self) -> Path:
        return Path(f"{self.path}.descriptor")

    def scan(self, data: bytes, aim: bytes = b"]E0") -> None:
        """Send a symbol, in as many reports as it takes."""
        self.send(b"".join(reports(data, aim)))

    def trigger(self) -> None:
        """Send a report of another kind, as between two scans."""
        self.send(b"\x04\x01")

    def half(self, data: bytes, aim: bytes = b"]E0") -> None:
        """Send all reports of a long symbol but the last."""
        self.send(b"".join(reports(data, aim)[:-1]))


def reports(data: bytes, aim: bytes) -> list[bytes]:
    """Give the reports of a symbol: 64 bytes each.

    >>> [len(report) for report in reports(bytes(100), b"]Q1")]
    [64, 64]
    """
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
    last = len(pieces) - 1
    return [
        bytes((2, len(piece))) + aim + piece.ljust(PIECE, b"\0") + b"\0\0" + bytes((at < last,))
        for at, piece in enumerate(pieces)
    ]
