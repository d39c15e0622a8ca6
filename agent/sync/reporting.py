"""What sync tells of itself as troubles and in the log: feeds, snapshots, journals.

Acks go on meanwhile, and would wipe out what is only an error of the last exchange.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from agent.core.faults import Fault
from agent.core.identifiers import TillId
from agent.journal.chains import Head
from agent.sync.troubles import REMEDIES, Troubles

_log = structlog.get_logger(__name__)


class Reporting:
    """Tells of it; what is of no till alone, in the name of the agent's first."""

    def __init__(self, troubles: Troubles, till: TillId) -> None:
        """Keep where troubles are shown."""
        self._troubles, self._till = troubles, till

    def feed(self, scope: str, fault: Fault | None) -> None:
        """Say why a feed is not applied; None: it is."""
        self._told(f"feed {scope}", "feed-not-applied", fault)

    def snapshot(self, scope: str, fault: Fault) -> None:
        """Say why a snapshot is not taken."""
        self._told(f"snapshot {scope}", fault.name, fault)

    def snapshot_moved(self, scope: str, done: int, total: int) -> None:
        """Note that a piece of a snapshot is here: it does not stand still."""
        self._troubles.clear(f"snapshot {scope}", "stalled")
        if done == total:
            self._troubles.clear(f"snapshot {scope}", "snapshot-unusable")
        _log.debug("a piece of a snapshot is here", scope=scope, bytes=done, of=total)

    def not_bound(self, till: TillId, fault: Fault) -> None:
        """Say why HQ does not bind the journal that goes on from another."""
        self._troubles.raise_(
            till, "successor-not-bound", str(fault), till=till, remedy=fault.remedy
        )

    def succeeded(self, head: Head, carried: int) -> None:
        """Log that a journal has ended, and that its successor goes on."""
        _log.warning(
            "a journal has ended, a successor goes on",
            till=head.till,
            lane=head.lane,
            journal=head.journal_id,
            carried=carried,
        )

    def revoked(self, tills: Iterable[TillId], reason: str) -> None:
        """Say at every till that HQ does not want to hear from this device any more."""
        for till in tills:
            detail = f"HQ has revoked this device: {reason}; everything is kept, nothing is sent"
            self._troubles.raise_(till, "revoked", detail, till=till, remedy=REMEDIES["revoked"])

    def _told(self, who: str, name: str, fault: Fault | None) -> None:
        if fault is None:
            self._troubles.clear(who, name)
        else:
            self._troubles.raise_(who, name, fault.detail, till=self._till, remedy=fault.remedy)
