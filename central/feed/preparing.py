"""Stretching the identifiers of everybody ahead of the tills: after an import, on all cores.

A till that reads on page by page would wait for the stretches of whoever was imported, a few
milliseconds for each phone, e-mail and card. Cut off, it goes on with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
from sqlalchemy import Engine, Row, func, select, tuple_

from agent.core.recognition.means import Identifier, IdentifierType
from central.feed.sealing import Sealer
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.engine import reading
from central.ledger.key_tables import forgotten

SLICE = 256
"""Identifiers between two commits: a second of two cores."""
_PLACE = (IDENTIFIERS.c.party_id, IDENTIFIERS.c.type, IDENTIFIERS.c.value)


class Prepared(msgspec.Struct, frozen=True):
    """How far the stretching has come."""

    done: int
    """Identifiers looked at."""
    whole: int
    """Identifiers there are."""
    made: int
    """Of those looked at, the ones that had to be stretched."""
    took_ms: int

    @property
    def left_s(self) -> int | None:
        """Give how many seconds the rest takes if all of it is new; None while nobody can tell."""
        return (self.whole - self.done) * self.took_ms // (1000 * self.made) if self.made else None


def prepare_all(
    engine: Engine, sealer: Sealer, watch: Callable[[Prepared], None] = lambda _prepared: None
) -> Prepared:
    """Stretch every identifier that is not stretched yet.

    Args:
        engine: the ledger; it is written briefly, each time for a few.
        sealer: HQ's.
        watch: is told how far it has come.
    """
    began_s = time.monotonic()
    with reading(engine) as conn:
        whole = conn.execute(select(func.count()).select_from(IDENTIFIERS)).scalar_one()
    now = Prepared(0, whole, 0, 0)
    for rows, mark in slices(engine, SLICE):
        some = [Identifier(IdentifierType(row.type), row.value) for row in rows]
        made = sealer.prepare(some, mark)
        took_ms = round((time.monotonic() - began_s) * 1000)
        now = Prepared(now.done + len(some), whole, now.made + made, took_ms)
        watch(now)
    return now


def slices(engine: Engine, size: int) -> Iterator[tuple[Sequence[Row[str, str, str]], int]]:
    """Give all identifiers, with whose they are, in slices that are short to read.

    Args:
        engine: the ledger.
        size: identifiers in a slice.

    Yields:
        Rows of `party_id`, `type` and `value`, and `key_tables.forgotten` as it was with them.
    """
    after: tuple[str, str, str] | None = None
    while True:
        query = select(*_PLACE).order_by(*_PLACE).limit(size)
        if after is not None:
            query = query.where(tuple_(*_PLACE) > after)
        with reading(engine) as conn:
            rows, mark = conn.execute(query).all(), forgotten(conn)
        if not rows:
            return
        yield rows, mark
        last = rows[-1]
        after = (last.party_id, last.type, last.value)
