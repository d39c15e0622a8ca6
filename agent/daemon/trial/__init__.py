"""`till-agent devices test ID`: one device tried out, and what to set right about it.

Where the daemon runs, the device is tried through it, as a till uses it: `hearing` follows its
events. Else the device is opened here, and seen byte by byte. `scanner` shows the symbol of
`symbol` and has `verdict` judge what arrived; `printer` prints a page and kicks the drawer;
`beside` shows a text and reads weights.
"""

from __future__ import annotations

from agent.daemon.trial.command import try_device

__all__ = ["try_device"]
