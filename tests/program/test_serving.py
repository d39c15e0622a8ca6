"""The listening socket: what keeps a program from its address is said, with the remedy."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from agent.program.serving import ListenFault, listen_on, split_address


def test_a_free_port_is_listened_on():
    """The API would be reachable by nobody."""
    with (
        listen_on("127.0.0.1", 0, setting="[agent] listen") as server,
        socket.create_connection(server.getsockname(), timeout=5),
    ):
        assert server.getblocking() is False


def test_a_taken_port_is_named_with_how_to_find_its_holder():
    """IT would see a stack trace and restart the machine."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ListenFault, match="Address already in use") as caught:
            listen_on("127.0.0.1", port, setting="[agent] listen")
    assert f"sport = :{port}" in caught.value.remedy
    assert "[agent] listen" in caught.value.remedy


def test_an_address_of_another_machine():
    """A copied settings file would be searched for its fault line by line."""
    with pytest.raises(ListenFault) as caught:
        listen_on("192.0.2.1", 8460, setting="[agent] listen")
    assert "127.0.0.1" in caught.value.remedy


def test_a_port_that_needs_root(monkeypatch):
    """Port 80 would look taken by somebody else."""

    def refused(_self, _address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(ListenFault) as caught:
        listen_on("127.0.0.1", 80, setting="[central] listen")
    assert "above 1023 in [central] listen" in caught.value.remedy


def test_ipv6():
    """A machine without IPv4 could not be served, or one without IPv6 not be told so."""
    try:
        with listen_on("::1", 0, setting="x") as server:
            assert server.family is socket.AF_INET6
    except ListenFault:
        assert not Path("/proc/net/if_inet6").exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [("127.0.0.1:8460", ("127.0.0.1", 8460)), ("[::1]:8460", ("::1", 8460)), ("h:1", ("h", 1))],
)
def test_addresses_of_the_settings(text, parts):
    """An IPv6 address would be cut at its first colon."""
    assert split_address(text) == parts


@pytest.mark.asyncio
async def test_answers_are_sent_at_once():
    """Each answer on a kept connection would come 40 ms late (Nagle, delayed ACK)."""
    accepted = asyncio.get_running_loop().create_future()

    def met(_reader, writer):
        sock = writer.get_extra_info("socket")
        accepted.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listen_on("127.0.0.1", 0, setting="x") as sock:
        async with await asyncio.start_server(met, sock=sock):
            _, writer = await asyncio.open_connection(*sock.getsockname())
            assert await accepted
            writer.close()
            await writer.wait_closed()
