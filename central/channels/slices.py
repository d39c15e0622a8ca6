"""Long files, a few rows at a time: each few in a transaction of their own, others between them.

HQ has one writer at a time, and a batch of a till has to wait for it: an import that kept its turn
to the end of its file would hold up every ack. What it tells the tills is published in the
transaction that keeps it, so that it may end anywhere: what is in is in whole, and the same file
again finds it unchanged and goes on behind it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine

from agent.core.faults import Fault
from agent.core.rows import Problem
from central.ledger.engine import transact

PAUSE_MIN_S, PAUSE_MAX_S = 0.025, 0.1
AGAIN = "import the same file again: what is in is found unchanged, and nothing counts twice"

Thing = TypeVar("Thing")


class Kept(NamedTuple):
    """What became of some of a file."""

    counts: Counter[str]
    """`rows` accepted, and things by what became of them."""
    problems: list[Problem]
    """What could not be used."""


def keep_in_slices(
    engine: Engine,
    things: Iterable[Thing],
    size: int,
    keep: Callable[[Connection, Sequence[Thing]], Kept],
    kept_some: Callable[[Sequence[Thing], Kept], None] = lambda _some, _kept: None,
) -> Kept:
    """Keep all there is to keep, giving way to others now and then.

    Args:
        engine: the ledger.
        things: read between the transactions, not in them.
        size: things of one transaction, which others wait for: some 50 ms of them.
        keep: keeps some of them; does nothing that a rollback does not undo.
        kept_some: is told of each transaction once it is durable.

    Returns:
        What became of all of them together.

    Raises:
        Fault: of the database; it says how much is in.
    """
    whole = Kept(Counter(), [])
    took_s = 0.0
    for some in _slices(things, size):
        _give_way(took_s)
        began_s = time.monotonic()
        try:
            kept = transact(engine, partial(_swapped, keep, some))
        except Fault as fault:
            raise _told(fault, whole.counts["rows"]) from fault
        took_s = time.monotonic() - began_s
        kept_some(some, kept)
        whole.counts.update(kept.counts)
        whole.problems.extend(kept.problems)
    return whole


def _swapped(
    keep: Callable[[Connection, Sequence[Thing]], Kept], some: Sequence[Thing], conn: Connection
) -> Kept:
    return keep(conn, some)


def _slices(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


def _give_way(took_s: float) -> None:
    """Leave the turn to whoever waited for it while the last slice was written.

    SQLite has no line to stand in: who finds the file locked sleeps and looks again, after 1 ms at
    first and never longer than about half of what it has waited already, 100 ms at most
    (`sqliteDefaultBusyCallback`). A pause shorter than that is one it sleeps through.
    """
    if took_s:
        time.sleep(min(PAUSE_MAX_S, max(PAUSE_MIN_S, took_s / 2)))


def _told(fault: Fault, rows: int) -> Fault:
    """Say of a fault half way what is in, and that nothing is to be undone."""
    if not rows:
        return fault
    return type(fault)(
        f"{fault.detail}; {rows} rows of the file are in",
        remedy=f"{fault.remedy}; then {AGAIN}",
        name=fault.name,
    )
