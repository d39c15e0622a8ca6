"""Several HQ processes on one database: which of them applies, and how it hears of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
from sqlalchemy import Engine, func, select

from central.ledger.engine import reading
from central.ledger.leases import APPLIER, Lease
from central.ledger.tables import CURSORS

_LOG = structlog.get_logger("central")
_RECEIVED = select(func.count(), func.coalesce(func.sum(CURSORS.c.have_seq), 0))


class Tokens(Protocol):
    """Tokens that a command or another process may have changed."""

    def refresh(self, engine: Engine) -> None:
        """Read the valid ones again."""


class Sharing:
    """Keeps this process's part of the work; called by the watch, a few times a second."""

    def __init__(self, engine: Engine, tokens: Sequence[Tokens], wake: Callable[[], None]) -> None:
        """Prepare; nothing is claimed yet.

        Args:
            engine: the ledger.
            tokens: read again at each look.
            wake: has the applier look at once; from any thread.
        """
        self._engine = engine
        self._tokens = tokens
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
        for tokens in self._tokens:
            tokens.refresh(self._engine)
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
