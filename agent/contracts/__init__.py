"""What the agent asks of the outside: Protocols and error trees for devices, HQ and the clock.

A contract lives with the one who calls it; drivers and links implement it.
"""

from __future__ import annotations
