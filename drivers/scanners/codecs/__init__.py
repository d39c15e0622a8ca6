"""Pure framing of scanner bytes: bytes in, frames out; never opens, waits or logs."""

from __future__ import annotations
