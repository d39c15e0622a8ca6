"""The daemon beside the till: devices in, sales into the journal, the journal to HQ.

Every arrow points at `agent.core`, and `agent.core` points at nothing. Only `agent.daemon` knows
who implements what; the other rooms meet through the Protocols of `agent.contracts`.
"""

from __future__ import annotations
