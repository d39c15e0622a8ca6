"""The connectors at work: one thread, which looks at every web store in turn and does its tasks.

What is looked at is taken in by the same door as what others send (`intake.take`), so that an
event the web store's own software sent, too, is the same event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Condition, Thread

import msgspec
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from agent.core.faults import Fault
from central.channels.connecting import Connector, ConnectorFault, ConnectorSettings, Make
from central.channels.intake import QUARANTINED, Outcome, take
from central.channels.person import new_party_id
from central.channels.vendure import Vendure
from central.goods import tasks
from central.goods.told import held
from central.ledger.engine import reading, transact

KINDS: Mapping[str, Make] = {"vendure": Vendure}
"""Which software HQ can keep in step with: the one table."""
HOUR_S = 3600.0
SEEN_MAX = 100_000
"""Orders whose last events are remembered, so that nothing is written of what has not changed."""
_FOREIGN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
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
            for events in self.connector.named(named):
                self._take(engine, now, events)
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
        for events in self.connector.sweep() if is_sweep else self.connector.fresh():
            self._take(engine, now, events)
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

    def _take(self, engine: Engine, now: Callable[[], str], events: Sequence[bytes]) -> None:
        """Take an order's events in one transaction; the same as the last time, not at all."""
        if not events:
            return
        key, digest = str(events[0][:80]), hash(tuple(events))
        if self._seen.get(key) == digest:
            return
        outcomes = transact(engine, partial(self._taken, list(events), now()))
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen[key] = digest
        bad = [each for each in outcomes if each.outcome == QUARANTINED]
        for each in bad:
            _LOG.warning("event set aside", channel=self.channel, reason=each.reason)
        self._stands(quarantined=self.standing.quarantined + len(bad))

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
            except (ConnectorFault, *_FOREIGN) as error:
                left += 1
                why = error if isinstance(error, Fault) else _not_understood(error)
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


class Connections:
    """All web stores HQ keeps in step with, in a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], str],
        links: Sequence[Link],
        ended: Callable[[], None],
        is_mine: Callable[[], bool] = lambda: True,
        hourly: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the thread.

        Args:
            engine: the ledger.
            now: HQ's clock.
            links: the web stores.
            ended: called in the thread when it ends, asked for or not.
            is_mine: tells whether this process is the one that looks, of several on a database.
            hourly: what else is done for orders, every hour.
        """
        self._engine, self._now, self._ended, self._is_mine = engine, now, ended, is_mine
        self._links = {link.channel: link for link in links}
        self._hourly, self._hour_s = hourly, time.monotonic()
        self._named: dict[str, set[str]] = {}
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="web stores", daemon=True)

    def start(self) -> None:
        """Begin with a sweep of each."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it after the look it is in."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        for link in self._links.values():
            link.connector.close()

    def heard(self, channel: str, order_no: str) -> bool:
        """Look at an order at once, as a webhook asks for; False where there is no connector."""
        if channel not in self._links:
            return False
        with self._changed:
            self._named.setdefault(channel, set()).add(order_no)
            self._changed.notify()
        return True

    def standing(self) -> list[Standing]:
        """Tell how each is."""
        return [link.standing for link in self._links.values()]

    def _run(self) -> None:
        try:
            while self._wait():
                for link in self._links.values():
                    self._look(link)
                self._every_hour()
        finally:
            self._ended()

    def _wait(self) -> bool:
        """Wait until something is due; False when it is time to end."""
        with self._changed:
            while not (self._stopping or self._named or self._is_due()):
                self._changed.wait(self._pause_s())
            return not self._stopping

    def _is_due(self) -> bool:
        return min(self._dues()) <= time.monotonic()

    def _pause_s(self) -> float:
        return max(0.0, min(self._dues()) - time.monotonic())

    def _dues(self) -> list[float]:
        return [self._hour_s, *(link.due_s for link in self._links.values())]

    def _every_hour(self) -> None:
        if self._hour_s > time.monotonic():
            return
        self._hour_s = time.monotonic() + HOUR_S
        try:
            if self._is_mine():
                self._hourly()
        except (Fault, SQLAlchemyError) as error:
            _LOG.error("orders were not looked through; they will be", why=str(error))

    def _look(self, link: Link) -> None:
        with self._changed:
            named = self._named.pop(link.channel, set())
        if not (named or link.due_s <= time.monotonic()):
            return
        if not self._is_mine():
            link.due_s = time.monotonic() + link.settings.every_s
            return
        try:
            link.look(self._engine, self._now, sorted(named))
        except Fault as fault:
            link.failed(fault)
        except _FOREIGN as error:
            link.failed(_not_understood(error))
        except SQLAlchemyError as error:
            _LOG.error("the database failed while a web store was looked at", why=str(error))


def _not_understood(error: Exception) -> ConnectorFault:
    """Say of an answer nobody foresaw that the web store gave it: HQ and its other stores go on."""
    return ConnectorFault(
        f"the web store answered what this connector does not know: {type(error).__name__}",
        remedy="compare its version with those till-central knows; send HQ's log to its maker",
        name="web-store-unknown",
    )


def link_to(channel: str, settings: ConnectorSettings) -> Link:
    """Make the link of a channel that has a connector.

    Raises:
        ConnectorFault: `password-file`, `unknown-connector`.
    """
    make = KINDS.get(settings.kind)
    if make is None:
        raise ConnectorFault(
            f"channel {channel!r} has a connector of kind {settings.kind!r}",
            remedy=f"write one of: {', '.join(KINDS)}",
            name="unknown-connector",
        )
    return Link(channel, settings, make(channel, settings, _password(settings)))


def _password(settings: ConnectorSettings) -> str:
    if settings.password_file is None:
        return ""
    try:
        lines = Path(settings.password_file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectorFault(
            f"{settings.password_file} cannot be read: {type(error).__name__}",
            remedy="let the service's user read it: chown and chmod 0400, one line of UTF-8",
            name="password-file",
        ) from error
    return lines[0] if lines else ""
