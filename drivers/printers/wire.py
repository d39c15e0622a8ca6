"""How long bytes take on a serial line: what makes a logo crawl, before anybody prints it."""

from __future__ import annotations

from agent.core.receipt.document import Image
from drivers.transports.serial_port import SerialLine


def milliseconds(size: int, line: SerialLine) -> int:
    """Tell how long so many bytes take, rounded up: a start bit, the data, parity and stop bits.

    >>> milliseconds(14_400, SerialLine("/dev/ttyS0", baud=9600))
    15000
    """
    bits = 1 + line.bits + (line.parity != "none") + line.stop
    return -(-size * bits * 1000 // line.baud)


def picture_milliseconds(image: Image, line: SerialLine) -> int:
    """Tell how long a picture takes."""
    return milliseconds(len(image.data), line)
