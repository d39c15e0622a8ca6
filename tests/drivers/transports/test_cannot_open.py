"""Why a device cannot be opened, in words a technician can act on."""

from __future__ import annotations

import errno
import socket

import pytest
import serial

from drivers.transports.stream import cannot_open


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (OSError(errno.ECONNREFUSED, "x"), "Connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not known"),
        (serial.SerialException(errno.ENOENT, "could not open"), "No such file"),
        (OSError("no address for printer"), "no address for printer"),
    ],
)
def test_the_reason_is_said(cause, words):
    """A host's mistyped name would be `Unknown error -2`."""
    fault = cannot_open("printer", cause)
    assert words in fault.detail
    assert fault.remedy
