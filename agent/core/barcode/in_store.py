"""In-store codes with the price or the weight inside (GS1 General Specifications, 2.1.11-2.1.12).

Suppliers deviate, so the patterns are the store's own; the first that fits decides.
"""

from __future__ import annotations

from agent.core.barcode.check_digits import amount_check_digit
from agent.core.barcode.reading import InStoreItem
from agent.core.barcode.rules import BarcodeRules, InStorePattern, parse_pattern
from agent.core.barcode.unreadable import Unreadable
from agent.core.faults import InputFault
from agent.core.quantities import Minor, Thousandths


def in_store_item(code: str, rules: BarcodeRules) -> InStoreItem | None:
    """Read thirteen verified digits by the store's patterns; None where none of them fits.

    Raises:
        Unreadable: `wrong-inner-check-digit`, or `bad-pattern` when a pattern of the settings
            itself cannot be read.

    >>> in_store_item("2112345012995", BarcodeRules(("21IIIIIPPPPPC",), "EUR")).price
    1299
    """
    for text in rules.in_store:
        pattern = _parsed(text)
        if all(code[place] == digit for place, digit in pattern.literals):
            return _item(code, pattern)
    return None


def _parsed(text: str) -> InStorePattern:
    try:
        return parse_pattern(text)
    except InputFault as fault:
        # The settings were checked at start; a scan must not stop the till over them anyway.
        raise Unreadable("bad-pattern", fault.detail) from fault


def _item(code: str, pattern: InStorePattern) -> InStoreItem:
    _verify_amount(code, pattern)
    amount = int(code[pattern.amount] or 0) * pattern.times
    return InStoreItem(
        reference=pattern.prefix + code[pattern.item],
        pattern=pattern.text,
        price=None if pattern.price is None else Minor(amount),
        weight=None if pattern.weight is None else Thousandths(amount),
        count=None if pattern.count is None else amount,
    )


def _verify_amount(code: str, pattern: InStorePattern) -> None:
    if pattern.check is None:
        return
    amount = code[pattern.amount]
    expected, got = amount_check_digit(amount), int(code[pattern.check])
    if expected != got:
        raise Unreadable(
            "wrong-inner-check-digit",
            f"the amount {amount} inside {code} does not fit its own check digit: "
            f"expected {expected}, got {got}",
        )
