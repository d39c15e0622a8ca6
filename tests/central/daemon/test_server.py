"""The listening socket: why it cannot be had, and what to do."""

from __future__ import annotations

import errno
import socket

import pytest

from central.daemon.server import ListenFault, listen


def test_a_free_port_is_listened_on():
    """Wrong: HQ is not reachable where its settings say."""
    for host in ("127.0.0.1", "::1"):
        with listen(host, 0) as sock, socket.create_connection(sock.getsockname()[:2]):
            pass


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.EADDRINUSE, "stop the program that holds the port"),
        (errno.EACCES, "above 1023"),
        (errno.EADDRNOTAVAIL, "an address of this machine"),
    ],
)
def test_each_reason_has_its_remedy(monkeypatch, code, remedy):
    """Wrong: IT reads an errno and has to guess."""

    def bind(_self, _address):
        raise OSError(code, "as the system says")

    monkeypatch.setattr("socket.socket.bind", bind)
    with pytest.raises(ListenFault, match=r"127\.0\.0\.1:80: as the system says") as caught:
        listen("127.0.0.1", 80)
    assert remedy in caught.value.remedy


def test_a_host_nobody_knows_is_named():
    """Wrong: a mistyped host ends in a stack trace."""
    with pytest.raises(ListenFault, match=r"no\.such\.host\.invalid"):
        listen("no.such.host.invalid", 8470)
