"""Working off what is due: a few at a time, each in a short transaction, none in another's way.

A day of sales touches some thousand customers. A few are derived in each transaction, so that the
intake waits for those at most; what fails is tried again by itself and, after a few tries, left
where it stands for a person to look at, while all others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection, Engine, bindparam, delete, select, update
from sqlalchemy.exc import DBAPIError

from agent.core.faults import Fault
from central.leads.bookings import SaleOf
from central.leads.crediting import derive
from central.leads.gathering import Node, group_of
from central.leads.ordered import book_order
from central.leads.profiles import look_through, refresh
from central.ledger.customer_tables import SALES
from central.ledger.due import LEAD, ORDER, PARTY, note_due
from central.ledger.engine import reading, transact
from central.ledger.lead_tables import LEAD_DUE, LEADS_SHOWN

AT_ONCE = 50
"""How many are looked at before others of the program get their turn."""
TOGETHER = 10
"""So many are derived in one transaction: most have next to nothing, and a commit costs more."""
TRIES_MAX = 5
_RECORD_S = (Fault, DBAPIError, ValueError, LookupError, ArithmeticError)
"""What a bad record can cause."""
_LOG = structlog.get_logger("central")

_NEXT = (
    select(LEAD_DUE.c.kind, LEAD_DUE.c.id)
    .where(LEAD_DUE.c.tries < TRIES_MAX)
    .order_by(LEAD_DUE.c.tries, LEAD_DUE.c.kind, LEAD_DUE.c.id)
    .limit(bindparam("at_most"))
)
_OF = (LEAD_DUE.c.kind == bindparam("of_kind")) & (LEAD_DUE.c.id == bindparam("of_id"))
_DONE = delete(LEAD_DUE).where(_OF)
_TRIED = update(LEAD_DUE).where(_OF).values(tries=LEAD_DUE.c.tries + 1)
_ARRIVED = (
    select(LEADS_SHOWN.c.lead_id, LEADS_SHOWN.c.sale_id)
    .join(SALES, SALES.c.sale_id == LEADS_SHOWN.c.sale_id)
    .where(LEADS_SHOWN.c.booked.is_(False))
    .limit(bindparam("at_most"))
)
_BOOKED = (
    update(LEADS_SHOWN)
    .where(
        LEADS_SHOWN.c.lead_id == bindparam("of_lead"), LEADS_SHOWN.c.sale_id == bindparam("of_sale")
    )
    .values(booked=True)
)


class LeadKeeper:
    """Derives anew whatever is due; called again and again by one thread."""

    def __init__(self, engine: Engine, sale_of: SaleOf, now: Callable[[], str]) -> None:
        """Keep what it works with.

        Args:
            engine: the ledger.
            sale_of: reads a sale as it was sealed.
            now: HQ's clock, UTC, ISO 8601.
        """
        self._engine = engine
        self._sale_of = sale_of
        self._now = now
        self._looked_on = self._after = ""

    def work(self, at_once: int = AT_ONCE) -> int:
        """Work off some of what is due; gives how many, 0 once there is no more."""
        nodes = [*self._arrived(at_once), *self._due(at_once)]
        for start in range(0, len(nodes), TOGETHER):
            self._some(nodes[start : start + TOGETHER])
        return len(nodes) or self._look_through(at_once)

    def work_all(self) -> int:
        """Work off everything that is due."""
        total = 0
        while done := self.work():
            total += done
        return total

    def _look_through(self, at_once: int) -> int:
        """Once a day, a few at a time: find the profiles nobody may keep any more."""
        today = self._now()[:10]
        if self._looked_on == today:
            return 0
        with reading(self._engine) as conn:
            seen, ended = look_through(conn, self._after, today, at_once)
        if ended:
            transact(self._engine, lambda conn: note_due(conn, PARTY, ended))
        self._after = seen[-1] if seen else ""
        self._looked_on = self._looked_on if seen else today
        return len(ended)

    def _due(self, at_once: int) -> list[Node]:
        with reading(self._engine) as conn:
            return [(row.kind, row.id) for row in conn.execute(_NEXT, {"at_most": at_once})]

    def _arrived(self, at_once: int) -> Iterator[Node]:
        """Take up codes whose sale has come in since."""
        with reading(self._engine) as conn:
            rows = conn.execute(_ARRIVED, {"at_most": at_once}).all()
        for row in rows:
            shown = {"of_lead": row.lead_id, "of_sale": row.sale_id}
            transact(self._engine, partial(_book, shown))
            yield LEAD, row.lead_id

    def _some(self, nodes: Sequence[Node]) -> None:
        """Derive some together, and where that fails, each by itself."""
        try:
            transact(self._engine, partial(self._derive, nodes))
        except _RECORD_S as error:
            if len(nodes) > 1:
                for node in nodes:
                    self._some([node])
            else:
                self._failed(nodes[0], error)

    def _failed(self, node: Node, error: Exception) -> None:
        # One customer's bad record is no other's; what cannot be read is said in the log.
        _LOG.error("not derived, it is tried again", kind=node[0], reason=str(error)[:300])
        transact(self._engine, lambda conn: conn.execute(_TRIED, _named(node)))

    def _derive(self, nodes: Sequence[Node], conn: Connection) -> None:
        conn.execute(_DONE, [_named(node) for node in nodes])
        for kind, order_no in nodes:
            if kind == ORDER:
                book_order(conn, order_no)
        rest = [node for node in nodes if node[0] != ORDER]
        if not rest:
            return
        group, now = group_of(conn, rest), self._now()
        derive(conn, group, self._sale_of, now[:10])
        for person in sorted(set(group.parties.values())):
            refresh(conn, person, self._sale_of, now)


def _named(node: Node) -> dict[str, str]:
    return {"of_kind": node[0], "of_id": node[1]}


def _book(shown: dict[str, str], conn: Connection) -> None:
    conn.execute(_BOOKED, shown)
