"""Once a day, and when regions change: everybody is looked at, who is held where.

Who was not seen for long is taken out of the scopes they are in, who is missing somewhere is put
there. It goes through all persons in slices, each in a short transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import structlog
from sqlalchemy import Connection, Engine, func, select

from agent.core.exchange.replica import DELETE
from central.identity.cards import card_changes
from central.identity.parties import ACTIVE, ERASED, canonicals
from central.identity.reach import PARTY_KEY, held_in, tell, wanted_in
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import reading, transact
from central.ledger.outbox import Change, publish_many
from central.ledger.reaching import keep_reach, reach_of

SLICE = 200
_DAY = 10
_LOG = structlog.get_logger("central")


class ReachKeeper:
    """Looks at everybody, slice by slice; called again and again by one thread."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Prepare; `now` is HQ's clock."""
        self._engine, self._now = engine, now
        self._after: str | None = None
        self._moved = 0

    def look(self) -> bool:
        """Look at a slice, where that is due; tells whether there is more."""
        today = self._now()[:_DAY]
        with reading(self._engine) as conn:
            reach = reach_of(conn)
        if self._after is None:
            if reach.settled_on == today or not (reach.regions or reach.active_days):
                return False
            self._begin(today)
            return True
        after = self._after
        last, moved = transact(self._engine, lambda conn: _settle(conn, after))
        self._after, self._moved = last, self._moved + moved
        if last is None:
            self._end(today)
        return True

    def _begin(self, today: str) -> None:
        def begin(conn: Connection) -> None:
            reach = reach_of(conn)
            people = conn.execute(
                select(func.count()).select_from(PARTIES).where(PARTIES.c.state != ERASED)
            ).scalar_one()
            ages = reach.active_days and people > reach.everybody_up_to
            since = _before(today, reach.active_days) if ages else ""
            # What is told from now on follows it already.
            keep_reach(conn, msgspec.structs.replace(reach, since=since, settled_on=""))

        transact(self._engine, begin)
        self._after, self._moved = "", 0

    def _end(self, today: str) -> None:
        def end(conn: Connection) -> None:
            keep_reach(conn, msgspec.structs.replace(reach_of(conn), settled_on=today))

        transact(self._engine, end)
        if self._moved:
            _LOG.info("customers moved between what tills hold", people=self._moved)


def _settle(conn: Connection, after: str) -> tuple[str | None, int]:
    """Put and take out the persons of a slice; gives where to go on, None at the end."""
    query = select(PARTIES.c.party_id, PARTIES.c.state).where(PARTIES.c.party_id > after)
    rows = conn.execute(query.order_by(PARTIES.c.party_id).limit(SLICE)).all()
    if not rows:
        return None, 0
    ids = [row.party_id for row in rows if row.state == ACTIVE]
    people = list(dict.fromkeys(canonicals(conn, ids).values()))
    wanted = wanted_in(conn, reach_of(conn), people)
    held = held_in(conn, [f"{PARTY_KEY}{each}" for each in people])
    missing, moved = [], 0
    for each in people:
        there = held.get(f"{PARTY_KEY}{each}", set())
        if wanted[each] - there:
            missing.append(each)
        for scope in sorted(there - wanted[each]):
            publish_many(conn, scope, [Change(f"{PARTY_KEY}{each}", DELETE)])
        moved += wanted[each] != there
    if missing:
        tell(conn, card_changes(conn, missing))
    return rows[-1].party_id, moved


def _before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()
