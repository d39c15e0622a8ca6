"""What can be wrong with HQ's database, and how long anybody waits for it."""

from __future__ import annotations

from agent.core.faults import Fault, UnavailableFault

BUSY_TIMEOUT_S = 30
"""How long a writer waits for another program's transaction, for example an import."""
POOL_SIZE = 8


class LedgerFault(Fault):
    """The database cannot be used as it is; HQ does not start on it."""

    name = "ledger-fault"
    title = "HQ's database cannot be used"


class LedgerMoved(LedgerFault):
    """The database file was taken away from under a running HQ: nothing is acknowledged any more.

    It is a 503, since tills do well to try again: HQ is started anew.
    """

    name = "database-moved"
    status = 503
    title = "HQ's database was taken away from under it"


class LedgerBusy(UnavailableFault):
    """Another writer held the database for too long, or the database is away for the moment."""

    name = "ledger-busy"
    title = "HQ's database is busy"


class LedgerFull(LedgerBusy):
    """There is no room left for the database: nothing more is kept, and nothing acknowledged.

    A 503, since nothing is wrong with what was sent: tills keep it, and try again.
    """

    name = "disk-full"
    title = "HQ's disk is full"


class LostRace(LedgerBusy):
    """The database undid this transaction in favour of another one; done again, it succeeds."""

    name = "lost-race"
    title = "Another transaction came first"


class TransactionUndone(Exception):
    """The database undid a whole transaction while a statement failed: nothing of it is left.

    It is neither a `Fault` nor an error of the database, lest whoever judges entry by entry goes
    on: each statement after it would be committed by itself.
    """

    def __init__(self, error: BaseException | None) -> None:
        """Keep what went wrong; None where nobody is dealing with it any more."""
        super().__init__(f"the database undid the transaction: {error}")
        self.error = error
