"""Devices without hardware that ship with the product: for the demo, for tests, for a first look.

They know nothing of the drivers: what a driver sends is read here from the printer's side, by
code of its own, so that both sides cannot share a mistake.
"""

from __future__ import annotations
