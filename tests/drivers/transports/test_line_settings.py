from __future__ import annotations

import asyncio

import pytest

from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.port import VirtualPort


@pytest.mark.asyncio
@pytest.mark.parametrize(("bits", "parity"), [(8, "none"), (7, "even"), (7, "odd"), (8, "even")])
async def test_a_port_opens_again_and_again_with_its_line(bits, parity):
    """A scale of seven bits and even parity would open once, and never again after a silence."""
    async with VirtualPort() as port:
        path = port.address.removeprefix("serial:")
        transport = SerialTransport(SerialLine(path, bits=bits, parity=parity))
        for _ in range(3):
            async with transport.open() as stream:
                port.say(b"\x02\xff\r")
                async with asyncio.timeout(30):
                    assert b"\x02\xff\r" == await stream.read()
