"""Looking at whose points may end: a few at a time, each in a short transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from agent.core.faults import Fault
from agent.core.loyalty import Term
from central.ledger.engine import reading, transact
from central.ledger.value_tables import VALUE_EXPIRIES
from central.value.expiring import postpone, settle
from central.value.programme import terms_of

AT_ONCE = 50
"""How many are looked at before others of the program get their turn."""
_LOG = structlog.get_logger("central")
_E = VALUE_EXPIRIES.c


class ExpiryKeeper:
    """Looks at who is due; called again and again by one thread, or once by a command."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Prepare; `now` is HQ's clock."""
        self._engine, self._now = engine, now

    def look(self) -> int:
        """Look at some of those who are due; gives how many, 0 once there are no more."""
        now = self._now()
        with reading(self._engine) as conn:
            terms = terms_of(conn)
            due = _due(conn, now[:10]) if terms else []
        for owner in due:
            self._one(owner, terms, now)
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


def _due(conn: Connection, today: str) -> list[str]:
    query = select(_E.owner).where(_E.wake_on <= today).order_by(_E.wake_on, _E.owner)
    return list(conn.execute(query.limit(AT_ONCE)).scalars())


def _settle(owner: str, terms: Sequence[Term], now: str, conn: Connection) -> None:
    settle(conn, owner, now, terms)
