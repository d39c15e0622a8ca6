"""The last answer to each kind of request that has no id of its own in the journal.

Opening and closing a till leaves facts without a caller's id. The answer is kept beside the fact,
in its transaction; the same request asked again after a lost answer gets it, and changes nothing.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from agent.core.identifiers import TillId
from agent.journal import registry
from agent.journal.connection import Connection

S = TypeVar("S", bound=msgspec.Struct)


def answer(
    conn: Connection, till: TillId, operation: str, request_id: str | None, answer_type: type[S]
) -> S | None:
    """Give the kept answer if the last request of this kind had this id."""
    held = registry.get(conn, _key(till, operation)) if request_id is not None else None
    if held is None or held["request_id"] != request_id:
        return None
    return msgspec.convert(held["answer"], answer_type)


def keep(conn: Connection, till: TillId, operation: str, request_id: str | None, value: S) -> S:
    """Keep an answer in the transaction of what it answers, and give it back."""
    if request_id is not None:
        held = {"request_id": request_id, "answer": msgspec.to_builtins(value)}
        registry.put(conn, _key(till, operation), held)
    return value


def _key(till: TillId, operation: str) -> str:
    return f"last-answer:{till}:{operation}"
