"""What this agent itself wrote about customers lately: references to fold into HQ's cards.

HQ's card lags behind by what is still on its way there, and by what is on its way back. Folding
the agent's own newest entries closes that gap offline. Only references are held, the newest few
per party; bodies are read when a card is asked for.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable

import msgspec

from agent.core.consent import ConsentRecord
from agent.core.entries.bodies import Body, PartyEnrolled, SaleAttributed, SaleCompleted
from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.history import LAST_SHOWN
from agent.core.identifiers import CustomerRef, JournalId, PartyId, SaleId
from agent.core.loyalty import ValueEarned, ValueRestored, ValueSpent
from agent.core.prompts import PromptEvent
from agent.core.quantities import Minor
from agent.core.suggest import SuggestionAnswered
from agent.till.own_orders import OwnOrders

PARTIES_MAX = 50_000
"""Parties remembered: more than a store meets while HQ is away for a month; oldest go first."""
UNPAIRED_MAX = 50_000
"""Halves of sales whose other half was not seen yet: at start one lane is read after the other."""
BUYERS_MAX = 20_000
"""Sales whose customer is proposed when their receipt is shown: the returns of a season."""
TOLD_MAX = 64
"""Answers and the like remembered of one party: far more than anybody gives in a month."""

Reference = tuple[JournalId, int]
_Payment = tuple[SaleId, int]
"""A sale and its tender."""
_TOLD = (
    PartyEnrolled,
    ConsentRecord,
    PromptEvent,
    SuggestionAnswered,
    NoteWritten,
    TaskOpened,
    TaskClosed,
)


class _Known(msgspec.Struct):
    """References of one party."""

    told: tuple[Reference, ...] = ()
    """What was said: enrolment, answers, yes and no to uses of their data, notes and tasks."""
    value: tuple[Reference, ...] = ()
    """Points they earned here, and paid with."""
    pairs: deque[tuple[Reference, Reference]] = msgspec.field(
        default_factory=lambda: deque(maxlen=LAST_SHOWN)
    )
    """Attribution and sale."""


class OwnEntries:
    """The index; one per agent, shared by its tills so that each knows what the other sold."""

    def __init__(self) -> None:
        self._parties: OrderedDict[PartyId, _Known] = OrderedDict()
        self._sales: OrderedDict[CustomerRef, Reference] = OrderedDict()
        self._buyers: OrderedDict[SaleId, PartyId] = OrderedDict()
        self._ties: OrderedDict[CustomerRef, tuple[PartyId, Reference]] = OrderedDict()
        self._restored: OrderedDict[_Payment, dict[_Payment, Minor]] = OrderedDict()
        self.orders = OwnOrders()

    def note(self, reference: Reference, body: Body) -> None:
        """Take in one entry that is durable; entries that tell nothing of a party are passed."""
        self.orders.note(body)
        if isinstance(body, _TOLD):
            known = self._party(body.party_id)
            known.told = (*known.told, reference)[-TOLD_MAX:]
        elif isinstance(body, ValueEarned | ValueSpent):
            known = self._party(PartyId(body.owner))
            known.value = (*known.value, reference)[-TOLD_MAX:]
        elif isinstance(body, ValueRestored):
            paid, back = (body.of_sale, body.of_tender), (body.sale_id, body.tender)
            self._restored.setdefault(paid, {})[back] = body.amount
            if len(self._restored) > BUYERS_MAX:
                self._restored.popitem(last=False)
        elif isinstance(body, SaleAttributed):
            self._ties[body.customer_ref] = (body.party_id, reference)
            self._buyers[body.sale_id] = body.party_id
            if len(self._buyers) > BUYERS_MAX:
                self._buyers.popitem(last=False)
            self._pair(body.customer_ref)
        elif isinstance(body, SaleCompleted) and body.customer_ref is not None:
            self._sales[body.customer_ref] = reference
            self._pair(body.customer_ref)

    def note_all(self, journal_id: JournalId, entries: Iterable[tuple[int, Body]]) -> None:
        """Take in entries of one journal, as read at start."""
        for seq, body in entries:
            self.note((journal_id, seq), body)

    def of(self, *party_ids: PartyId) -> tuple[Reference, ...]:
        """Give the references of one person, by all their ids: both halves of each sale."""
        held = [self._parties[each] for each in party_ids if each in self._parties]
        pairs = (one for known in held for pair in known.pairs for one in pair)
        told = (one for known in held for one in (*known.told, *known.value))
        return (*told, *pairs)

    def buyer(self, sale_id: SaleId) -> PartyId | None:
        """Tell who bought in a sale of this agent, of the newest `BUYERS_MAX`."""
        return self._buyers.get(sale_id)

    def restored(self, sale_id: SaleId, tender: int) -> Minor:
        """Tell how much of a payment with points or a gift card was given back here lately."""
        return Minor(sum(self._restored.get((sale_id, tender), {}).values()))

    def _pair(self, ref: CustomerRef) -> None:
        if ref in self._ties and ref in self._sales:
            party_id, tie = self._ties.pop(ref)
            self._party(party_id).pairs.append((tie, self._sales.pop(ref)))
        for waiting in (self._ties, self._sales):
            if len(waiting) > UNPAIRED_MAX:
                waiting.popitem(last=False)

    def _party(self, party_id: PartyId) -> _Known:
        known = self._parties.setdefault(party_id, _Known())
        self._parties.move_to_end(party_id)
        if len(self._parties) > PARTIES_MAX:
            self._parties.popitem(last=False)
        return known
