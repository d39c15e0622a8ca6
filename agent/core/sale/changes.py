"""Changing what is already in the basket: void, quantity, price, discounts, customer.

A discount is set, never added to: asking twice leaves the same sale.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ActorId, CustomerRef, PartyId
from agent.core.quantities import Minor, Thousandths, extend
from agent.core.sale.bounds import (
    line_numbered,
    money,
    pieces,
    require_amount,
    require_discount,
    require_price,
    require_quantity,
    require_reason,
)
from agent.core.sale.lines import goods
from agent.core.sale.model import Line, Sale, SaleFault
from agent.core.sale.states import Action, next_state

VOIDED = "voided"
"""The reason of a void that was given none: a slip of the hand before the money came."""

REASONS_MAX = 4
"""How many reasons one line keeps: a price, a discount and a void, and one change of mind."""
REASONS_BETWEEN = "; "


def void_line(
    sale: Sale, line: int, reason: str | None = None, actor: ActorId | None = None
) -> Sale:
    """Take a line out; it stays in the sale and counts nothing.

    Raises:
        SaleFault: `line-voided`, `discount-too-large` (what is left costs less than the receipt
            discount), or the sale is not open.
        NotFoundFault: `no-such-line`.
    """
    next_state(sale, Action.VOID_LINE)
    found = line_numbered(sale, line)
    why = (reason or "").strip() or VOIDED
    return _put(sale, msgspec.structs.replace(_signed(sale, found, why, actor), voided=True))


def change_quantity(
    sale: Sale, line: int, quantity: Thousandths, actor: ActorId | None = None
) -> Sale:
    """Sell another quantity of a line; its discount stays as it is.

    Raises:
        SaleFault: `zero-quantity`, `quantity-too-large`, `amount-too-large`, `quantity-sign` (a
            sale does not become a return), `return-is-fixed`, `discount-too-large`, or the sale
            is not open.
        NotFoundFault: `no-such-line`.
    """
    found = _changeable(sale, line)
    require_quantity(quantity)
    if (quantity < 0) != (found.quantity < 0):
        raise SaleFault(
            f"line {line} has the quantity {pieces(found.quantity)}; {pieces(quantity)} would turn "
            "it round",
            remedy="void the line and add another",
            name="quantity-sign",
        )
    if quantity == found.quantity:
        return sale
    changed = msgspec.structs.replace(_signed(sale, found, None, actor), quantity=quantity)
    return _put(sale, _priced(sale, changed, found.discount))


def override_price(
    sale: Sale, line: int, unit_price: Minor, reason: str | None, actor: ActorId | None = None
) -> Sale:
    """Sell a line at another unit price; the first one is kept as its list price.

    Raises:
        SaleFault: `reason-missing`, `negative-price`, `amount-too-large`, `return-is-fixed`,
            `discount-too-large`, or the sale is not open.
        NotFoundFault: `no-such-line`.
    """
    found = _changeable(sale, line)
    require_price(unit_price, sale.currency)
    why = require_reason(reason, f"another price for {found.name}")
    listed = found.unit_price if found.list_price is None else found.list_price
    changed = msgspec.structs.replace(
        _signed(sale, found, why, actor),
        unit_price=unit_price,
        list_price=None if listed == unit_price else listed,
    )
    return _put(sale, _priced(sale, changed, found.discount))


def discount_line(
    sale: Sale, line: int, amount: Minor, reason: str | None, actor: ActorId | None = None
) -> Sale:
    """Take an amount off a line, in place of its earlier discount; 0 takes the discount back.

    Raises:
        SaleFault: `reason-missing`, `negative-discount`, `discount-too-large`, `return-is-fixed`,
            or the sale is not open.
        NotFoundFault: `no-such-line`.
    """
    found = _changeable(sale, line)
    why = require_reason(reason, f"a discount on {found.name}") if amount else None
    base = Minor(found.extension + found.discount)
    signed = _signed(sale, found, why, actor)
    return _put(sale, _discounted(sale, signed, base, Minor(_sign(found) * amount)))


def discount_sale(sale: Sale, amount: Minor, reason: str | None = None) -> Sale:
    """Take an amount off the whole receipt, in place of an earlier one; 0 takes it back.

    Raises:
        SaleFault: `reason-missing`, `negative-discount`, `discount-too-large` (more than the
            goods that are sold), or the sale is not open.
    """
    next_state(sale, Action.DISCOUNT)
    require_discount(amount, goods(sale.lines), sale.currency)
    why = require_reason(reason, "a discount on the receipt") if amount else None
    return msgspec.structs.replace(sale, discount=amount, discount_reason=why)


def set_customer(
    sale: Sale, party_id: PartyId | None, customer_ref: CustomerRef | None = None
) -> Sale:
    """Name the customer and the pseudonym this sale carries for them, or neither.

    Raises:
        SaleFault: `customer-incomplete` (one without the other), or the sale is not open.
    """
    next_state(sale, Action.SET_CUSTOMER)
    if (party_id is None) != (customer_ref is None):
        raise SaleFault(
            "a customer needs both a party and the sale's own pseudonym for it",
            remedy="set both, or neither to take the customer off",
            name="customer-incomplete",
        )
    return msgspec.structs.replace(sale, party_id=party_id, customer_ref=customer_ref)


def _changeable(sale: Sale, number: int) -> Line:
    next_state(sale, Action.CHANGE_LINE)
    found = line_numbered(sale, number)
    if found.returns is not None:
        raise SaleFault(
            f"line {number} gives back {found.name} at the price that was paid for it",
            remedy="void the line and return the right quantity",
            name="return-is-fixed",
        )
    return found


def _signed(sale: Sale, line: Line, reason: str | None, actor: ActorId | None) -> Line:
    """Keep who did it where it is not the sale's own actor, and the last few reasons."""
    reasons = [*(line.reason or "").split(REASONS_BETWEEN), reason or ""]
    kept = [text for text in dict.fromkeys(reasons) if text][-REASONS_MAX:]
    return msgspec.structs.replace(
        line,
        actor=line.actor if actor in (None, sale.actor) else actor,
        reason=REASONS_BETWEEN.join(kept) or None,
    )


def _priced(sale: Sale, line: Line, discount: Minor) -> Line:
    return _discounted(sale, line, extend(line.unit_price, line.quantity), discount)


def _discounted(sale: Sale, line: Line, base: Minor, discount: Minor) -> Line:
    """Take a discount of the line's own sign off its price."""
    require_amount(base, sale.currency)
    require_discount(_sign(line) * discount, abs(base), sale.currency)
    return msgspec.structs.replace(line, discount=discount, extension=Minor(base - discount))


def _sign(line: Line) -> int:
    return -1 if line.quantity < 0 else 1


def _put(sale: Sale, line: Line) -> Sale:
    lines = tuple(line if each.line == line.line else each for each in sale.lines)
    if sale.discount > goods(lines):
        raise SaleFault(
            f"what is left costs {money(goods(lines), sale.currency)}, less than the receipt "
            f"discount of {money(sale.discount, sale.currency)}",
            remedy="take the receipt discount back first",
            name="discount-too-large",
        )
    return msgspec.structs.replace(sale, lines=lines)
