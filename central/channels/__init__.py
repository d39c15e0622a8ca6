"""The registry of channels and touch points, and the intake of events from web stores."""

from __future__ import annotations
