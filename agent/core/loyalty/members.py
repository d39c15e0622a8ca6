"""One balance of several owners: a merge adds up, and posts nothing.

Accounts keep the party they were booked for. Whoever is merged has the sum; whoever is taken apart
has what is theirs, as if the merge had never been, without one posting changed (P10). Only what one
part has spent of the other's in between is left: it is listed, for a person to settle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from agent.core.loyalty.ledger import HELD, LEASED, OWNED, REDEEMED, Account, Posting, balances


class Standing(msgspec.Struct, frozen=True):
    """What owners have together, in one unit."""

    value: int
    """What they are shown; negative where goods came back whose points were spent."""
    free: int
    """What can be leased."""


class Overspent(msgspec.Struct, frozen=True):
    """A lease that paid for more than it was given: a copied disk, or a till that was given up."""

    account: Account
    by: int


class Shortfall(msgspec.Struct, frozen=True):
    """What owners have spent that was not theirs."""

    owners: tuple[str, ...]
    by: int
    spent: tuple[Posting, ...]
    """What they paid with in the meantime; what was given back of it as negative amounts."""


def standing(sums: Mapping[Account, int], owners: Collection[str], unit: str) -> Standing:
    """Add up what owners have.

    Args:
        sums: `balances` of their accounts at least.
        owners: the parties of one component of the identity graph; one for a gift card.
        unit: of which unit.
    """
    theirs = [
        (account, amount)
        for account, amount in sums.items()
        if account.owner in owners and account.unit == unit
    ]
    return Standing(
        value=sum(amount for account, amount in theirs if account.kind in OWNED),
        free=sum(amount for account, amount in theirs if account.kind == HELD),
    )


def owned(postings: Iterable[Posting]) -> dict[tuple[str, str], int]:
    """Tell what bookings change for their owners, to be shown in a history: by owner and unit.

    What is set aside in a lease, or comes back from one, changes nothing.
    """
    changes: dict[tuple[str, str], int] = {}
    for account, amount in balances(postings).items():
        if account.kind in OWNED:
            key = account.owner, account.unit
            changes[key] = changes.get(key, 0) + amount
    return {key: change for key, change in changes.items() if change}


def overspent(sums: Mapping[Account, int]) -> tuple[Overspent, ...]:
    """List the leases that paid for more than they were given, in the order of their owners."""
    found = [
        Overspent(account, -amount)
        for account, amount in sums.items()
        if account.kind == LEASED and amount < 0
    ]
    return tuple(sorted(found, key=lambda each: (each.account.owner, each.account.lease)))


def uncovered(sums: Mapping[Account, int], parts: Iterable[Collection[str]]) -> tuple[Account, ...]:
    """List the leases to recall once a merge is undone: they were given on what others have."""
    found: list[Account] = []
    for part in parts:
        open_leases = [
            account
            for account, amount in sums.items()
            if account.kind == LEASED and amount > 0 and account.owner in part
        ]
        found += [each for each in open_leases if standing(sums, part, each.unit).free < 0]
    return tuple(sorted(found, key=lambda each: (each.owner, each.lease)))


def shortfalls(
    postings: Sequence[Posting],
    parts: Iterable[Collection[str]],
    unit: str,
    *,
    since: Collection[str],
) -> tuple[Shortfall, ...]:
    """List what is to be settled after a merge was undone.

    Args:
        postings: of all that were merged.
        parts: the owners who are one again, each part on its own.
        unit: of which unit.
        since: the events that were booked while they were merged.

    Returns:
        The parts that have less than nothing now, with what they spent in between.
    """
    sums = balances(postings)
    found = []
    for part in parts:
        value = standing(sums, part, unit).value
        if value < 0:
            spent = [
                each for each in postings if _paid_by(each, part, unit) and each.event in since
            ]
            found.append(Shortfall(tuple(sorted(part)), -value, tuple(spent)))
    return tuple(found)


def _paid_by(posting: Posting, owners: Collection[str], unit: str) -> bool:
    account = posting.account
    return account.owner in owners and (account.unit, account.kind) == (unit, REDEEMED)
