"""Channels and touch points: those of the settings, the tills that enrolled, and what turned up."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from agent.core.faults import NotFoundFault
from agent.core.history import STORE_CHANNEL
from central.ledger.customer_tables import CHANNELS, TOUCH_POINTS
from central.ledger.direct import Prepared
from central.ledger.tables import JOURNALS
from central.ledger.upserts import upsert

DISTRIBUTION = "distribution"
"""Sells: a store, a web shop, a call centre that takes orders."""
COMMUNICATION = "communication"
"""Talks: newsletters, a service desk, social media."""
OTHER = "other"
"""How a touch point is shown that nobody registered."""


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel of the chain, as `[[channel]]` of the settings says it."""

    id: str
    kind: str = DISTRIBUTION
    name: str = ""
    touch_points: tuple[str, ...] = ()


class TouchPoint(msgspec.Struct, frozen=True):
    """One place of a channel where customers are met."""

    channel: str
    id: str
    kind: str
    """The channel's kind, or `other` when nobody registered the touch point."""
    first_seen_at: str


_CHANNELS = Prepared(select(CHANNELS).order_by(CHANNELS.c.channel_id))
_MET = Prepared(upsert(TOUCH_POINTS).on_conflict_do_nothing())
_POINTS = Prepared(
    select(TOUCH_POINTS).where(TOUCH_POINTS.c.registered).order_by(*TOUCH_POINTS.c[:2])
)


def register(conn: Connection, channels: Iterable[Channel], at: str) -> None:
    """Make the registry say what the settings say; what was met stays known."""
    for channel in channels:
        row = {
            "channel_id": channel.id,
            "kind": channel.kind,
            "name": channel.name or channel.id,
        }
        new = upsert(CHANNELS).values(row)
        changed = {"kind": new.excluded.kind, "name": new.excluded.name}
        conn.execute(new.on_conflict_do_update(index_elements=["channel_id"], set_=changed))
        for touch_point in channel.touch_points:
            _put(conn, channel.id, touch_point, at)


def channel_named(conn: Connection, channel_id: str) -> Channel:
    """Give a registered channel.

    Raises:
        NotFoundFault: no channel of this id was registered; the ones that are stand in it.
    """
    for channel in channels_of(conn):
        if channel.id == channel_id:
            return channel
    known = ", ".join(channel.id for channel in channels_of(conn)) or "none"
    raise NotFoundFault(
        f"no channel {channel_id!r} is registered; registered: {known}",
        remedy=f'add [[channel]] id = "{channel_id}" to the settings of till-central and restart',
        name="unknown-channel",
    )


def channels_of(conn: Connection) -> list[Channel]:
    """List the registered channels by id, each with its registered touch points."""
    points: dict[str, list[str]] = {}
    for row in _POINTS.all(conn, {}):
        points.setdefault(row.channel_id, []).append(row.touch_point_id)
    return [
        Channel(row.channel_id, row.kind, row.name, tuple(points.get(row.channel_id, ())))
        for row in _CHANNELS.all(conn, {})
    ]


def touch_points_of(conn: Connection) -> list[TouchPoint]:
    """List every touch point: registered ones, unregistered ones as `other`, and all tills."""
    kinds = {row.channel_id: row.kind for row in conn.execute(select(CHANNELS))}
    query = select(TOUCH_POINTS).order_by(*TOUCH_POINTS.c[:2])
    met = [
        TouchPoint(
            row.channel_id,
            row.touch_point_id,
            kinds.get(row.channel_id, OTHER) if row.registered else OTHER,
            row.first_seen_at,
        )
        for row in conn.execute(query)
    ]
    return met + _tills(conn)


class Points:
    """The touch points of one channel, as they were registered when this was made."""

    def __init__(self, conn: Connection, channel_id: str) -> None:
        """Read them.

        Raises:
            NotFoundFault: see `channel_named`.
        """
        self._conn, self._channel = conn, channel_id
        self._registered = channel_named(conn, channel_id).touch_points

    @property
    def default(self) -> str:
        """The touch point of events that name none: the channel's only one, else the channel."""
        return self._registered[0] if len(self._registered) == 1 else self._channel

    def meet(self, touch_point_id: str, at: str) -> bool:
        """Note a touch point of an event; False when nobody registered it.

        A channel is a touch point of its own.
        """
        if touch_point_id == self._channel or touch_point_id in self._registered:
            return True
        row = {
            "channel_id": self._channel,
            "touch_point_id": touch_point_id,
            "registered": False,
            "first_seen_at": at,
        }
        _MET.run(self._conn, row)
        return False


def _put(conn: Connection, channel_id: str, touch_point_id: str, at: str) -> None:
    row = {
        "channel_id": channel_id,
        "touch_point_id": touch_point_id,
        "registered": True,
        "first_seen_at": at,
    }
    new = upsert(TOUCH_POINTS).values(row)
    keys = ["channel_id", "touch_point_id"]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_={"registered": True}))


def _tills(conn: Connection) -> list[TouchPoint]:
    """Every till that enrolled is a touch point of the store channel."""
    query = select(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.bound_at).order_by(
        JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.bound_at.desc()
    )
    tills = {f"{row.store}/{row.till}": row.bound_at for row in conn.execute(query)}
    return [TouchPoint(STORE_CHANNEL, till, DISTRIBUTION, met) for till, met in tills.items()]
