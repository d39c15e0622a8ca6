from __future__ import annotations

from agent.core.receipt.document import Image
from drivers.printers.wire import milliseconds, picture_milliseconds
from drivers.transports.serial_port import SerialLine


def test_a_logo_on_a_slow_line():
    """IT would learn that a logo takes fifteen seconds from a queue of customers."""
    slow = SerialLine("/dev/ttyS0", baud=9600)
    assert 15_000 == picture_milliseconds(Image(576, bytes(72 * 200)), slow)
    assert 1 == milliseconds(1, SerialLine("/dev/ttyS0", baud=115_200, parity="even", stop=2))
    assert 1250 == milliseconds(1000, SerialLine("/dev/ttyS0", parity="odd", stop=2))
