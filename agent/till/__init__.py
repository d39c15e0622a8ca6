"""The till's loop: inbox, then the core's decision, then the journal's commit, then effects.

`TillLoop` is the room's door: `await loop.ask(command)` for everything in `commands`, and
`loop.offer_scan(...)` for scanners. `handlers` is the table from a command to who decides it:
`scanning` (with `item_scans`, `packing`, `shelving`), `selling` (with `adding`, `lines`,
`returning`), `paying`, `external`, `cash_day`, `customers`, `printing`, `noticing`. They share
a `Desk`, whose `commit` is the only way anything changes: basket, facts, print job and events of
one decision in one transaction (P2).

Orders of any channel: `orders` is what is known here, `own_orders` with what this agent told since,
`ordering` and `specials` what is done with them, `ordered` what a sale tells of them; `stocking`
books goods that people move.

What stands beside the till is asked through `peripherals`: `weighing` takes a line's weight from
the scale, `showing` says what the customer sees.

Shapes that callers see stand in `requests` and `replies`; events in `telling`. `restoring` reads
everything back after a crash, `own` and `looking` are what the till knows of customers and items.
"""

from __future__ import annotations

from agent.till.loop import TillLoop
from agent.till.own import OwnEntries

__all__ = ["OwnEntries", "TillLoop"]
