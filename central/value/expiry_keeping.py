"""Looking at whose points may end: a few at a time, each in a short transaction.

Once a day at everybody something was booked for since, and in between only where it hurries: a
customer who buys every day is no work at every sale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection, Engine, and_, or_, select
from sqlalchemy.exc import DBAPIError

from agent.core.faults import Fault
from agent.core.loyalty import Term
from central.ledger.engine import reading, transact
from central.ledger.value_tables import AT_ONCE, TONIGHT, VALUE_EXPIRIES
from central.value.expiring import postpone, settle
from central.value.programme import terms_of

MANY = 50
"""How many are looked at before others of the program get their turn."""
_LOG = structlog.get_logger("central")
_E = VALUE_EXPIRIES.c


class ExpiryKeeper:
    """Looks at who is due; called again and again by one thread, or once by a command."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Prepare; `now` is HQ's clock."""
        self._engine, self._now = engine, now
        self._looked_on = ""

    def look(self) -> int:
        """Look at some of those who are due; gives how many, 0 once there are no more."""
        now = self._now()
        with reading(self._engine) as conn:
            terms = terms_of(conn)
            due = _due(conn, now[:10], tonight=self._looked_on != now[:10]) if terms else []
        for owner in due:
            self._one(owner, terms, now)
        if not due:
            self._looked_on = now[:10]
        return len(due)

    def look_all(self) -> int:
        """Look at everybody who is due; gives how many there were."""
        total = 0
        while looked := self.look():
            total += looked
        return total

    def _one(self, owner: str, terms: Sequence[Term], now: str) -> None:
        try:
            transact(self._engine, partial(_settle, owner, terms, now))
        except (Fault, DBAPIError) as error:
            # One customer's bad record is no other's; they are looked at again tomorrow.
            _LOG.error("points are not looked at", party=owner, reason=str(error)[:300])
            transact(self._engine, lambda conn: postpone(conn, owner, now[:10]))


def _due(conn: Connection, today: str, *, tonight: bool) -> list[str]:
    """List who is due, at most `MANY`; with those who wait for the next day, where it has come."""
    by_day = and_(_E.wake_on > TONIGHT, _E.wake_on <= today)
    is_due = _E.wake_on <= today if tonight else or_(_E.wake_on == AT_ONCE, by_day)
    query = select(_E.owner).where(is_due).order_by(_E.wake_on, _E.owner)
    return list(conn.execute(query.limit(MANY)).scalars())


def _settle(owner: str, terms: Sequence[Term], now: str, conn: Connection) -> None:
    settle(conn, owner, now, terms)
