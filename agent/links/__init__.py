"""Ways to HQ: http, and memory (a complete fake that ships with the product)."""

from __future__ import annotations

from agent.links.http import HttpLink
from agent.links.memory import MemoryLink, Weather
from agent.links.memory_hq import MemoryHq

__all__ = ["HttpLink", "MemoryHq", "MemoryLink", "Weather"]
