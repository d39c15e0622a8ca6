"""The purse: the leases one journal may spend, as its own entries tell of them.

It is folded from that journal, however often an entry is read: an order that arrives again, even
after its lease was closed, changes nothing. What can be spent is what the lease says, less what the
journal says was spent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

import msgspec

from agent.core.identifiers import JournalId, SaleId
from agent.core.loyalty.facts import Draw, LeaseClosed, ValueSpent
from agent.core.loyalty.faults import LoyaltyFault
from agent.core.loyalty.leases import Lease
from agent.core.loyalty.rules import Worth
from agent.core.quantities import Minor
from agent.core.sale.bounds import money

T = TypeVar("T")

SALE, LAPSED, RECALLED = "sale", "lapsed", "recalled"
"""Why a lease is over."""


class Purse(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one journal holds of leases."""

    journal: JournalId
    leases: dict[str, Lease] = {}
    """Lease id → lease; closed ones are gone."""
    spent: dict[str, dict[str, int]] = {}
    """Lease id → `sale/tender` → what it took."""
    closings: dict[str, frozenset[str]] = {}
    """Lease id → the closings of the till since it came."""
    over: dict[str, str] = {}
    """Lease id → why nothing more is spent of it; it waits to be closed."""
    closed: frozenset[str] = frozenset()
    """Ids of leases that were closed, for ever."""

    def left(self, lease_id: str) -> int:
        """Tell what can still be spent of a lease; 0 of one that is over, or not here."""
        lease = self.leases.get(lease_id)
        if lease is None or lease_id in self.over:
            return 0
        return lease.cap - self.taken(lease_id)

    def taken(self, lease_id: str) -> int:
        """Tell what was spent of a lease that is not closed."""
        return sum(self.spent.get(lease_id, {}).values())


class Wish(msgspec.Struct, frozen=True):
    """What a customer wants to pay with."""

    owners: tuple[str, ...]
    """The one who was recognised first, then those they were merged with."""
    unit: str
    amount: Minor
    currency: str
    sale_id: SaleId


class Spending(msgspec.Struct, frozen=True):
    """How a wish is paid: what goes into `ValueSpent`."""

    owner: str
    draws: tuple[Draw, ...]


class Due(msgspec.Struct, frozen=True):
    """A lease to be closed: what goes into `LeaseClosed`."""

    lease_id: str
    spent: int
    reason: str


def receive(purse: Purse, lease_id: str, lease: Lease) -> Purse:
    """Take a lease up; one of another journal, or one that was closed, is none of ours."""
    known = lease_id in purse.leases or lease_id in purse.closed
    if known or lease.journal != purse.journal:
        return purse
    return msgspec.structs.replace(purse, leases={**purse.leases, lease_id: lease})


def spend(purse: Purse, wish: Wish, promised: Mapping[str, int]) -> Spending:
    """Decide which leases pay an amount; the fact of it is written with the completed sale.

    All draws are of one owner and one worth, so that the amount is rounded to value once.

    Args:
        purse: of this till.
        wish: what is to be paid.
        promised: lease id → what baskets that are not completed yet (this one as well) are
            already being paid with.

    Raises:
        LoyaltyFault: `more-than-leased`: no owner's leases here are worth that much;
            `nothing-to-pay`.
    """
    if wish.amount <= 0:
        raise LoyaltyFault(
            f"{money(wish.amount, wish.currency)} is nothing to be paid",
            remedy="enter how much is to be paid; what is given back restores what was spent",
            name="nothing-to-pay",
        )
    for pool in _pools(purse, wish, promised):
        wanted = pool.worth.points_for(wish.amount)
        if wanted <= pool.value:
            return Spending(pool.owner, tuple(_drawn(wanted, pool.left)))
    raise _more_than_leased(wish, spendable(purse, wish, promised))


def spendable(purse: Purse, wish: Wish, promised: Mapping[str, int]) -> Minor:
    """Tell the most that `spend` would pay for a wish, whatever amount it is of."""
    pools = _pools(purse, wish, promised)
    return max((pool.worth.money_for(pool.value) for pool in pools), default=Minor(0))


def paid(purse: Purse, fact: ValueSpent) -> Purse:
    """Note what a completed sale has spent of leases; reading it again notes nothing."""
    tender = f"{fact.sale_id}/{fact.tender}"
    spent = dict(purse.spent)
    for draw in fact.draws:
        if draw.lease_id not in purse.closed:
            spent[draw.lease_id] = {**spent.get(draw.lease_id, {}), tender: draw.value}
    return msgspec.structs.replace(purse, spent=spent)


def sale_ended(purse: Purse, sale_id: SaleId) -> Purse:
    """End the leases that were for one sale: it was completed (and is `paid`), or given up."""
    return _end(purse, SALE, (key for key, each in purse.leases.items() if each.sale_id == sale_id))


def till_closed(purse: Purse, closing: str) -> Purse:
    """Count a closing of the till, named so that no other is; leases that saw enough are over."""
    seen = {key: purse.closings.get(key, frozenset()) | {closing} for key in purse.leases}
    lapsed = [key for key, lease in purse.leases.items() if len(seen[key]) >= lease.closings]
    return _end(msgspec.structs.replace(purse, closings=seen), LAPSED, lapsed)


def recall(purse: Purse, lease_ids: Iterable[str]) -> Purse:
    """End the leases HQ wants back; those of others are none of ours."""
    return _end(purse, RECALLED, (key for key in lease_ids if key in purse.leases))


def due(purse: Purse, promised: Collection[str] = ()) -> tuple[Due, ...]:
    """List what is to be closed.

    Args:
        purse: of this till.
        promised: leases that baskets which are not completed yet are being paid with: they wait.
    """
    return tuple(
        Due(key, purse.taken(key), reason)
        for key, reason in purse.over.items()
        if key not in promised
    )


def lease_closed(purse: Purse, fact: LeaseClosed) -> Purse:
    """Forget a lease that was closed, but that it was."""
    return msgspec.structs.replace(
        purse,
        leases=_without(purse.leases, fact.lease_id),
        spent=_without(purse.spent, fact.lease_id),
        closings=_without(purse.closings, fact.lease_id),
        over=_without(purse.over, fact.lease_id),
        closed=purse.closed | {fact.lease_id},
    )


class _Pool(msgspec.Struct, frozen=True):
    """Leases that can be drawn on together."""

    owner: str
    worth: Worth
    left: dict[str, int]
    """Lease id → what there is of it, those for this very sale in front."""

    @property
    def value(self) -> int:
        return sum(self.left.values())


def _pools(purse: Purse, wish: Wish, promised: Mapping[str, int]) -> list[_Pool]:
    pools: dict[tuple[str, Worth], dict[str, int]] = {}
    usable = [key for key, lease in purse.leases.items() if _is_for(lease, wish)]
    for key in sorted(usable, key=lambda key: _urgency(purse, key)):
        lease = purse.leases[key]
        left = max(0, purse.left(key) - promised.get(key, 0))
        pools.setdefault((lease.owner, lease.worth), {})[key] = left
    in_turn = sorted(pools, key=lambda pool: wish.owners.index(pool[0]))
    return [_Pool(*pool, pools[pool]) for pool in in_turn]


def _is_for(lease: Lease, wish: Wish) -> bool:
    is_this_sale = lease.sale_id in {None, wish.sale_id}
    return is_this_sale and lease.unit == wish.unit and lease.owner in wish.owners


def _urgency(purse: Purse, key: str) -> tuple[bool, int, str]:
    lease = purse.leases[key]
    closings = lease.closings - len(purse.closings.get(key, ()))
    return lease.sale_id is None, closings, key


def _drawn(wanted: int, left: Mapping[str, int]) -> Iterable[Draw]:
    for key, there in left.items():
        value = min(wanted, there)
        if value:
            yield Draw(key, value)
            wanted -= value


def _end(purse: Purse, reason: str, keys: Iterable[str]) -> Purse:
    over = dict.fromkeys(keys, reason) | purse.over
    return msgspec.structs.replace(purse, over=over)


def _without(held: dict[str, T], key: str) -> dict[str, T]:
    return {each: value for each, value in held.items() if each != key}


def _more_than_leased(wish: Wish, most: Minor) -> LoyaltyFault:
    return LoyaltyFault(
        f"{money(wish.amount, wish.currency)} cannot be paid with {wish.unit} here: this till may "
        f"spend {money(most, wish.currency)} of this customer's without asking HQ",
        remedy=f"pay at most {money(most, wish.currency)} with {wish.unit}, or ask HQ for a lease "
        "for this sale, and take another tender for the rest",
        name="more-than-leased",
    )
