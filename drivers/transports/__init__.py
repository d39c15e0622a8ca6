"""Byte streams to devices: serial, tcp, and scripted ones for tests and the demo."""

from __future__ import annotations
