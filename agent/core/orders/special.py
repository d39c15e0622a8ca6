"""Special orders: what a store does not have is ordered for the customer, offline too.

The till makes the order whole, with its final id and number, as a draft; nobody is asked. However
often and by however many tills the draft is sent, it is the same facts under the same ids, so it
is one order. HQ takes it up once the deposit is there, with facts whose ids follow from the order
alone: two that take it up at once have reserved one lot of goods.
"""

from __future__ import annotations

import hashlib

import msgspec

from agent.core.identifiers import SaleId
from agent.core.orders.checks import checked
from agent.core.orders.model import (
    NOBODY,
    By,
    CustomerOrder,
    OrderId,
    Payment,
    PaymentState,
    Placed,
    Stage,
    Step,
    Told,
)
from agent.core.orders.money import money_of
from agent.core.orders.states import DRAFT, state_of
from agent.core.orders.tally import tallies
from agent.core.quantities import ONE, BasisPoints, Minor, Thousandths, share
from agent.core.sale.lines import NewLine
from agent.core.sale.model import TaxRate
from agent.core.sale.totals import round_cash

NUMBER_CHARACTERS = 12
"""60 bits: a million special orders have two of one number once in two million chains."""
_GROUP = 4
_BITS = 5
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""


class DepositRule(msgspec.Struct, frozen=True):
    """How much a customer leaves for a special order."""

    rate: BasisPoints = BasisPoints(2000)
    least: Minor = Minor(0)
    """If the order costs more than that."""
    step: int = 1
    """Rounded to a multiple of this, half away from zero; in minor units."""


def number_of(order_id: OrderId, prefix: str = "S-") -> str:
    """Make the number a customer reads and a till scans, out of the order's id alone.

    It cannot be guessed from another one, and needs no counter that two tills would share.

    Args:
        order_id: of the order.
        prefix: by which tills tell it from other codes, one of `[barcode] order_prefixes`.

    >>> number_of(OrderId("0198c2f4-0000-7000-8000-000000000001"))
    'S-639P-9VFM-4HBA'
    """
    digest = int.from_bytes(hashlib.sha256(order_id.encode()).digest())
    symbols = [_SYMBOLS[digest >> (_BITS * place) & 31] for place in range(NUMBER_CHARACTERS)]
    groups = range(0, NUMBER_CHARACTERS, _GROUP)
    return prefix + "-".join("".join(symbols[at : at + _GROUP]) for at in groups)


def deposit_of(total: Minor, rule: DepositRule) -> Minor:
    """Tell the deposit for an order; never more than it costs.

    >>> deposit_of(Minor(19_990), DepositRule(step=500))
    4000
    >>> deposit_of(Minor(800), DepositRule(least=Minor(1000)))
    800
    """
    wanted = max(round_cash(share(total, rule.rate), rule.step), rule.least)
    return Minor(min(total, wanted))


def as_draft(placed: Placed) -> Placed:
    """Make a special order of what was wanted, where nobody can be asked.

    Its event follows from its id, so that the draft is the same fact whoever sends it again.

    Raises:
        OrderInput: it cannot be meant.
    """
    made = msgspec.structs.replace(placed, event=f"{placed.order_id}/placed", draft=True)
    checked(made)
    return made


def paid_in_sale(
    order_id: OrderId, sale_id: SaleId, amount: Minor, *, kind: str = "", by: By = NOBODY
) -> Payment:
    """Tell what a sale took for an order, its deposit or the rest; of one sale it is told once.

    Raises:
        OrderInput: an amount that cannot be meant.
    """
    payment = Payment(
        event=f"{sale_id}/paid/{order_id}",
        order_id=order_id,
        payment=sale_id,
        amount=amount,
        state=PaymentState.SETTLED,
        kind=kind,
        sale_id=sale_id,
        at=by.at,
        touch_point=by.touch_point,
        actor=by.actor,
    )
    checked(payment)
    return payment


def deposit_line(placed: Placed, taxes: tuple[TaxRate, ...], name: str = "Deposit") -> NewLine:
    """Make the sale line a deposit is paid by; no goods move with it."""
    return NewLine(f"{name} {placed.number}", ONE, placed.deposit, taxes)


def deposit_back_line(placed: Placed, taxes: tuple[TaxRate, ...], name: str = "Deposit") -> NewLine:
    """Make the line that takes a deposit off the bill on which the goods are paid."""
    back = Thousandths(-ONE)
    text = f"{name} {placed.number}"
    return NewLine(text, back, placed.deposit, taxes, reason=text)


def taken_up(order: CustomerOrder, supplier: str, at: str = "") -> tuple[Told, ...]:
    """Tell what HQ does with a draft, asked again whenever more of it is told.

    Args:
        order: all that is told of it.
        supplier: the location its goods come from: they are set aside there.
        at: UTC, ISO 8601.

    Returns:
        Nothing as long as the deposit is missing, and nothing once it was taken up or cancelled.
    """
    counted = tallies(order)
    if counted.placed is None or state_of(counted) != DRAFT:
        return ()
    if money_of(counted).settled < counted.placed.deposit:
        return ()
    event = order.order_id
    return (
        Step(f"{event}/accepted", order.order_id, Stage.ACCEPTED, at=at),
        Step(f"{event}/reserved", order.order_id, Stage.RESERVED, location=supplier, at=at),
    )


def turned_down(order_id: OrderId, reason: str, at: str = "") -> Step:
    """Tell that HQ cannot get the goods; what was paid is owed back."""
    return Step(f"{order_id}/turned-down", order_id, Stage.CANCELLED, reason=reason, at=at)
