"""Scales at the till: asked some times a second, each answer a reading with its time and state.

`polled` is the driver, `codecs` are the protocols, `models` is the table of what can be named.
"""

from __future__ import annotations
