"""The connectors at work: one thread, which looks at every web store in turn and does its tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Condition, Thread

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from agent.core.faults import Fault
from central.channels.connecting import ConnectorFault, ConnectorSettings, Make
from central.channels.linking import FOREIGN, Link, Standing, not_understood
from central.channels.vendure import Vendure

KINDS: Mapping[str, Make] = {"vendure": Vendure}
"""Which software HQ can keep in step with: the one table."""
HOUR_S = 3600.0
_LOG = structlog.get_logger("central")


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
        except FOREIGN as error:
            link.failed(not_understood(error))
        except SQLAlchemyError as error:
            _LOG.error("the database failed while a web store was looked at", why=str(error))


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
