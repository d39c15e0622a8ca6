"""Byte streams to devices: serial, tcp, usblp, evdev, hidraw, and scripted ones.

A transport is opened again and again. What it is opened on is an address of the settings; the
identity of a USB device in it is looked up anew each time (`identity`).
"""

from __future__ import annotations
