"""Gathering what is told of an order: a set, joined with any other set of the same order.

Joining is the union, so it does not matter what came first, came twice, or came by another way
(a grow-only set). Where two tell different things of one matter, one of them is chosen by what
they say alone: the higher revision, the further state, first hand before hearsay, then their
bytes. The other is kept, so that every replica sees that there were two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from agent.core.faults import InputFault
from agent.core.orders.model import (
    CustomerOrder,
    OrderId,
    Payment,
    PaymentState,
    Placed,
    Refund,
    Step,
    Told,
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_STATES = tuple(PaymentState)
_FINGERPRINT = 16

Matter = tuple[str, str]
"""What something is told of: a kind of thing, and its id."""
_Weight = tuple[int, int, bool, bytes]


def gathered(order_id: OrderId, told: Iterable[Told]) -> CustomerOrder:
    """Make an order of what is told of it, in any order and however often.

    Raises:
        InputFault: `another-order`: something of it is told of another order.
    """
    once: dict[bytes, Told] = {}
    for each in told:
        if each.order_id != order_id:
            raise _another(order_id, each.order_id)
        once[_encode(each)] = each
    return CustomerOrder(order_id, tuple(once[key] for key in sorted(once)))


def noted(order: CustomerOrder, *told: Told) -> CustomerOrder:
    """Give the order with more told of it; what it has already changes nothing.

    Raises:
        InputFault: `another-order`.
    """
    return gathered(order.order_id, (*order.told, *told))


def joined(order: CustomerOrder, other: CustomerOrder) -> CustomerOrder:
    """Give the order with what either knows of it.

    Raises:
        InputFault: `another-order`: they are two orders.
    """
    if order.order_id != other.order_id:
        raise _another(order.order_id, other.order_id)
    return noted(order, *other.told)


def by_order(told: Iterable[Told]) -> dict[OrderId, CustomerOrder]:
    """Put what is told of several orders under each of them."""
    orders: dict[OrderId, list[Told]] = {}
    for each in told:
        orders.setdefault(each.order_id, []).append(each)
    return {order_id: gathered(order_id, orders[order_id]) for order_id in sorted(orders)}


def matter_of(told: Told) -> Matter:
    """Tell what it is told of; of each such matter one telling counts.

    >>> from agent.core.orders.model import Stage
    >>> matter_of(Step("s1/9", OrderId("web/W1"), Stage.READY))
    ('step', 's1/9')
    """
    match told:
        case Placed():
            return ("placed", "")
        case Step():
            return ("step", told.event)
        case Payment():
            return ("payment", told.payment)
        case _:
            return ("refund", told.refund)


def counting(order: CustomerOrder) -> tuple[Told, ...]:
    """Choose the one telling that counts of each matter, by the matter's name."""
    best: dict[Matter, tuple[_Weight, Told]] = {}
    for told in order.told:
        matter, weighed = matter_of(told), (_weight(told), told)
        if matter not in best or weighed[0] > best[matter][0]:
            best[matter] = weighed
    return tuple(best[matter][1] for matter in sorted(best))


def contradictions(order: CustomerOrder) -> tuple[Matter, ...]:
    """Name the matters of which two different things were told at first hand."""
    said: dict[Matter, dict[tuple[int, int], set[bytes]]] = {}
    for told in order.told:
        if not told.echo:
            versions = said.setdefault(matter_of(told), {})
            versions.setdefault(_weight(told)[:2], set()).add(_substance(told))
    return tuple(
        sorted(
            matter
            for matter, versions in said.items()
            if any(len(substances) > 1 for substances in versions.values())
        )
    )


def fingerprint(order: CustomerOrder) -> str:
    """Name what is told of an order so far: equal on all replicas that were told the same.

    Returns:
        The first 64 bits of a SHA-256, hexadecimal.
    """
    return hashlib.sha256(_encode(order)).hexdigest()[:_FINGERPRINT]


def _weight(told: Told) -> _Weight:
    """Weigh a telling against others of the same matter: the heaviest counts, on every replica."""
    rank = 0
    if isinstance(told, Payment | Refund):
        rank = _STATES.index(told.state)
    elif isinstance(told, Placed):
        # Who knows the order by its number alone does not empty it.
        rank = int(bool(told.lines))
    revision = told.revision if isinstance(told, Placed) else 0
    return (revision, rank, not told.echo, _encode(told))


def _substance(told: Told) -> bytes:
    """Leave out who told it and when: two who say the same do not contradict each other."""
    plain = msgspec.structs.replace(told, event="", at="", touch_point="", actor=None)
    return _encode(plain)


def _another(order_id: OrderId, other: OrderId) -> InputFault:
    return InputFault(
        f"what is told of order {other} does not belong to order {order_id}",
        remedy="put together only what is told of one order",
        name="another-order",
    )
