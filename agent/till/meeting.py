"""Who was recognised at the till, how long ago, and how much of their card that opened.

A card stays open for a quarter of an hour after its customer presented themselves, and for as long
as they are on a basket. Of two presentations within that time the stronger one counts, and both are
of one visit, in which at most one question is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from agent.core.identifiers import PartyId
from agent.core.recognition import Strength
from agent.till.replies import Question

IDENTIFIED_NS = 15 * 60 * 1_000_000_000
"""How long a recognised customer's card stays open to this till after the scan (DESIGN)."""
_ORDER = list(Strength)


class Met(NamedTuple):
    """How somebody presented themselves."""

    mono_ns: int
    """When it was last, on the monotonic clock."""
    strength: Strength
    ask: str | None = None
    """What the cashier asks for, where not everything is open."""
    visit: str = ""
    question: Question | None = None
    """The one on the counter, not answered yet."""


NOT_PRESENTED = Met(0, Strength.WEAK, "scan their card, or ask for their phone number, to see more")
"""Put on a sale by their id alone, or met before a restart: name and tier."""


class Meetings:
    """The customers of the last quarter of an hour, and those still here."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._met: dict[PartyId, Met] = {}

    def joined(self, party_id: PartyId, met: Met, staying: Collection[PartyId]) -> Met:
        """Join a meeting with the one it goes on from; nothing is remembered yet.

        Args:
            party_id: who was met.
            met: how, with the id of a new visit.
            staying: who is at the till, however long ago they presented themselves.
        """
        before = self._met.get(party_id)
        if before is None or not (party_id in staying or self.is_fresh(party_id, met.mono_ns)):
            return met
        stronger = before if _weaker(met, before) else met
        return stronger._replace(
            mono_ns=met.mono_ns, visit=before.visit or met.visit, question=before.question
        )

    def note(self, party_id: PartyId, met: Met, staying: Collection[PartyId]) -> None:
        """Remember a meeting; forget who was here long ago and is not `staying`."""
        self._met = {
            party: held
            for party, held in self._met.items()
            if party in staying or self.is_fresh(party, met.mono_ns)
        }
        self._met[party_id] = met

    def forget(self, party_id: PartyId) -> None:
        """Remember nothing of a party: whatever opened their card was presented another time."""
        self._met.pop(party_id, None)

    def is_fresh(self, party_id: PartyId, now_ns: int) -> bool:
        """Tell whether somebody presented themselves within the last quarter of an hour."""
        met = self._met.get(party_id)
        return met is not None and now_ns - met.mono_ns < IDENTIFIED_NS

    def of(self, party_id: PartyId) -> Met:
        """Give the meeting with a party; of one that is not remembered, one that opens little."""
        return self._met.get(party_id, NOT_PRESENTED)


def _weaker(met: Met, than: Met) -> bool:
    return _ORDER.index(met.strength) < _ORDER.index(than.strength)
