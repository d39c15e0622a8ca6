"""The room's error towards a person: at the till's counter, or at HQ's desk."""

from __future__ import annotations

from agent.core.faults import StateFault
from agent.core.quantities import decimal_text, exponent

_CURRENCY_LETTERS = 3


class LoyaltyFault(StateFault):
    """The value cannot be given, leased or spent as asked; nothing was changed."""

    name = "loyalty-refused"
    title = "Not possible with this balance"


def worded(value: int, unit: str) -> str:
    """Write an amount of a unit for a message: ISO 4217 codes are in minor units.

    >>> worded(250, "points"), worded(1250, "EUR")
    ('250 points', '12.50 EUR')
    """
    is_money = len(unit) == _CURRENCY_LETTERS and unit.isalpha() and unit.isupper()
    return f"{decimal_text(value, exponent(unit)) if is_money else value} {unit}"
