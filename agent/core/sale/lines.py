"""Opening a sale and putting lines into it.

The same item scanned again is a new line: merging would hide what was scanned, in which order.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ActorId, ItemId, SaleId, TillId
from agent.core.quantities import ONE, Minor, Thousandths, divide_half_away, extend
from agent.core.sale.bounds import (
    LINES_MAX,
    live,
    money,
    require_amount,
    require_discount,
    require_price,
    require_quantity,
    require_reason,
)
from agent.core.sale.model import Line, ReturnOf, Sale, SaleFault, Stamp, TaxRate
from agent.core.sale.states import OPEN, Action, next_state

EACH = "each"


class NewLine(msgspec.Struct, frozen=True):
    """What is to be sold (or, with a negative quantity, taken back)."""

    name: str
    quantity: Thousandths
    unit_price: Minor
    """Per `unit`, not negative."""
    taxes: tuple[TaxRate, ...]
    unit: str = EACH
    item_id: ItemId | None = None
    gtin: str | None = None
    list_price: Minor | None = None
    """The catalogue's price, where `unit_price` is another one: then `reason` says why."""
    reason: str | None = None
    actor: ActorId | None = None
    """Who sells the line now; kept where it is not the sale's own actor."""
    returns: ReturnOf | None = None
    """Prefer `return_line`, which knows what was sold and what it cost."""
    scanned: str | None = None
    lot: str | None = None
    expiry: str | None = None
    serial: str | None = None
    extension: Minor | None = None
    """What the line costs by its label or by other software, not negative: kept to the cent. When
    `add_line` is given it with a quantity of exactly one, it is the price on a label: the quantity
    of a weighed item is computed from it, and the unit price of any other item is it."""
    discount: Minor = Minor(0)
    """Off this line, not negative: for sales that are taken over from POS software."""
    line_id: str | None = None


def open_sale(
    *,
    sale_id: SaleId,
    till: TillId,
    currency: str,
    prices_include_tax: bool,
    opened: Stamp,
    business_date: str,
    actor: ActorId | None = None,
) -> Sale:
    """Begin an empty sale."""
    return Sale(
        sale_id=sale_id,
        till=till,
        currency=currency,
        prices_include_tax=prices_include_tax,
        opened=opened,
        business_date=business_date,
        state=OPEN,
        actor=actor,
    )


def add_line(sale: Sale, new: NewLine) -> Sale:
    """Add a line by the rules of the house; a `line_id` that is already there adds nothing.

    Raises:
        SaleFault: the sale is not open (`sale-…`), is full (`sale-full`), or the line cannot be
            sold: `name-missing`, `zero-quantity`, `quantity-too-large`, `negative-price`,
            `amount-too-large`, `reason-missing`, `return-sign`, `actor-missing`.
    """
    next_state(sale, Action.ADD_LINE)
    if _is_there(sale, new.line_id):
        return sale
    _require_reasons(sale, new)
    return record_line(sale, _labelled(new))


def record_line(sale: Sale, new: NewLine) -> Sale:
    """Add a line as other software sold it: arithmetic and bounds, no rules of the house.

    Raises:
        SaleFault: as `add_line`, but never for a missing reason or actor.
    """
    next_state(sale, Action.ADD_LINE)
    if _is_there(sale, new.line_id):
        return sale
    _require_sellable(sale, new)
    return append(sale, _line(new, sale))


def append(sale: Sale, line: Line) -> Sale:
    """Put a finished line at the end, under the next number.

    Raises:
        SaleFault: `sale-full`.
    """
    if len(sale.lines) >= LINES_MAX:
        raise SaleFault(
            f"the sale has {LINES_MAX} lines, the most it can have",
            remedy="complete it and open another",
            name="sale-full",
        )
    numbered = msgspec.structs.replace(line, line=len(sale.lines) + 1)
    return msgspec.structs.replace(sale, lines=(*sale.lines, numbered))


def weight_of(price: Minor, unit_price: Minor) -> Thousandths:
    """Tell how much of a weighed item a label's price is for; at least a thousandth.

    Raises:
        ZeroDivisionError: the unit price is zero.

    >>> weight_of(Minor(412), Minor(1990))
    207
    """
    return Thousandths(max(1, divide_half_away(price * ONE, unit_price)))


def goods(lines: tuple[Line, ...]) -> int:
    """Add up what the lines that are sold cost: the most a receipt discount can be."""
    return sum(max(0, line.extension) for line in live(lines))


def _is_there(sale: Sale, line_id: str | None) -> bool:
    return line_id is not None and any(line.line_id == line_id for line in sale.lines)


def _require_sellable(sale: Sale, new: NewLine) -> None:
    if not new.name.strip():
        raise SaleFault("the line has no name", remedy="say what is sold", name="name-missing")
    require_quantity(new.quantity)
    require_price(new.unit_price, sale.currency)
    require_price(new.extension or 0, sale.currency)
    if new.returns is not None and new.quantity > 0:
        raise SaleFault(
            f"{new.name} refers to a sale it came from, but its quantity is positive",
            remedy="give a return a negative quantity",
            name="return-sign",
        )


def _require_reasons(sale: Sale, new: NewLine) -> None:
    if new.list_price is not None and new.list_price != new.unit_price:
        require_reason(
            new.reason, f"a price other than {money(new.list_price, sale.currency)} for {new.name}"
        )
    if new.quantity >= 0 or new.returns is not None:
        return
    require_reason(new.reason, f"taking back {new.name} without its receipt")
    if (new.actor or sale.actor) is None:
        raise SaleFault(
            f"nobody is signed on to take back {new.name} without its receipt",
            remedy="sign on first, or scan the receipt it was sold with",
            name="actor-missing",
        )


def _line(new: NewLine, sale: Sale) -> Line:
    base = _base(new)
    require_amount(base, sale.currency)
    sign = -1 if new.quantity < 0 else 1
    discount = Minor(sign * require_discount(new.discount, abs(base), sale.currency))
    return Line(
        line=0,
        name=new.name.strip(),
        quantity=new.quantity,
        unit_price=new.unit_price,
        extension=Minor(base - discount),
        taxes=new.taxes,
        unit=new.unit,
        item_id=new.item_id,
        gtin=new.gtin,
        list_price=None if new.list_price == new.unit_price else new.list_price,
        discount=discount,
        reason=new.reason,
        actor=None if new.actor == sale.actor else new.actor,
        returns=new.returns,
        scanned=new.scanned,
        lot=new.lot,
        expiry=new.expiry,
        serial=new.serial,
        line_id=new.line_id,
    )


def _base(new: NewLine) -> Minor:
    """Tell the signed price of the line before its discount."""
    if new.extension is None:
        return extend(new.unit_price, new.quantity)
    return Minor(-new.extension if new.quantity < 0 else new.extension)


def _labelled(new: NewLine) -> NewLine:
    """Take the quantity of a weighed item, or the unit price of a piece, from its label's price."""
    if new.extension is None or abs(new.quantity) != ONE:
        return new
    if new.unit == EACH or new.unit_price == 0:
        return msgspec.structs.replace(new, unit_price=new.extension)
    weight = weight_of(new.extension, new.unit_price)
    return msgspec.structs.replace(
        new, quantity=Thousandths(weight if new.quantity > 0 else -weight)
    )
