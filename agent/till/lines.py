"""From what is asked (or scanned) to a line of the sale: item, quantity, price, tax.

The catalogue says name, price and tax names; the bar code may carry a weight, a count or a price
of its own; the request may override what it is entitled to, with a reason. Tax rates are looked up
by name at the moment the line is added, and stand in the line from then on.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.core.barcode import InStoreItem, Reading, TradeItem
from agent.core.faults import InputFault
from agent.core.quantities import ONE, BasisPoints, Minor, Thousandths
from agent.core.recognition import Item, ItemKey, price_on
from agent.core.sale import NewLine, Sale, TaxRate, weight_of
from agent.settings import Settings
from agent.till.guarding import unlisted
from agent.till.requests import LineRequest

WEIGHED = "kg"


class Measured(msgspec.Struct, frozen=True):
    """What the bar code said beyond which item it is."""

    gtin: str | None = None
    quantity: Thousandths | None = None
    """Of the item's own unit."""
    extension: Minor | None = None
    """The price on the label, for the whole quantity."""
    lot: str | None = None
    expiry: str | None = None
    serial: str | None = None
    scanned: str | None = None
    item: TradeItem | None = None
    """All of it, where the code has a GTIN."""


NOTHING_MEASURED = Measured()


def measured(reading: Reading, key: ItemKey, unit: str) -> Measured:
    """Collect what the reading says of the item it was found by.

    A weight counts for an item sold by weight, a count for one sold by the piece; the other kind
    of measure says nothing about what is to be paid. Nor does a zero: a scale prints it where it
    has nothing to say, or where the price has more digits than the code.
    """
    for meaning in reading.meanings:
        if isinstance(meaning, TradeItem) and meaning.gtin == key.gtin:
            return measured_item(meaning, unit, reading.raw)
        if isinstance(meaning, InStoreItem) and meaning.reference == key.reference:
            return _labelled(meaning, unit, reading.raw)
    return Measured(gtin=key.gtin, scanned=reading.raw)


def _labelled(meaning: InStoreItem, unit: str, raw: str) -> Measured:
    count = Thousandths(meaning.count * ONE) if meaning.count else None
    return Measured(
        quantity=(meaning.weight or None) if unit == WEIGHED else count,
        extension=meaning.price or None,
        scanned=raw,
    )


def measured_item(meaning: TradeItem, unit: str, raw: str) -> Measured:
    """Collect what the symbols of a pack say of it."""
    count = Thousandths(meaning.count * ONE) if meaning.count else None
    return Measured(
        gtin=meaning.gtin,
        quantity=(meaning.weight or None) if unit == WEIGHED else count,
        extension=meaning.price or None,
        lot=meaning.lot,
        expiry=meaning.expiry,
        serial=meaning.serial,
        scanned=raw,
        item=meaning,
    )


def item_line(
    settings: Settings, sale: Sale, item: Item, said: Measured, request: LineRequest
) -> NewLine:
    """Make the line of a known item.

    Raises:
        InputFault: `price-missing`, `reason-missing`, `weight-missing`, `unknown-tax`.
    """
    listed = _usual_price(item, said, sale.business_date)
    unit_price = listed if request.unit_price is None else request.unit_price
    if unit_price is None and said.extension is None:
        raise _no_price(item, sale.business_date)
    _require_reason(request, listed, item.name)
    return NewLine(
        name=item.name,
        quantity=_quantity(item, said, request, listed),
        unit_price=Minor(0) if unit_price is None else unit_price,
        taxes=tax_rates(settings, item.taxes),
        unit=item.unit,
        item_id=item.item_id,
        gtin=said.gtin or request_gtin(request) or next(iter(item.gtins), None),
        list_price=listed,
        reason=request.reason,
        scanned=said.scanned,
        lot=said.lot,
        expiry=said.expiry,
        serial=said.serial,
        extension=said.extension if _costs_what_it_says(request, listed) else None,
        line_id=request.line_id,
    )


def open_line(settings: Settings, request: LineRequest, said: Measured) -> NewLine:
    """Make the line of something the catalogue does not know.

    Raises:
        InputFault: `open-price-incomplete`, `unknown-tax`.
    """
    price = request.unit_price if request.unit_price is not None else said.extension
    if request.name is None or price is None:
        raise InputFault(
            "an item that is not in the catalogue needs a name and a price",
            remedy='send "name", "unit_price" and "taxes" with it, or give a known GTIN or item',
            name="open-price-incomplete",
        )
    return NewLine(
        name=request.name,
        quantity=_of_label(said.quantity or ONE, request),
        unit_price=price,
        taxes=open_taxes(settings, request.taxes),
        unit=request.unit or "each",
        gtin=said.gtin or request_gtin(request),
        reason=request.reason,
        scanned=unlisted(said.scanned, settings.store.country),
        lot=said.lot,
        expiry=said.expiry,
        serial=said.serial,
        line_id=request.line_id,
    )


def tax_rates(settings: Settings, names: Iterable[str]) -> tuple[TaxRate, ...]:
    """Look tax rates up by name, as they stand now.

    Raises:
        InputFault: `unknown-tax`.
    """
    return tuple(TaxRate(name, _basis_points(settings, name)) for name in names)


def open_taxes(settings: Settings, names: tuple[str, ...] | None) -> tuple[TaxRate, ...]:
    """Take the named rates, or the only one there is.

    Raises:
        InputFault: `tax-missing`, `unknown-tax`.
    """
    if names is None and len(settings.tax) > 1:
        raise InputFault(
            "an open-price line needs its tax rate named",
            remedy=f'send "taxes" with one or more of: {", ".join(settings.tax)}',
            name="tax-missing",
        )
    return tax_rates(settings, settings.tax if names is None else names)


def request_gtin(request: LineRequest) -> str | None:
    """Give the typed GTIN in its fourteen digits."""
    return None if request.gtin is None else request.gtin.zfill(14)


def _basis_points(settings: Settings, name: str) -> BasisPoints:
    rate = settings.tax.get(name)
    if rate is None:
        known = ", ".join(settings.tax) or "none yet"
        raise InputFault(
            f"there is no tax rate {name!r}",
            remedy=f"use one of [tax] in the settings ({known}), or add it there",
            name="unknown-tax",
        )
    return BasisPoints(rate)


def _usual_price(item: Item, said: Measured, date: str) -> Minor | None:
    """Tell what a unit costs unless somebody says otherwise: a piece costs what its label says."""
    if said.extension is not None and item.unit != WEIGHED and said.quantity is None:
        return said.extension
    return price_on(item, date)


def _costs_what_it_says(request: LineRequest, listed: Minor | None) -> bool:
    """Tell whether a label's price stands: not where another price or measure is told."""
    same_price = request.unit_price is None or not listed
    return same_price and request.quantity in (None, ONE, -ONE)


def _quantity(
    item: Item, said: Measured, request: LineRequest, listed: Minor | None
) -> Thousandths:
    measure = said.quantity or _measure_of(item, said, listed)
    if measure is not None:
        return _of_label(measure, request)
    if request.quantity is None:
        raise InputFault(
            f"{item.name} is sold by weight, and the code carries none",
            remedy='send "quantity" in grams, or scan the label of the scale',
            name="weight-missing",
        )
    return request.quantity


def _measure_of(item: Item, said: Measured, listed: Minor | None) -> Thousandths | None:
    """Tell what one code stands for: a piece, what its price buys, or nothing that is known."""
    if item.unit != WEIGHED:
        return ONE
    if said.extension is None:
        return None
    return weight_of(said.extension, listed) if listed else ONE


def _of_label(measure: Thousandths, request: LineRequest) -> Thousandths:
    """Take a told quantity for the label's measure; one, given or taken back, is the label."""
    if request.quantity is None or request.quantity == ONE:
        return measure
    return Thousandths(-measure) if request.quantity == -ONE else request.quantity


def _require_reason(request: LineRequest, listed: Minor | None, name: str) -> None:
    asked = request.unit_price
    overrides = asked is not None and listed is not None and asked != listed
    unreferenced = request.quantity is not None and request.quantity < 0 and not request.returns
    if (overrides or unreferenced) and not (request.reason or "").strip():
        what = f"another price for {name}" if overrides else f"taking {name} back without a receipt"
        raise InputFault(
            f"{what} needs a reason",
            remedy='send "reason" with the line, for example "damaged packaging"',
            name="reason-missing",
        )


def _no_price(item: Item, date: str) -> InputFault:
    return InputFault(
        f"{item.name} has no price on {date}",
        remedy='send "unit_price" with the line, and have the price entered at HQ',
        name="price-missing",
    )
