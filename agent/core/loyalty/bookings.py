"""From facts and decisions to bookings: the one place that knows which account each side goes to.

The event of all that a sale causes is its sale id, that of a lease the order's id: whatever tells
of it, and however often, it is posted once. Everything here depends on its arguments alone, so a
ledger can be made again from the journals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.core.identifiers import SaleId
from agent.core.loyalty.earning import Earning, GoodsBack
from agent.core.loyalty.facts import ValueRestored, ValueSpent
from agent.core.loyalty.faults import LoyaltyFault
from agent.core.loyalty.leases import Lease
from agent.core.loyalty.ledger import (
    FORFEITED,
    HELD,
    ISSUED,
    LEASED,
    REDEEMED,
    Account,
    LedgerFault,
    Posting,
    Source,
    booking,
)
from agent.core.loyalty.reversing import Reversal, reverse

LEASE_LINE = "lease"
RELEASE_LINE = "release"
MOVE_LINE = "move"
TENDER = "tender-"


def line_name(number: int) -> str:
    """Name a line of a sale.

    >>> line_name(3), tender_name(2)
    ('line-3', 'tender-2')
    """
    return f"line-{number}"


def tender_name(number: int) -> str:
    """Name a tender of a sale; see `line_name`."""
    return f"{TENDER}{number}"


def goods(sale_id: SaleId, line: int) -> Source:
    """Name what a line of a sale has earned."""
    return Source(sale_id, line_name(line))


def payment(sale_id: SaleId, tender: int) -> Source:
    """Name what a tender of a sale was paid with."""
    return Source(sale_id, tender_name(tender))


def earned(sale_id: SaleId, earnings: Iterable[Earning], *, owner: str) -> tuple[Posting, ...]:
    """Issue what a sale has earned, line by line.

    Args:
        sale_id: of a till's sale, or of a web order.
        earnings: as a till promised them (`ValueEarned`), or as HQ finds them by its rules.
        owner: who made the sale.
    """
    postings: list[Posting] = []
    for earning in earnings:
        for line in earning.lines:
            source = goods(sale_id, line.line)
            # What came back without its receipt earned nothing that could come back once more.
            measure = max(0, line.quantity)
            postings += _issued(owner, earning.unit, source, line.value, source, measure)
    return booking(*postings)


def loaded(sale_id: SaleId, line: int, value: int, *, owner: str, unit: str) -> tuple[Posting, ...]:
    """Issue what a gift card was charged with.

    To take it back is to spend it, under a lease: it may have been spent already.

    Raises:
        LedgerFault: `ledger-value`: it was charged with nothing, or less.
    """
    at = goods(sale_id, line)
    _require_value(at, value)
    return booking(*_issued(owner, unit, at, value, at, 0))


def granted(lease_id: str, lease: Lease) -> tuple[Posting, ...]:
    """Set a lease aside, before it is signed."""
    return booking(
        Posting(_held(lease), lease_id, LEASE_LINE, -lease.cap),
        Posting(_leased(lease_id, lease), lease_id, LEASE_LINE, lease.cap),
    )


def spent(fact: ValueSpent, leases: Mapping[str, Lease]) -> tuple[Posting, ...]:
    """Take what a tender was paid with from the leases it was drawn on.

    A draw beyond its lease is booked as well, since the goods are gone: the lease's account is
    then negative, see `members.overspent`.

    Args:
        fact: of the till.
        leases: by id, those the fact names.

    Raises:
        LoyaltyFault: `unknown-lease`: a lease that is not here yet (take the fact up again when it
            is), or somebody else's.
        LedgerFault: `ledger-value`: nothing was drawn, or less.
    """
    line, source = tender_name(fact.tender), payment(fact.sale_id, fact.tender)
    _require_value(source, fact.amount)
    postings = []
    for draw in fact.draws:
        _require_value(source, draw.value)
        lease = leases.get(draw.lease_id)
        if lease is None or (lease.owner, lease.unit) != (fact.owner, fact.unit):
            raise _unknown_lease(fact, draw.lease_id)
        postings.append(Posting(_leased(draw.lease_id, lease), fact.sale_id, line, -draw.value))
    value = sum(draw.value for draw in fact.draws)
    to = Account(fact.owner, fact.unit, REDEEMED)
    return booking(*postings, Posting(to, fact.sale_id, line, value, source, fact.amount))


def released(
    lease_id: str, lease: Lease, *, spent: int, event: str, standing: Iterable[Posting]
) -> tuple[Posting, ...]:
    """Give back what a closed lease did not spend.

    A later word about the same lease (a till that was written off and came back) corrects the
    earlier one: released is, in the end, the cap less what was spent.

    Args:
        lease_id: its id.
        lease: as it was signed.
        spent: all in all, as `LeaseClosed` says; as far as is known, of a till that is lost.
        event: what says so: the lease's id with a word, or the entry's own id.
        standing: what stands on the lease's account.
    """
    account = _leased(lease_id, lease)
    releases = [each for each in standing if each.account == account and each.line == RELEASE_LINE]
    if any(posting.event == event for posting in releases):
        return ()
    before = -sum(posting.amount for posting in releases)
    amount = max(0, lease.cap - max(0, spent)) - before
    return booking(
        Posting(account, event, RELEASE_LINE, -amount),
        Posting(_held(lease), event, RELEASE_LINE, amount),
    )


def taken_back(sale_id: SaleId, back: GoodsBack, standing: Iterable[Posting]) -> Reversal:
    """Take back what goods have earned that came back.

    Args:
        sale_id: of the return.
        back: one of its lines, see `earning.goods_back`.
        standing: every posting whose source is `goods(back.of.sale_id, back.of.line)`.
    """
    line = line_name(back.line)
    return reverse(standing, event=sale_id, line=line, measure=back.quantity)


def restored(fact: ValueRestored, standing: Iterable[Posting]) -> Reversal:
    """Give back what was paid with points or a gift card.

    Args:
        fact: of the till.
        standing: every posting whose source is `payment(fact.of_sale, fact.of_tender)`.
    """
    line = tender_name(fact.tender)
    return reverse(standing, event=fact.sale_id, line=line, measure=fact.amount)


def adjusted(owner: str, unit: str, value: int, *, event: str) -> tuple[Posting, ...]:
    """Give, or with a negative value take, without a sale: goodwill, an opening balance."""
    return booking(*_issued(owner, unit, Source(event, MOVE_LINE), value, None, 0))


def forfeited(
    owner: str, unit: str, value: int, *, event: str, line: str = MOVE_LINE
) -> tuple[Posting, ...]:
    """End value that was not spent: it expired, or its owner was erased; negative: give it back."""
    return booking(
        Posting(Account(owner, unit, HELD), event, line, -value),
        Posting(Account(owner, unit, FORFEITED), event, line, value),
    )


def transferred(owner: str, to: str, unit: str, value: int, *, event: str) -> tuple[Posting, ...]:
    """Hand value from one owner to another, by a steward or by a household's own wish."""
    return booking(
        *_issued(owner, unit, Source(event, MOVE_LINE), -value, None, 0),
        *_issued(to, unit, Source(event, MOVE_LINE), value, None, 0),
    )


def _issued(
    owner: str, unit: str, at: Source, value: int, source: Source | None, measure: int
) -> tuple[Posting, Posting]:
    return (
        Posting(Account(owner, unit, HELD), at.event, at.line, value, source, measure),
        Posting(Account(owner, unit, ISSUED), at.event, at.line, -value, source),
    )


def _require_value(at: Source, value: int) -> None:
    if value <= 0:
        raise LedgerFault(
            f"{at.line} of sale {at.event} says {value} where value is moved",
            remedy="look at the entry in its journal; nothing was posted for it",
            name="ledger-value",
        )


def _held(lease: Lease) -> Account:
    return Account(lease.owner, lease.unit, HELD)


def _leased(lease_id: str, lease: Lease) -> Account:
    return Account(lease.owner, lease.unit, LEASED, lease_id)


def _unknown_lease(fact: ValueSpent, lease_id: str) -> LoyaltyFault:
    return LoyaltyFault(
        f"sale {fact.sale_id} was paid with {fact.unit} of {fact.owner!r} under lease {lease_id}, "
        "which is not here or is another's",
        remedy="it is booked as soon as the lease's signed order is here; if it stays, look for "
        "the order in the till's side journal",
        name="unknown-lease",
    )
