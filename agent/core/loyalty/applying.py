"""One fact after another into the books, whatever order they come in.

The books are asked, never changed: whoever keeps them writes what is given, in the transaction in
which the fact counts as applied, and keeps what has to wait by what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from agent.core.identifiers import SaleId
from agent.core.loyalty.bookings import (
    earned,
    goods,
    loaded,
    payment,
    released,
    restored,
    spent,
    taken_back,
)
from agent.core.loyalty.earning import GoodsBack
from agent.core.loyalty.facts import (
    LeaseClosed,
    LoyaltyFact,
    ValueEarned,
    ValueRestored,
    ValueSpent,
)
from agent.core.loyalty.leases import Lease
from agent.core.loyalty.ledger import Key, Posting, Source, missing
from agent.core.loyalty.reversing import Reversal


class Books(Protocol):
    """What stands in a ledger."""

    def lease(self, lease_id: str) -> Lease | None:
        """Give a lease HQ has signed."""

    def of(self, source: Source) -> Sequence[Posting]:
        """Give every posting with a source."""

    def releases(self, lease_id: str) -> Sequence[Posting]:
        """Give what was posted to the account of a lease; its releases are enough."""

    def at(self, keys: Iterable[Key]) -> Mapping[Key, Posting]:
        """Give the postings there are under these keys."""


class GoodsReturned(msgspec.Struct, frozen=True):
    """A line of a sale that gave back goods of a known sale; see `earning.goods_back`."""

    sale_id: SaleId
    back: GoodsBack


Happening = LoyaltyFact | GoodsReturned


class Applied(msgspec.Struct, frozen=True):
    """What follows from one fact."""

    postings: tuple[Posting, ...] = ()
    """To be written; those that stand there already are left out."""
    waits_for: Source | str | None = None
    """Nothing was decided: take the fact up again when something is posted with this source, or
    the lease of this id is known. A line that earned nothing is waited for in vain."""
    over: int = 0
    """More came back than was sold or paid, by so much: a person should know."""


def apply(books: Books, fact: Happening) -> Applied:
    """Decide what a fact posts.

    Args:
        books: as they stand, everything applied before included.
        fact: of a till, in any order; a repeated one posts nothing.

    Raises:
        LedgerFault: `ledger-fork`, `ledger-value`: the fact contradicts the books or itself. It is
            kept aside for a person, and stops no other.
        LoyaltyFault: `unknown-lease`: it was paid under a lease of somebody else.
    """
    match fact:
        case GoodsReturned():
            source = goods(fact.back.of.sale_id, fact.back.of.line)
            return _back(source, books, taken_back(fact.sale_id, fact.back, books.of(source)))
        case ValueRestored():
            source = payment(fact.of_sale, fact.of_tender)
            return _back(source, books, restored(fact, books.of(source)))
        case ValueSpent():
            return _spent(books, fact)
        case LeaseClosed():
            return _closed(books, fact)
        case ValueEarned():
            return _new(books, earned(fact.sale_id, fact.earnings, owner=fact.owner))
        case _:
            at = (fact.sale_id, fact.line, fact.value)
            return _new(books, loaded(*at, owner=fact.owner, unit=fact.unit))


def _spent(books: Books, fact: ValueSpent) -> Applied:
    leases = {draw.lease_id: books.lease(draw.lease_id) for draw in fact.draws}
    for lease_id, lease in leases.items():
        if lease is None:
            return Applied(waits_for=lease_id)
    known = {lease_id: lease for lease_id, lease in leases.items() if lease is not None}
    return _new(books, spent(fact, known))


def _closed(books: Books, fact: LeaseClosed) -> Applied:
    lease = books.lease(fact.lease_id)
    if lease is None:
        return Applied(waits_for=fact.lease_id)
    event = f"{fact.lease_id}/closed"
    standing = books.releases(fact.lease_id)
    booked = released(fact.lease_id, lease, spent=fact.spent, event=event, standing=standing)
    return _new(books, booked)


def _back(source: Source, books: Books, reversal: Reversal) -> Applied:
    if reversal.over and not books.of(source):
        return Applied(waits_for=source)
    return Applied(reversal.postings, over=reversal.over)


def _new(books: Books, postings: tuple[Posting, ...]) -> Applied:
    return Applied(missing(books.at(posting.key for posting in postings), postings))
