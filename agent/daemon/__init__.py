"""Start, stop, signals, watchdog, logging, the command line and the demo.

The only room that knows who implements what.
"""

from __future__ import annotations
