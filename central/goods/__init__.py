"""Orders and stock at HQ: what was told of each order by anybody, and what it moved.

An order is the set of everything told of it (`agent.core.orders`), kept once each in `told`, by
channels as well as by tills. `standing` says from the set how the order stands, brings it to the
tills it concerns and onto its customer's card, and has `stock` book what the new telling moved.
What a channel did not tell itself waits for it in `tasks`: the goods of its order were collected,
came back, were paid back, in a store. A special order is taken up once its deposit is there.

A sale moves goods by its lines alone; they are not written a second time as movements, and levels
move with them in the same transaction. `stock.reckoned` adds everything up again, so that anybody
can see that Σ movements = stock.
"""

from __future__ import annotations
