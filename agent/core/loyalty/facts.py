"""What a till says of points and gift cards: bodies of its `side` journal.

They name owners by id alone, and can be erased like every body there; the sale itself, in `sales`,
knows of a tender and an amount only. The event of all that a sale causes is its sale id.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import SaleId, StoreId, TillId
from agent.core.loyalty.earning import Earning
from agent.core.quantities import Minor
from agent.core.sale.model import Stamp


class ValueEarned(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.earned"):
    """What a sale has earned, as it was promised on its receipt."""

    sale_id: SaleId
    store: StoreId
    till: TillId
    at: Stamp
    owner: str
    """See `ledger.Account`."""
    earnings: tuple[Earning, ...]
    """All of it in one fact: a return that comes between could take back but a part."""


class ValueLoaded(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.loaded"):
    """A gift card was sold or charged by a line of a sale."""

    sale_id: SaleId
    store: StoreId
    till: TillId
    at: Stamp
    owner: str
    unit: str
    line: int
    value: int


class Draw(msgspec.Struct, frozen=True):
    """What was taken from one lease."""

    lease_id: str
    value: int


class ValueSpent(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.spent"):
    """A tender of a sale was paid with points or a gift card, out of leases of one owner."""

    sale_id: SaleId
    store: StoreId
    till: TillId
    at: Stamp
    owner: str
    unit: str
    tender: int
    amount: Minor
    """Of the tender, in money."""
    draws: tuple[Draw, ...]


class ValueRestored(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.restored"):
    """A refund was given back to the points or the gift card that a tender was paid with."""

    sale_id: SaleId
    """Of the return."""
    store: StoreId
    till: TillId
    at: Stamp
    tender: int
    """Of the return, with a negative amount."""
    of_sale: SaleId
    of_tender: int
    amount: Minor
    """In money, positive."""


class LeaseClosed(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.lease_closed"):
    """The till spends no more of a lease, ever; HQ may give the rest to another."""

    lease_id: str
    store: StoreId
    till: TillId
    at: Stamp
    spent: int
    """By the till, all in all."""
    reason: str
    """`sale`: the one it was for has ended; `lapsed`, `recalled`."""


class ValueUnspent(msgspec.Struct, frozen=True, omit_defaults=True, tag="loyalty.unspent"):
    """A sale that POS software had finished names a payment that nothing at the till covered.

    Nothing was spent, or with a negative amount given back: a person decides.
    """

    sale_id: SaleId
    store: StoreId
    till: TillId
    at: Stamp
    owner: str
    """Whose it would be; empty where nobody is named."""
    unit: str
    tender: int
    amount: Minor
    """Of the tender, in money."""
    why: str
    """The name of the reason: `more-than-leased`, `identify-better` …"""


LoyaltyFact = ValueEarned | ValueLoaded | ValueSpent | ValueRestored | LeaseClosed
