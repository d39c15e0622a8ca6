"""What the till holds of customers, items and orders: a separate, replaceable file.

`Directory` is the door. HQ's feed fills it (`feed`), a snapshot of a whole scope replaces its file
while look-ups go on (`installing`, `merging`, `generations`), recognition asks it (`items`,
`parties`, `orders`), and nothing in it is the only copy of anything: a damaged or missing file is
set aside and begun anew, the feed starts over, and sales go on meanwhile (P1).

Parties lie in it sealed (`core.privacy`): a card is found and opened by what its customer presents,
with keys (`keyring`) that do not lie beside it. Whom nobody here is, the chain's filter may know
(`filters`); a region that is this till's no more is let go of (`leaving`). What was presented is
remembered in memory alone (`presenting`), for as long as somebody may look at the card.
"""

from __future__ import annotations

from agent.directory.directory import Directory
from agent.directory.faults import DirectoryFault
from agent.directory.keyring import Keyring

__all__ = ["Directory", "DirectoryFault", "Keyring"]
