"""The served HQ of these tests."""

from __future__ import annotations

from tests.central.served import hq

__all__ = ["hq"]
