"""Implementations of `agent.contracts.devices`; nothing but the daemon imports them."""

from __future__ import annotations
