"""The served HQ of these tests."""

from __future__ import annotations

from tests.central.served import hq, hq_at, new_till

__all__ = ["hq", "hq_at", "new_till"]
