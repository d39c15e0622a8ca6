"""Scanners: what sends framed bytes, what types, and what reports.

`codecs` turns bytes into frames and touches nothing; `reading` is the one loop that feeds a codec
from a stream; each driver opens its transport and puts the two together; `making` refuses settings
that cannot work.
"""

from __future__ import annotations
