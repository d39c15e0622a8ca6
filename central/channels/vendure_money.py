"""Money of a Vendure: in minor units, as it comes with it, or in major ones by its own strategy.

Vendure's `MoneyStrategy` says how money is stored, and its API gives it as stored: integers in
minor units by the two it brings along, but a double in major units where a shop has one that does
so (docs.vendure.io, "MoneyStrategy"). Nothing in an answer says which; `amounts` of the settings
does.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agent.core.quantities import exponent

MINOR, MAJOR = "minor", "major"
NOISE = Decimal("0.0001")
"""Of a minor unit: sums of doubles are that far off at most; more is an amount nobody can pay."""
_AMOUNTS = frozenset(
    {
        "amount",
        "discountedPriceWithTax",
        "priceWithTax",
        "proratedLinePriceWithTax",
        "proratedUnitPriceWithTax",
        "shippingWithTax",
        "total",
        "totalWithTax",
        "unitPriceWithTax",
    }
)
"""The fields of an order, and of what is in it, that are money."""
_NOT_READ = "history"
"""Holds what plugins write, in whichever unit they do."""


def in_minor_units(order: dict[str, Any], amounts: str) -> dict[str, Any]:
    """Give an order of the administration API with all money in minor units of its currency.

    Args:
        order: as decoded, with `Decimal` for numbers that are no integers.
        amounts: `MINOR` or `MAJOR`, how the API gives them.

    Raises:
        ValueError: an amount is no whole number of minor units.
        TypeError: it is no number.
    """
    if amounts == MINOR:
        return order
    digits = exponent(str(order["currencyCode"]))
    return {name: _field(name, held, digits) for name, held in order.items()}


def as_told(minor: int, currency: str, amounts: str) -> int | Decimal:
    """Give an amount as the API takes it."""
    return minor if amounts == MINOR else Decimal(minor).scaleb(-exponent(currency))


def _converted(held: object, digits: int) -> object:
    if isinstance(held, list):
        return [_converted(each, digits) for each in held]
    if isinstance(held, dict):
        return {name: _field(name, each, digits) for name, each in held.items()}
    return held


def _field(name: str, held: object, digits: int) -> object:
    if name == _NOT_READ:
        return held
    return _minor(held, digits) if name in _AMOUNTS else _converted(held, digits)


def _minor(amount: object, digits: int) -> int:
    if not isinstance(amount, int | Decimal):
        raise TypeError(f"{str(amount)[:40]!r} is no amount")
    scaled = Decimal(amount).scaleb(digits)
    whole = scaled.to_integral_value()
    if abs(scaled - whole) > NOISE:
        raise ValueError(f"{amount} is no amount of a currency with {digits} decimals")
    return int(whole)
