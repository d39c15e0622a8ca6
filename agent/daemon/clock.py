"""The machine's clocks and random source, behind `agent.contracts.clock.Clock`."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import uuid_utils

from agent.core.sale.model import Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Wall clock, monotonic clock, boot id and randomness of this machine."""

    def __init__(self) -> None:
        self._boot_id = BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.exists() else ""

    def stamp(self) -> Stamp:
        """Read all clocks at once."""
        wall = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Stamp(wall=wall, mono_ns=time.monotonic_ns(), boot_id=self._boot_id)

    def uuid7(self) -> str:
        """Make a UUIDv7 (RFC 9562)."""
        return str(uuid_utils.uuid7())

    def random(self, size: int) -> bytes:
        """Give `size` unpredictable bytes."""
        return os.urandom(size)
