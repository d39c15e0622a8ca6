"""The bounds of what a line, a tender or a reason may be, and how a refusal is worded.

The limits are far above anything a shop sells; they catch a bar code that was scanned into an
amount or quantity field, and keep 64-bit sums of a year of sales safe.
"""

from __future__ import annotations

from agent.core.faults import NotFoundFault
from agent.core.quantities import Minor, Thousandths, decimal_text, exponent
from agent.core.sale.model import Line, Sale, SaleFault, Tender

AMOUNT_MAX = Minor(100_000_000_000)
"""A thousand million in a currency of two decimals."""
QUANTITY_MAX = Thousandths(1_000_000_000)
"""A million pieces, or a thousand tonnes in kilograms."""
LINES_MAX = 1000
"""Lines of one sale: a wholesale basket, and a receipt of several metres."""


def money(amount: int, currency: str) -> str:
    """Write an amount for a message.

    >>> money(1250, "EUR")
    '12.50 EUR'
    """
    return f"{decimal_text(amount, exponent(currency))} {currency}"


def pieces(quantity: int) -> str:
    """Write a quantity for a message, without decimals that say nothing.

    >>> pieces(2000), pieces(345), pieces(-1500)
    ('2', '0.345', '-1.5')
    """
    return decimal_text(quantity, 3).rstrip("0").rstrip(".")


def require_quantity(quantity: int) -> None:
    """Refuse nothing, and more than a shop could sell.

    Raises:
        SaleFault: `zero-quantity`, `quantity-too-large`.
    """
    if quantity == 0:
        raise SaleFault(
            "a quantity of 0 sells nothing",
            remedy="enter at least 0.001, or void the line",
            name="zero-quantity",
        )
    if abs(quantity) > QUANTITY_MAX:
        raise SaleFault(
            f"a quantity of {pieces(quantity)} is more than {pieces(QUANTITY_MAX)}",
            remedy="check that no bar code was scanned into the quantity field",
            name="quantity-too-large",
        )


def require_price(amount: int, currency: str) -> None:
    """Refuse a price below nothing, and one beyond `AMOUNT_MAX`.

    Raises:
        SaleFault: `negative-price`, `amount-too-large`.
    """
    if amount < 0:
        raise SaleFault(
            f"a price of {money(amount, currency)} is below zero",
            remedy="give a discount, or take the goods back with a negative quantity",
            name="negative-price",
        )
    require_amount(amount, currency)


def require_amount(amount: int, currency: str) -> None:
    """Refuse an amount no till ever sees.

    Raises:
        SaleFault: `amount-too-large`.
    """
    if abs(amount) > AMOUNT_MAX:
        raise SaleFault(
            f"{money(amount, currency)} is more than {money(AMOUNT_MAX, currency)}",
            remedy="check that no bar code was scanned into the amount field",
            name="amount-too-large",
        )


def require_reason(reason: str | None, what: str) -> str:
    """Give the reason back, trimmed; refuse a missing one.

    Raises:
        SaleFault: `reason-missing`.
    """
    if reason is None or not reason.strip():
        raise SaleFault(
            f"{what} needs a reason",
            remedy="say why, in a word or two; it is kept with the line",
            name="reason-missing",
        )
    return reason.strip()


def require_discount(amount: int, most: int, currency: str) -> int:
    """Give a discount back; refuse one below zero or beyond what it is taken off.

    Raises:
        SaleFault: `negative-discount`, `discount-too-large`.
    """
    if amount < 0:
        raise SaleFault(
            f"a discount of {money(amount, currency)} is below zero",
            remedy="enter how much less is to be paid",
            name="negative-discount",
        )
    if amount > most:
        raise SaleFault(
            f"a discount of {money(amount, currency)} is more than the "
            f"{money(most, currency)} it is taken off",
            remedy=f"give at most {money(most, currency)}, or change the price",
            name="discount-too-large",
        )
    return amount


def live(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Leave out the voided lines."""
    return tuple(line for line in lines if not line.voided)


def line_numbered(sale: Sale, number: int) -> Line:
    """Find a line that can still be changed.

    Raises:
        NotFoundFault: `no-such-line`.
        SaleFault: `line-voided`.
    """
    for line in sale.lines:
        if line.line == number:
            if line.voided:
                raise SaleFault(
                    f"line {number} ({line.name}) is voided",
                    remedy="add the item again",
                    name="line-voided",
                )
            return line
    raise NotFoundFault(
        f"the sale has no line {number}",
        remedy=f"its lines are {_numbers([line.line for line in live(sale.lines)])}",
        name="no-such-line",
    )


def tender_numbered(sale: Sale, number: int) -> Tender:
    """Find a tender.

    Raises:
        NotFoundFault: `no-such-tender`.
    """
    for tender in sale.tenders:
        if tender.tender == number:
            return tender
    raise NotFoundFault(
        f"the sale has no tender {number}",
        remedy=f"its tenders are {_numbers([tender.tender for tender in sale.tenders])}",
        name="no-such-tender",
    )


def _numbers(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none yet"
