"""One history per customer, over all channels and all ids they were ever given.

**What happened** is a `Happening`: one fact's effect on one party, under the id it was observed
with, and where it stands. `happenings` joins sales to whoever made them, `readings` reads the kinds
of fact that mean something by themselves, `told_orders` what is told of orders by any channel;
`interactions` writes each as a line: where, who, what, and to which order or sale it belongs.

**What is shown** is chosen at reading. `fold` (and `enter`, of happenings) gives the card a till
holds, and shows at the till what HQ will show once it has heard the same; `through` says how fresh
it is. `unified` gives HQ's whole view: of each field the word that survives (`survivorship`) with
where it comes from and all other words, consents, balances, orders, timeline, `households`; it
is made of `parts`, which hold what was observed under one id.

**Who is one person** is decided apart, by the `graph` and its rules, and is a map from ids to
`canonical` ids. Views are functions of what each id holds and of that map. So a merge re-keys and
posts nothing, and its undo is the old map (P10).

No clock decides anything but what is shown first, or of two equally strong words the newer (P11).
"""

from __future__ import annotations

from agent.core.history.answers import merge_consents, most_restrictive, shown_answers
from agent.core.history.fold import LAST_SHOWN, enter, fold, last
from agent.core.history.happenings import Entry, happenings_of
from agent.core.history.interactions import (
    STORE_CHANNEL,
    interaction_of,
    interaction_of_order,
    timeline,
)
from agent.core.history.model import Card, Happening, Interaction, Order, OrderLine, Pass
from agent.core.history.orders import OPEN, STATES, advance, rank, state_after, with_order
from agent.core.history.parts import Balance, Named, Part, part_of, parts_of
from agent.core.history.survivorship import Observation, Strength, Survivor, survivors
from agent.core.history.unified import Home, Unified, card_of, unified_of, unify

__all__ = [
    "LAST_SHOWN",
    "OPEN",
    "STATES",
    "STORE_CHANNEL",
    "Balance",
    "Card",
    "Entry",
    "Happening",
    "Home",
    "Interaction",
    "Named",
    "Observation",
    "Order",
    "OrderLine",
    "Part",
    "Pass",
    "Strength",
    "Survivor",
    "Unified",
    "advance",
    "card_of",
    "enter",
    "fold",
    "happenings_of",
    "interaction_of",
    "interaction_of_order",
    "last",
    "merge_consents",
    "most_restrictive",
    "part_of",
    "parts_of",
    "rank",
    "shown_answers",
    "state_after",
    "survivors",
    "timeline",
    "unified_of",
    "unify",
    "with_order",
]
