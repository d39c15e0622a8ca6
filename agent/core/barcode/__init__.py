"""Scanned bytes to a `Reading`: every meaning the symbol can have, and every reason against others.

Sources: GS1 General Specifications, GS1 Digital Link URI syntax, ISO/IEC 15424 (AIM identifiers).
"""

from __future__ import annotations
