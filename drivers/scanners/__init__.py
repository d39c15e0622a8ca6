"""Scanners: what sends framed bytes, what types, and what reports.

`codecs` turns bytes into frames and touches nothing; `reading` opens a transport and is the one
loop that feeds a codec from a stream; each driver says which codec; `making` refuses settings that
cannot work.
"""

from __future__ import annotations
