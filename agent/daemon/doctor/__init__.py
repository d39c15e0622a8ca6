"""`till-agent doctor`: what is wrong on this machine, and what to do about it.

It looks from outside, with the daemon running or not, and changes nothing: `state` at files and
their owners, `port` at who listens, `hardware` at devices (`node` at who holds them, `printers` at
what they say), `hq` at the way to HQ, `customers` at whom the chain knows elsewhere, `records` and
`upkeep` into the journal. `processes` reads /proc for all of them. As root it sees more.
"""

from __future__ import annotations

from agent.daemon.doctor.examination import examine, show
from agent.daemon.doctor.finding import Finding

__all__ = ["Finding", "examine", "show"]
