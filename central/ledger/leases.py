"""Leases of work: what one HQ process does while others on the same database stand by.

A lease only keeps several from doing the same work at once. That an entry has its effect once
rests on the writers' turn and on the applied position moved with the effect, not on this: a holder
that stood still for a minute and then goes on does no harm. Time is the database's alone.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial

from sqlalchemy import BigInteger, Connection, Engine, cast, extract, func, update
from sqlalchemy.exc import DBAPIError

from central.ledger.engine import is_shared, transact
from central.ledger.faults import LedgerBusy
from central.ledger.upserts import upsert
from central.ledger.work_tables import LEASES

APPLIER = "applier:all"
"""The one order of application of today; a sharded HQ would have a lease for each shard."""
LEASE_S = 4
"""How long a lease lasts unless it is renewed; so long others wait after a holder was killed."""


class Lease:
    """One process's claim to one kind of work."""

    def __init__(self, engine: Engine, work: str) -> None:
        """Claim nothing yet; where the database cannot be shared, everything is held at once.

        Args:
            engine: the ledger.
            work: what it is about, for example `APPLIER`.
        """
        self._engine = engine
        self._work = work
        self._holder = secrets.token_hex(8)
        self._is_shared = is_shared(engine)
        self._held = not self._is_shared

    @property
    def held(self) -> bool:
        """Whether this process is to do the work, as far as it knows."""
        return self._held

    def keep(self) -> bool:
        """Renew the lease, or take it if nobody has it; tells whether it is held now.

        Raises:
            LedgerBusy: the database is away; the lease counts as lost.
        """
        if self._is_shared:
            self._held = False
            self._held = transact(self._engine, partial(self._claim, LEASE_S), turn=False)
        return self._held

    def give_up(self) -> None:
        """Let another process go on at once; where the database is away, it goes on later."""
        if self._is_shared and self._held:
            self._held = False
            with suppress(LedgerBusy, DBAPIError):
                transact(self._engine, partial(self._claim, 0), turn=False)

    def _claim(self, seconds: int, conn: Connection) -> bool:
        row = {"work": self._work, "holder": self._holder, "until_s": _NOW_S + seconds}
        conn.execute(_FIRST, {"work": self._work, "holder": self._holder})
        free = (LEASES.c.holder == self._holder) | (LEASES.c.until_s <= _NOW_S)
        claimed = update(LEASES).where(LEASES.c.work == self._work, free).values(row)
        return conn.execute(claimed).rowcount == 1


_NOW_S = cast(extract("epoch", func.now()), BigInteger)
_FIRST = upsert(LEASES).values(until_s=0).on_conflict_do_nothing()
