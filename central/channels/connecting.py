"""Connectors: how HQ keeps in step with a web store that does not send events by itself.

A connector looks, tells and does. It *looks* at a web store for what changed, and *tells* it as
events of the channel, under ids that follow from the web store's own facts: looked at twice, or by
two ways, everything is told once (`intake`). It *does* in the web store what became of its orders
elsewhere (`central.goods.tasks`). A webhook says no more than where to look, so that a lost, a
repeated or a forged one changes nothing.

A further kind of web store is one file with a `Connector` and one row in `KINDS`; it passes the
suite in `tests/contracts/test_connectors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from agent.core.faults import Fault
from agent.core.orders import CustomerOrder
from central.goods.tasks import Task

EventBody = bytes
"""One event of a channel, JSON as in `POST /v1/channels/{channel}/events`."""


class ConnectorFault(Fault):
    """The web store could not be asked, or would not do what it was asked to."""

    name = "web-store"
    title = "The web store does not answer as it should"


class ConnectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[channel.connector]`: a web store HQ keeps in step with."""

    kind: str
    """Which software it is: `vendure`."""
    url: str
    """Of its administration API, for example `https://shop.example/admin-api`."""
    user: str = ""
    """Who HQ signs in as."""
    password_file: str | None = None
    """A file, readable by the service alone, whose first line is that user's password."""
    every_s: int = 10
    """How long after one look it is asked again for what is new and what is open; as long as the
    look took, if that is more, or until a sweep is due. What a webhook names is asked for at
    once."""
    sweep_s: int = 240
    """How often every order of the last `days` is looked at again, from begin to begin."""
    days: int = 90
    """How long an order is looked at after it was placed."""
    amounts: Literal["minor", "major"] = "minor"
    """How its API gives money: in minor units (1999), or in major ones (19.99). Vendure gives minor
    ones unless it was given a money strategy of its own."""
    collect: dict[str, str] = {}
    """Which of its shipping methods, by code, waits in which store to be collected."""


class Connector(Protocol):
    """A web store, as far as HQ needs it; every call blocks."""

    def fresh(self) -> Iterable[Sequence[EventBody]]:
        """Give what is new and what is open, order by order.

        Raises:
            ConnectorFault: it cannot be asked.
        """
        ...

    def sweep(self) -> Iterable[Sequence[EventBody]]:
        """Give every order that is young enough, order by order."""
        ...

    def named(self, order_nos: Sequence[str]) -> Iterable[Sequence[EventBody]]:
        """Give all there is to tell of some orders, order by order; nothing of those not there."""
        ...

    def do(self, task: Task, order: CustomerOrder) -> None:
        """Do in the web store what became of its order elsewhere; asked again, it is done once.

        Args:
            task: what happened.
            order: all that is known of the order.

        Raises:
            ConnectorFault: it will not; the task stays open, with the reason.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


Make = Callable[[str, ConnectorSettings, str], Connector]
"""Makes a connector of a channel's id, its settings and the password."""
