"""The double-entry ledger: postings that stand for ever, keyed by account, event and line.

Every booking adds up to nothing in each unit, so value is moved and never made: what a customer
holds was issued, and what was paid with was held. Both sides of a booking stand under one owner,
whose rows therefore add up to nothing as well and can live on one shard. A ledger only grows, and
a posting that comes again adds nothing: a balance is the same in whatever order its bookings came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.core.faults import Fault

HELD = "held"
"""What the customer can be leased, and is shown as theirs."""
LEASED = "leased"
"""What one till may spend without asking; still the customer's. One account per lease."""
ISSUED = "issued"
"""Against `HELD`: negative by all that was ever earned, loaded or given."""
REDEEMED = "redeemed"
"""What was paid with."""
FORFEITED = "forfeited"
"""What ended without having been spent."""
OWNED = (HELD, LEASED)
"""Together they are what a customer has."""


class LedgerFault(Fault):
    """A booking that contradicts itself or the ledger; nothing of it was posted."""

    name = "ledger-refused"
    title = "The ledger does not take this booking"


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """One account: whose, of what, and on which side of the books."""

    owner: str
    """A party id, or what a gift card is called by; never the number that is printed on it."""
    unit: str
    """A programme's unit (`points`), or an ISO 4217 currency, of which amounts are minor units."""
    kind: str
    """`HELD`, `LEASED`, `ISSUED`, `REDEEMED` or `FORFEITED`."""
    lease: str = ""
    """Of a `LEASED` account: the lease's id."""


class Source(msgspec.Struct, frozen=True):
    """The line of a sale, or its tender, that value was first booked for."""

    event: str
    line: str


class Posting(msgspec.Struct, frozen=True, omit_defaults=True):
    """One side of a booking."""

    account: Account
    event: str
    """What caused it: the sale id of a sale, the order id of a lease, else the caller's own id."""
    line: str
    """Which part of the event: a line number, `tender-2`, `lease`, `release` …"""
    amount: int
    """In the account's unit; onto the account where positive."""
    source: Source | None = None
    measure: int = 0
    """How much of its source it stands for: goods in thousandths, or money in minor units.
    Negative where as much came back. Only on the side whose part comes back with the goods."""

    @property
    def key(self) -> Key:
        """Name the one posting that this can be."""
        return self.account, self.event, self.line


Key = tuple[Account, str, str]


def booking(*postings: Posting) -> tuple[Posting, ...]:
    """Put the postings of one event together; those that say nothing are left out.

    Raises:
        LedgerFault: `ledger-unbalanced`: they do not add up to nothing in each unit, are of more
            than one event, or two of them would be the same posting.
    """
    said = tuple(posting for posting in postings if posting.amount or posting.measure)
    sums: dict[str, int] = {}
    for posting in said:
        sums[posting.account.unit] = sums.get(posting.account.unit, 0) + posting.amount
    if any(sums.values()):
        raise _unbalanced(said, f"adds up to {sums}")
    if len({posting.event for posting in said}) > 1:
        raise _unbalanced(said, "is of several events")
    if len({posting.key for posting in said}) < len(said):
        raise _unbalanced(said, "posts one line to one account twice")
    return said


def missing(held: Mapping[Key, Posting], postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Pick the postings the ledger does not hold yet: those of an event that came again are none.

    Args:
        held: what stands in the ledger under the keys of the postings, and maybe more.
        postings: of one or more bookings.

    Raises:
        LedgerFault: `ledger-fork`: another posting stands under such a key; both are evidence, and
            neither replaces the other.
    """
    new = []
    for posting in postings:
        there = held.get(posting.key)
        if there is None:
            new.append(posting)
        elif there != posting:
            raise _fork(there, posting)
    return tuple(new)


def balances(postings: Iterable[Posting]) -> dict[Account, int]:
    """Add up what stands on each account; each posting is given once."""
    sums: dict[Account, int] = {}
    for posting in postings:
        sums[posting.account] = sums.get(posting.account, 0) + posting.amount
    return sums


def _unbalanced(postings: tuple[Posting, ...], why: str) -> LedgerFault:
    event = postings[0].event
    return LedgerFault(
        f"the booking of event {event!r} {why}",
        remedy="report this with the event's number: the program made a booking that is none",
        name="ledger-unbalanced",
    )


def _fork(there: Posting, posting: Posting) -> LedgerFault:
    return LedgerFault(
        f"event {posting.event!r}, line {posting.line!r} posts {posting.amount} to the "
        f"{posting.account.kind} {posting.account.unit} of {posting.account.owner!r}, where "
        f"{there.amount} stand already",
        remedy="compare the two events in the journals they came from; correct the balance by an "
        "adjustment with a reason",
        name="ledger-fork",
    )
