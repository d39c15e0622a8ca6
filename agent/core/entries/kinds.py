"""Which number, version and journal each kind of fact has: the one table.

A number is never reused and never changes its meaning; 1 to 99 travel in `sales`, 100 to 199 in
`side`, from 200 on in either. A changed shape gets the next version and an upcaster.
"""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from agent.core.card_numbers.noted import CardNumbersMasked
from agent.core.consent.record import ConsentRecord
from agent.core.consent.rights import SubjectRequest
from agent.core.entries.bodies import (
    Body,
    CashierSigned,
    CashMoved,
    EntryCarried,
    JournalBegun,
    OrderReceived,
    PartyEnrolled,
    PartyIdentified,
    SaleAttributed,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.entries.payments import AccountSeen
from agent.core.leads.bodies import LeadRedeemed, LeadTold
from agent.core.loyalty.facts import (
    LeaseClosed,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    ValueUnspent,
)
from agent.core.orders.model import OrderNoted
from agent.core.prompts.ledger import PromptEvent
from agent.core.stock.booking import StockMoved
from agent.core.suggest.model import SuggestionAnswered

SALES = "sales"
"""The lane of what the till took: sales, returns, cash, opening and closing."""
SIDE = "side"
"""The lane of everything else: customers, consents, cashiers, devices."""
LANES = (SALES, SIDE)
EITHER = "either"
"""The lane of what a journal says of itself: the journal it stands in decides."""


class Kind(msgspec.Struct, frozen=True):
    """How a type of body is numbered, in which version it is written, and where it goes."""

    kind: int
    """u16."""
    version: int
    """u16; the version written today."""
    lane: str


KINDS: MappingProxyType[type[Body], Kind] = MappingProxyType(
    {
        SaleCompleted: Kind(1, 1, SALES),
        SaleCancelled: Kind(2, 1, SALES),
        TillOpened: Kind(10, 1, SALES),
        CashMoved: Kind(11, 1, SALES),
        TillClosed: Kind(12, 1, SALES),
        SaleAttributed: Kind(101, 1, SIDE),
        PartyEnrolled: Kind(110, 1, SIDE),
        PartyIdentified: Kind(111, 1, SIDE),
        AccountSeen: Kind(112, 1, SIDE),
        CashierSigned: Kind(120, 1, SIDE),
        OrderReceived: Kind(130, 1, SIDE),
        ConsentRecord: Kind(140, 1, SIDE),
        PromptEvent: Kind(141, 1, SIDE),
        SubjectRequest: Kind(142, 1, SIDE),
        ValueEarned: Kind(150, 1, SIDE),
        ValueLoaded: Kind(151, 1, SIDE),
        ValueSpent: Kind(152, 1, SIDE),
        ValueRestored: Kind(153, 1, SIDE),
        LeaseClosed: Kind(154, 1, SIDE),
        ValueUnspent: Kind(155, 1, SIDE),
        OrderNoted: Kind(160, 1, SIDE),
        StockMoved: Kind(161, 1, SIDE),
        LeadTold: Kind(170, 1, SIDE),
        LeadRedeemed: Kind(171, 1, SIDE),
        SuggestionAnswered: Kind(172, 1, SIDE),
        NoteWritten: Kind(175, 1, SIDE),
        TaskOpened: Kind(176, 1, SIDE),
        TaskClosed: Kind(177, 1, SIDE),
        CardNumbersMasked: Kind(190, 1, SIDE),
        JournalBegun: Kind(200, 1, EITHER),
        EntryCarried: Kind(201, 1, EITHER),
    }
)

TYPES: MappingProxyType[int, type[Body]] = MappingProxyType(
    {kind.kind: body_type for body_type, kind in KINDS.items()}
)
"""Kind number → type of body."""


def kind_of(body: Body) -> Kind:
    """Tell the number, the version and the lane of a body.

    >>> from agent.core.entries.bodies import CashierSigned
    >>> KINDS[CashierSigned]
    Kind(kind=120, version=1, lane='side')
    """
    return KINDS[type(body)]
