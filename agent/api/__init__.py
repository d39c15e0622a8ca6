"""The local HTTP and WebSocket API, and the till page it serves."""

from __future__ import annotations
