"""The registry of channels and touch points, and the intake of events from web stores.

A channel sends its events as a list; each gets its own outcome. What was accepted is in the
customer's history when the answer leaves; what could not be used is kept with its reason, and
sending it again tries again. `orders` reads what an event tells of an order in the words all
channels and tills share (`central.goods`).

A web store that sends nothing is kept in step with by a connector: `connecting` says what one is,
`connections` has them look, tell and do; `vendure` is the first.
"""

from __future__ import annotations
