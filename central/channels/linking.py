"""One web store and HQ: what a connector tells is taken in, what happened elsewhere is done there.

What is looked at is taken in by the same door as what others send (`intake.take`), so that an
event the web store's own software sent, too, is the same event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec
import structlog
from sqlalchemy import Connection, Engine

from agent.core.faults import Fault
from central.channels.connecting import Connector, ConnectorFault, ConnectorSettings, EventBody
from central.channels.event_rows import QUARANTINED, Outcome
from central.channels.intake import take
from central.channels.person import new_party_id
from central.goods import tasks
from central.goods.told import held
from central.ledger.engine import reading, transact

SEEN_MAX = 100_000
"""Orders whose last events are remembered, so that nothing is written of what has not changed."""
LOT_ORDERS = 25
"""So many orders, some hundred events, are looked at before those that are new are committed: a
commit costs as much as some of them, and who brings sales waits for no longer than it lasts."""
FOREIGN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an answer of foreign software can cause; the thread, and HQ with it, would end by it."""
_LOG = structlog.get_logger("central")


class Standing(msgspec.Struct, frozen=True):
    """How a connector is."""

    channel: str
    looked_at: str = ""
    """When it last looked and all was well."""
    problem: str | None = None
    remedy: str | None = None
    orders: int = 0
    """Orders it knows of since the start."""
    quarantined: int = 0
    """Events of it that could not be used, since the start."""
    tasks: int = 0
    """What its web store has not been told yet."""


class Link:
    """One web store and what is known of it since the start."""

    def __init__(self, channel: str, settings: ConnectorSettings, connector: Connector) -> None:
        """Begin knowing nothing."""
        self.channel, self.settings, self.connector = channel, settings, connector
        self.standing = Standing(channel)
        self.due_s = self.sweep_s = 0.0
        self._seen: dict[str, int] = {}

    def look(self, engine: Engine, now: Callable[[], str], named: Sequence[str] = ()) -> None:
        """Look at what webhooks named, and at the rest if that is due; pass on what is to do there.

        Raises:
            ConnectorFault: the web store cannot be asked.
        """
        if named:
            self._take_all(engine, now, self.connector.named(named))
        if self.due_s <= time.monotonic():
            self._look_around(engine, now)
        self._do_tasks(engine, now)
        self._stands(looked_at=now(), problem=None, remedy=None, orders=len(self._seen))

    def _look_around(self, engine: Engine, now: Callable[[], str]) -> None:
        """Look at what is new and open, or at everything young enough."""
        began = time.monotonic()
        is_sweep = began >= self.sweep_s
        # Should it fail, it is due again as soon as if it had been quick.
        self.due_s = began + self.settings.every_s
        told = self.connector.sweep() if is_sweep else self.connector.fresh()
        self._take_all(engine, now, told)
        ended = time.monotonic()
        if is_sweep:
            self.sweep_s = began + max(self.settings.sweep_s, 2 * (ended - began))
        # A web store with very many orders is left alone for as long as it was asked, but no
        # longer than until the next sweep.
        rest_s = min(ended - began, self.sweep_s - ended)
        self.due_s = ended + max(self.settings.every_s, rest_s)

    def failed(self, fault: Fault) -> None:
        """Remember what is wrong, for whoever looks."""
        if self.standing.problem != fault.detail:
            _LOG.warning("web store", channel=self.channel, why=fault.detail, remedy=fault.remedy)
        self._stands(problem=fault.detail, remedy=fault.remedy)

    def _take_all(
        self, engine: Engine, now: Callable[[], str], told: Iterable[Sequence[EventBody]]
    ) -> None:
        """Take orders in, some of them in each transaction; the same as the last time, not at all.

        Where the web store stops answering, what it has told until then is taken.
        """
        lot: list[Sequence[EventBody]] = []
        try:
            for events in told:
                lot.append(events)
                if len(lot) == LOT_ORDERS:
                    whole, lot = lot, []
                    self._take(engine, now, whole)
        finally:
            self._take(engine, now, lot)

    def _take(
        self, engine: Engine, now: Callable[[], str], lot: Iterable[Sequence[EventBody]]
    ) -> None:
        """Take some orders' events in one transaction, and remember them once it has committed."""
        new = [events for events in lot if self._is_new(events)]
        if not new:
            return
        bodies = [each for events in new for each in events]
        outcomes = transact(engine, partial(self._taken, bodies, now()))
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen |= {_key(events): hash(tuple(events)) for events in new}
        bad = [each for each in outcomes if each.outcome == QUARANTINED]
        for each in bad:
            _LOG.warning("event set aside", channel=self.channel, reason=each.reason)
        self._stands(quarantined=self.standing.quarantined + len(bad))

    def _is_new(self, events: Sequence[EventBody]) -> bool:
        return bool(events) and self._seen.get(_key(events)) != hash(tuple(events))

    def _taken(self, events: list[bytes], now: str, conn: Connection) -> list[Outcome]:
        return take(conn, self.channel, events, now, new_party_id)

    def _do_tasks(self, engine: Engine, now: Callable[[], str]) -> None:
        with reading(engine) as conn:
            waiting = tasks.open_tasks(conn, self.channel)
        left = 0
        for task in waiting:
            with reading(engine) as conn:
                order = held(conn, task.told.order_id)
            try:
                self.connector.do(task, order)
            except (ConnectorFault, *FOREIGN) as error:
                left += 1
                why = error if isinstance(error, Fault) else not_understood(error)
                transact(engine, partial(self._undone, task.task, why.detail))
            else:
                transact(engine, partial(self._done, task.task, now()))
        self._stands(tasks=left)

    def _done(self, task: str, now: str, conn: Connection) -> None:
        tasks.done(conn, self.channel, task, now)

    def _undone(self, task: str, problem: str, conn: Connection) -> None:
        tasks.failed(conn, self.channel, task, problem)

    def _stands(self, **changed: object) -> None:
        self.standing = msgspec.structs.replace(self.standing, **changed)


def _key(events: Sequence[EventBody]) -> str:
    """Tell orders apart: their first event has an id of its own, and begins with it."""
    return str(events[0][:80])


def not_understood(error: Exception) -> ConnectorFault:
    """Say of an answer nobody foresaw that the web store gave it: HQ and its other stores go on."""
    return ConnectorFault(
        f"the web store answered what this connector does not know: {type(error).__name__}",
        remedy="compare its version with those till-central knows; send HQ's log to its maker",
        name="web-store-unknown",
    )
