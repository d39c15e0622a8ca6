"""The virtual scanners by themselves: what they send, apart from any driver."""

from __future__ import annotations

import os
import select
import socket
import struct
from pathlib import Path

import pytest

from agent.contracts.devices import DeviceFault
from drivers.virtual import fifo
from drivers.virtual.hid_pos import DESCRIPTOR, VirtualHidPos, reports
from drivers.virtual.tcp_scanner import VirtualTcpScanner
from drivers.virtual.wedge import VirtualWedge


def keys(data):
    events = list(struct.iter_unpack("=qqHHi", data))
    return [(code, value) for _, _, kind, code, value in events if kind == 1]


def received(peer):
    reader = os.open(peer.path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(reader, 65_536)
    finally:
        os.close(reader)


def test_what_a_wedge_types(tmp_path):
    """Tests with it would prove nothing about keyboards."""
    with VirtualWedge(tmp_path / "event0") as peer:
        assert (f"evdev:{peer.path}", True) == (peer.address, Path(peer.path).is_fifo())
        peer.scan("A1")
        data = received(peer)
    shift, a, one, enter = 42, 30, 2, 28
    assert [(shift, 1), (a, 1), (a, 0), (shift, 0), (one, 1), (one, 0), (enter, 1), (enter, 0)] == (
        keys(data)
    )
    assert 0 == len(data) % 24
    assert not (tmp_path / "event0").exists()


def test_what_it_cannot_type_is_an_alt_code(tmp_path):
    """A character would be left out."""
    with VirtualWedge(tmp_path / "event0", end=None) as peer:
        peer.scan("é")
        pressed = [code for code, value in keys(received(peer)) if value == 1]
    assert [56, 82, 80, 81, 81] == pressed


def test_lost_events(tmp_path):
    """The fault that matters most could not be played."""
    with VirtualWedge(tmp_path / "event0") as peer:
        peer.lose("1")
        events = list(struct.iter_unpack("=qqHHi", received(peer)))
    assert [(0, 3, 0), (0, 0, 0)] == [events[0][2:], events[-1][2:]]


def test_a_hid_pos_scanner_lays_its_descriptor_beside(tmp_path):
    """Its reports could not be read."""
    with VirtualHidPos(tmp_path / "hidraw0") as peer:
        assert DESCRIPTOR == (tmp_path / "hidraw0.descriptor").read_bytes()
        peer.scan(b"4006", b"]E0")
        assert b"\x02\x04]E04006" == received(peer)[:9]
        peer.half(b"9" * 60)
        assert reports(b"9" * 60, b"]E0")[:1] == [received(peer)]
        assert Path(peer.path).is_fifo()
    assert [] == list(tmp_path.iterdir())
    assert [64, 64, 64] == [len(report) for report in reports(bytes(120), b"]Q1")]
    assert [1, 1, 0] == [report[63] for report in reports(bytes(120), b"]Q1")]


def test_nobody_reads(tmp_path, monkeypatch):
    """A demo without an agent would hang instead of saying what is missing."""
    monkeypatch.setattr(fifo, "READ_WITHIN_S", 0.01)
    with VirtualWedge(tmp_path / "event0") as peer, pytest.raises(DeviceFault, match="nobody"):
        peer.send(bytes(200_000))


def test_nobody_is_connected(monkeypatch):
    """A demo without an agent would hang instead of saying what is missing."""
    monkeypatch.setattr("drivers.virtual.tcp_scanner.CONNECTED_WITHIN_S", 0.01)
    with VirtualTcpScanner() as peer, pytest.raises(DeviceFault, match="nobody is connected"):
        peer.scan(b"4006")


def test_the_last_connection_is_served():
    """After the agent reconnects, scans would go to its old, dead connection."""
    with VirtualTcpScanner() as peer:
        _, host, port = peer.address.split(":")
        with socket.create_connection((host, int(port))):
            peer.scan(b"lost")
        with socket.create_connection((host, int(port))) as second:
            peer.scan(b"4006")
            assert select.select([second], [], [], 5)[0]
            assert b"4006\r" == second.recv(100)
