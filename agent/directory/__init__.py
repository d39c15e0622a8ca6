"""What the till holds of customers, items and orders: a separate, replaceable file.

`Directory` is the door. HQ's feed fills it (`feed`), a snapshot of a whole scope replaces its file
while look-ups go on (`installing`, `merging`, `generations`), recognition asks it (`items`,
`parties`, `orders`), and nothing in it is the only copy of anything: a damaged or missing file is
set aside and begun anew, the feed starts over, and sales go on meanwhile (P1).

Parties are found by token only (`core.recognition.tokens`); the sealed replica will put its keyed
tokens and encrypted cards behind the same functions.
"""

from __future__ import annotations

from agent.directory.directory import Directory
from agent.directory.faults import DirectoryFault

__all__ = ["Directory", "DirectoryFault"]
