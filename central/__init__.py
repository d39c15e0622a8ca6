"""HQ: takes the journals of all tills, keeps one history per customer, feeds the tills.

Shares only `agent.core` with the agent, and no other code.
"""

from __future__ import annotations
