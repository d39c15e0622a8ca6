"""Several HQ processes on one database: which of them applies, and how it hears of the others."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Engine, func, select

from central.daemon.staff import StaffTokens
from central.ledger.engine import reading
from central.ledger.leases import APPLIER, Lease
from central.ledger.tables import CURSORS

_LOG = structlog.get_logger("central")
_RECEIVED = select(func.count(), func.coalesce(func.sum(CURSORS.c.have_seq), 0))


class Sharing:
    """Keeps this process's part of the work; called by the watch, a few times a second."""

    def __init__(self, engine: Engine, staff: StaffTokens, wake: Callable[[], None]) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            engine: the ledger.
            staff: whose tokens another process may have replaced.
            wake: has the applier look at once; from any thread.
        """
        self._engine = engine
        self._staff = staff
        self._wake = wake
        self._lease = Lease(engine, APPLIER)
        self._received: tuple[int, int] | None = None

    def applies(self) -> bool:
        """Tell whether this process is the one that applies."""
        return self._lease.held

    def look(self) -> None:
        """Renew or take the lease, and wake the applier for what others have received.

        Raises:
            LedgerBusy: the database is away.
        """
        before = self._lease.held
        if self._lease.keep() != before:
            _LOG.info("applies from now on" if self._lease.held else "another process applies")
            self._received = None
        self._staff.refresh(self._engine)
        if self._lease.held:
            self._look_for_more()

    def stop(self) -> None:
        """Let another process apply at once."""
        self._lease.give_up()

    def _look_for_more(self) -> None:
        with reading(self._engine) as conn:
            count, total = conn.execute(_RECEIVED).one()
        received = (int(count), int(total))
        if received != self._received:
            self._received = received
            self._wake()
