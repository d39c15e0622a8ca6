"""What became of a channel's order elsewhere: a task each, until the channel has heard of it.

A web store asks for its tasks, does what it has to (books the refund, closes the order) and says
so; a connector does the same by itself. Until then the task stays, however often it fails.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, update

from agent.core.faults import NotFoundFault
from agent.core.orders import Told
from central.goods.told import name_of
from central.ledger.goods_tables import CHANNEL_TASKS
from central.ledger.upserts import upsert

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Told).decode
_INSERT = upsert(CHANNEL_TASKS).on_conflict_do_nothing()
TASKS_SHOWN = 500
_PROBLEM_CHARACTERS = 500


class Task(msgspec.Struct, frozen=True):
    """Something a channel has to hear of one of its orders."""

    task: str
    order_no: str
    kind: str
    """`step`, `payment` or `refund`."""
    told: Told
    """What happened: with its `type`, the goods and amounts, the store and the till's sale."""
    recorded_at: str
    tries: int = 0
    problem: str | None = None
    """Why it could not be passed on the last time."""


def put(conn: Connection, channel: str, order_no: str, told: Iterable[Told], now: str) -> None:
    """Leave a task for each thing told; one that is there already stays as it is."""
    for each in told:
        conn.execute(
            _INSERT,
            {
                "channel_id": channel,
                "task": name_of(each),
                "order_id": each.order_id,
                "order_no": order_no,
                "kind": type(each).__name__.lower(),
                "recorded_at": now,
                "body": _encode(each),
                "tries": 0,
            },
        )


def open_tasks(conn: Connection, channel: str) -> list[Task]:
    """List what a channel has not heard of yet: what failed least often first, then the oldest.

    So some hundreds that never succeed, of orders deleted there, leave room for those after them.
    """
    query = (
        select(CHANNEL_TASKS)
        .where(CHANNEL_TASKS.c.channel_id == channel, CHANNEL_TASKS.c.done_at.is_(None))
        .order_by(CHANNEL_TASKS.c.tries, CHANNEL_TASKS.c.recorded_at, CHANNEL_TASKS.c.task)
        .limit(TASKS_SHOWN)
    )
    return [
        Task(
            task=row.task,
            order_no=row.order_no,
            kind=row.kind,
            told=_decode(row.body),
            recorded_at=row.recorded_at,
            tries=row.tries,
            problem=row.problem,
        )
        for row in conn.execute(query)
    ]


def waiting(conn: Connection) -> dict[str, int]:
    """Count the open tasks of each channel."""
    query = (
        select(CHANNEL_TASKS.c.channel_id, func.count())
        .where(CHANNEL_TASKS.c.done_at.is_(None))
        .group_by(CHANNEL_TASKS.c.channel_id)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def done(conn: Connection, channel: str, task: str, now: str) -> None:
    """Note that the channel has heard of it; said again, it stays as it was.

    Raises:
        NotFoundFault: `no-such-task`.
    """
    _require(conn, channel, task)
    mine = _one(channel, task)
    conn.execute(
        update(CHANNEL_TASKS)
        .where(*mine, CHANNEL_TASKS.c.done_at.is_(None))
        .values(done_at=now, problem=None)
    )


def failed(conn: Connection, channel: str, task: str, problem: str) -> None:
    """Note why it could not be passed on; it stays open, and one that was done stays done.

    Raises:
        NotFoundFault: `no-such-task`.
    """
    _require(conn, channel, task)
    conn.execute(
        update(CHANNEL_TASKS)
        .where(*_one(channel, task), CHANNEL_TASKS.c.done_at.is_(None))
        .values(tries=CHANNEL_TASKS.c.tries + 1, problem=problem[:_PROBLEM_CHARACTERS])
    )


def _one(channel: str, task: str) -> tuple[ColumnElement[bool], ...]:
    return (CHANNEL_TASKS.c.channel_id == channel, CHANNEL_TASKS.c.task == task)


def _require(conn: Connection, channel: str, task: str) -> None:
    query = select(CHANNEL_TASKS.c.task).where(*_one(channel, task))
    if conn.execute(query).first() is None:
        raise NotFoundFault(
            f"channel {channel!r} has no task {task[:64]!r}",
            remedy="list the open ones: GET /v1/channels/{channel}/tasks",
            name="no-such-task",
        )
