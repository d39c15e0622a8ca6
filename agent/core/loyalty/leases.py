"""Leases: how much one till may spend of one balance, whether or not it reaches HQ.

HQ moves the value of a lease off the balance before it signs it, so that all leases together are
never more than there is, and any number of tills can be cut off without one of them overspending.
A lease names the one journal its spending is told in. Only that journal's own word that it is
closed gives the rest back: no clock ends a lease (P11), and a till that lost its journal and began
another one cannot spend again what it does not remember.

Paying while HQ is reached is no second way: a lease is asked for the one sale, for just as much.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, SaleId, StoreId, TillId
from agent.core.loyalty.faults import LoyaltyFault, worded
from agent.core.loyalty.rules import FACE_VALUE, VALUE_MAX, Worth
from agent.core.quantities import Minor

CLOSINGS = 7
"""After how many closings of the till a lease lapses, counted in its journal: a week without HQ."""


class Lease(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of HQ's signed order of kind `lease`; the order's id is the lease's."""

    owner: str
    unit: str
    cap: int
    """In the unit: never more than this is spent under it."""
    store: StoreId
    till: TillId
    journal: JournalId
    """The till's `side` journal: nobody else may spend it."""
    day: str
    """HQ's business date, which caps are counted by; compared for equality only."""
    worth: Worth = FACE_VALUE
    """What the unit pays, as HQ has signed it."""
    closings: int = CLOSINGS
    sale_id: SaleId | None = None
    """The one sale it is for; without one it was given in advance, for whoever comes offline."""


class Recall(msgspec.Struct, frozen=True):
    """Body of HQ's signed order of kind `recall`: close these leases, the value is wanted."""

    lease_ids: tuple[str, ...]


class Caps(msgspec.Struct, frozen=True):
    """How much may be spent without HQ, in money."""

    offline: Minor
    """Of one balance on one day, at all tills together."""


POINTS_CAPS = Caps(Minor(2000))
"""20 EUR of points."""
GIFT_CAPS = Caps(Minor(0))
"""A gift card is whoever's who holds it: it pays only where HQ is reached."""


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A lease that is asked for.

    Whoever asks makes the lease's id (UUIDv7), and HQ answers an id it knows with the lease that
    was given: an answer that was lost on the way sets nothing aside twice.
    """

    owner: str
    unit: str
    value: int
    """How much, in the unit."""
    store: StoreId
    till: TillId
    journal: JournalId
    day: str
    sale_id: SaleId | None = None
    closings: int = CLOSINGS


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """A lease that was given in advance, as HQ holds it."""

    cap: int
    day: str
    spent: int = 0
    closed: str | None = None
    """HQ's business date when it was closed; None while it can still be spent."""


def grant(ask: Ask, *, free: int, worth: Worth, caps: Caps, given: Iterable[Given] = ()) -> Lease:
    """Decide a lease.

    Args:
        ask: what is asked for.
        free: what the owner's balance holds, that of everybody merged with them included.
        worth: of the unit.
        caps: of the unit.
        given: the leases in advance of the same balances; those closed on earlier days may be
            left out.

    Returns:
        A lease for all that a sale needs; in advance, for what can be given of it.

    Raises:
        LoyaltyFault: `not-enough-value`, `no-value-offline`.
        InputFault: `lease-value`: nothing was asked for, or more than can be meant.
    """
    if not 1 <= ask.value <= VALUE_MAX:
        raise _no_value(ask.value)
    if ask.value > free if ask.sale_id else free <= 0:
        raise _not_enough(ask, max(0, free))
    return Lease(
        owner=ask.owner,
        unit=ask.unit,
        cap=ask.value if ask.sale_id else min(ask.value, free, _room(ask, worth, caps, given)),
        store=ask.store,
        till=ask.till,
        journal=ask.journal,
        day=ask.day,
        worth=worth,
        closings=ask.closings,
        sale_id=ask.sale_id,
    )


def counted(given: Iterable[Given], day: str) -> int:
    """Tell how much of a day's cap is used up, in the unit.

    An open lease counts whole, whenever it was given, since it can be spent today; a closed one
    counts for what was spent of it, on the day it was given and on the day it was closed. So what
    tills spend on one of HQ's days is never more than the cap.

    >>> counted([Given(50, "mon"), Given(50, "mon", 9, "tue"), Given(50, "mon", 9, "mon")], "tue")
    59
    """
    return sum(
        lease.cap if lease.closed is None else lease.spent
        for lease in given
        if lease.closed is None or day in {lease.day, lease.closed}
    )


def read_lease(body: bytes) -> Lease:
    """Read the body of an order whose signature was found genuine.

    Raises:
        InputFault: `lease-unreadable`: it is no lease that this program understands.
    """
    try:
        lease = msgspec.json.decode(body, type=Lease)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    numbers = (lease.cap, lease.worth.points, lease.worth.minor)
    if not all(1 <= number <= VALUE_MAX for number in numbers):
        raise _unreadable(f"a cap of {lease.cap} at {lease.worth.points}:{lease.worth.minor}")
    return lease


def _room(ask: Ask, worth: Worth, caps: Caps, given: Iterable[Given]) -> int:
    room = caps.offline * worth.points // worth.minor - counted(given, ask.day)
    if room <= 0:
        most = worded(caps.offline * worth.points // worth.minor, ask.unit)
        raise LoyaltyFault(
            f"no more {ask.unit} of {ask.owner!r} can be spent without HQ: {most} a day are out "
            "with tills",
            remedy="pay while HQ is reached; or recall leases of other tills, or raise the cap",
            name="no-value-offline",
        )
    return room


def _not_enough(ask: Ask, free: int) -> LoyaltyFault:
    return LoyaltyFault(
        f"{worded(ask.value, ask.unit)} are asked for, {worded(free, ask.unit)} are free",
        remedy=f"pay at most {worded(free, ask.unit)}; what tills hold as leases comes back when "
        "they close them",
        name="not-enough-value",
    )


def _no_value(value: int) -> InputFault:
    return InputFault(
        f"a lease of {value} cannot be given",
        remedy=f"ask for a whole number from 1 to {VALUE_MAX}",
        name="lease-value",
    )


def _unreadable(reason: str) -> InputFault:
    return InputFault(
        f"a lease cannot be read: {reason}",
        remedy="compare the versions of HQ and agent; nothing can be spent under it",
        name="lease-unreadable",
    )
