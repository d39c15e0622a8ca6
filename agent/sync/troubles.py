"""What about sync needs a person: each thing once, since when and why, until it is over."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from agent.contracts.clock import Clock
from agent.core.identifiers import TillId
from agent.sync.status import Trouble

_log = structlog.get_logger(__name__)

PASSING = frozenset(
    {
        "ack-not-genuine",
        "journal-differs",
        "journal-unreadable",
        "no-progress",
        "record-too-large",
        "refused",
        "stalled",
        "sync-version",
    }
)
"""Over as soon as HQ signs a position; the others are for a person to look at."""
_COPIED = (
    "find the other machine with a copy of this disk (HQ lists both): there, once nothing is "
    "unsent, till-agent setup --seal-image, then till-agent enrol CODE; this till needs nothing"
)
REMEDIES = {
    "fork": _COPIED,
    "journal-older-than-hq": "find out who put an older copy of the state directory back; what it "
    "lacks, HQ has, and what was sold since then is sent: this till needs nothing",
    "ack-not-genuine": "check [hq] url and what stands between till and HQ; if HQ was set up anew, "
    "enrol this till again",
    "no-progress": "look into HQ's log; the till tries again by itself",
    "record-too-large": "raise the limit of the proxy before HQ; nothing is lost meanwhile",
    "journal-differs": "another machine's journal that was taken in here is not what HQ holds: "
    "keep its file (till-agent journal export FILE) for the chain's IT; this till needs nothing",
    "journal-unreadable": "till-agent journal verify; then see till-agent doctor",
    "stalled": "look into HQ's log and at the line; the transfer was started again by itself",
    "pruned-beyond-hq": "at HQ: find out why it was restored from a state older than its oldest "
    "backup; the incident lists what is missing",
    "revoked": "if this machine is to go on reporting, enrol it with a new code: till-agent enrol",
}
"""What a person can do, where HQ does not say it itself."""


class Troubles:
    """The alarms that are on, by journal (or device) and name."""

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        """Begin without any; `on_change` is called when one comes or goes."""
        self._clock = clock
        self._on_change = on_change
        self._on: dict[tuple[str, str], Trouble] = {}

    def raise_(
        self, who: str, name: str, detail: str, *, till: TillId, lane: str = "", remedy: str = ""
    ) -> None:
        """Tell of a trouble: in the log and by event once, in the status for as long as it is on.

        Args:
            who: the journal id, or whatever it is about.
            name: of the trouble.
            detail: why, as a sentence.
            till: whose.
            lane: `sales` or `side`; empty of what is about the whole till.
            remedy: what a person can do.
        """
        known = self._on.get((who, name))
        if known is not None and known.detail == detail:
            return
        since = known.since if known else self._clock.stamp().wall
        self._on[who, name] = Trouble(till, lane, name, detail, since, who, remedy)
        if known is None:
            _log.error(
                "sync needs a person, selling goes on",
                till=till,
                lane=lane,
                about=who,
                alarm=name,
                detail=detail,
                remedy=remedy,
            )
            self._on_change()

    def clear(self, who: str, *names: str) -> None:
        """Tell that troubles are over."""
        if [self._on.pop((who, name)) for name in names if (who, name) in self._on]:
            self._on_change()

    def all(self) -> tuple[Trouble, ...]:
        """List those that are on, in the order they came."""
        return tuple(self._on.values())

    def of(self, who: str) -> tuple[Trouble, ...]:
        """List those about one journal."""
        return tuple(trouble for trouble in self._on.values() if trouble.about == who)
