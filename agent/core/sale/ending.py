"""Parking, resuming, cancelling and completing a sale."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ReceiptNo
from agent.core.sale.bounds import live, money
from agent.core.sale.model import Sale, SaleFault
from agent.core.sale.states import Action, next_state
from agent.core.sale.totals import totals


def park(sale: Sale) -> Sale:
    """Put the basket aside.

    Raises:
        SaleFault: `money-on-the-counter`, or the sale is not open.
    """
    return _without_money(sale, Action.PARK)


def resume(sale: Sale) -> Sale:
    """Take a parked basket up again.

    Raises:
        SaleFault: the sale is not parked.
    """
    return msgspec.structs.replace(sale, state=next_state(sale, Action.RESUME))


def cancel(sale: Sale) -> Sale:
    """Give the basket up.

    Raises:
        SaleFault: `money-on-the-counter`, or the sale is completed or cancelled already.
    """
    return _without_money(sale, Action.CANCEL)


def complete(sale: Sale, receipt_no: ReceiptNo, *, cash_rounding: int = 1) -> Sale:
    """Make the basket a sale; the caller commits it together with its receipt number.

    Raises:
        SaleFault: `sale-empty`, `not-paid`, `not-refunded`, or the sale is not open.
    """
    state = next_state(sale, Action.COMPLETE)
    if not live(sale.lines):
        raise SaleFault(
            "the sale has no lines", remedy="add what is sold, or cancel it", name="sale-empty"
        )
    _require_settled(sale, totals(sale, cash_rounding).due)
    return msgspec.structs.replace(sale, state=state, receipt_no=receipt_no)


def _without_money(sale: Sale, action: Action) -> Sale:
    """Refuse to lose sight of a tender: its money is in the drawer or off a card already."""
    state = next_state(sale, action)
    if sale.tenders:
        taken = money(sum(tender.amount for tender in sale.tenders), sale.currency)
        raise SaleFault(
            f"cannot {action}: {taken} was tendered",
            remedy="hand the money back and remove its tender first",
            name="money-on-the-counter",
        )
    return msgspec.structs.replace(sale, state=state)


def _require_settled(sale: Sale, due: int) -> None:
    if due > 0:
        raise SaleFault(
            f"{money(due, sale.currency)} is still to be paid",
            remedy=f"take a tender of {money(due, sale.currency)}",
            name="not-paid",
        )
    if due < 0:
        raise SaleFault(
            f"{money(-due, sale.currency)} is owed to the customer",
            remedy=f"give it back: a tender of {money(due, sale.currency)}"
            + (", or remove a tender that took too much" if sale.tenders else ""),
            name="not-refunded",
        )
