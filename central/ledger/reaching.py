"""Which scope of the feed a store's tills read customers' cards from, and who is held at all.

What the settings say (`[replica]`) is kept with the data, since whoever publishes a card asks it:
without regions everybody's card is in the scope every till reads, with regions it is in those the
person was seen in lately, or has an order waiting in. `since` is moved day by day, so that in
between nobody's clock decides who is told of.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from agent.core.exchange.replica import REGION
from central.ledger.outbox import GLOBAL, store_scope
from central.ledger.tables import FACTS
from central.ledger.upserts import upsert

OTHERS = "others"
"""The region of stores that stand in none."""
_FACT = "replica"


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is held where."""

    regions: dict[str, str] = {}
    """Store → region; empty: there are none, and all tills hold the same people."""
    active_days: int = 0
    everybody_up_to: int = 0
    """As in the settings."""
    since: str = ""
    """Day (ISO 8601) from which on somebody must have been seen to be held; empty: everybody is."""
    settled_on: str = ""
    """Day on which everybody was last looked at; empty: it is due."""

    def scope_of(self, store: str) -> str:
        """Name the scope in which the tills of a store find customers' cards.

        >>> Reach({"s1": "north"}).scope_of("s1"), Reach({"s1": "north"}).scope_of("s2")
        ('region:north', 'region:others')
        >>> Reach().scope_of("s1")
        'global'
        """
        return f"{REGION}{self.regions.get(store, OTHERS)}" if self.regions else GLOBAL

    def scopes_of(self, store: str) -> tuple[str, ...]:
        """List all scopes the tills of a store read."""
        return tuple(dict.fromkeys((GLOBAL, store_scope(store), self.scope_of(store))))


def reach_of(conn: Connection) -> Reach:
    """Give what holds now; one look-up by key."""
    row = conn.execute(select(FACTS.c.value).where(FACTS.c.key == _FACT)).scalar_one_or_none()
    return Reach() if row is None else msgspec.json.decode(row, type=Reach)


def keep_reach(conn: Connection, reach: Reach) -> None:
    """Have another one hold, in a writing transaction."""
    row = upsert(FACTS).values(key=_FACT, value=msgspec.json.encode(reach).decode())
    taken = {"value": row.excluded.value}
    conn.execute(row.on_conflict_do_update(index_elements=["key"], set_=taken))
