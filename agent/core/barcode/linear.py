"""Numbers of the linear retail symbols: EAN-13, EAN-8, UPC-A, UPC-E and ITF-14.

Every GTIN becomes fourteen digits, zero-padded on the left (GS1 General Specifications, 3.3.2),
so that one pack found by two symbols is one item.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from agent.core.barcode.check_digits import is_digits, verified
from agent.core.barcode.in_store import in_store_item
from agent.core.barcode.publications import publication
from agent.core.barcode.reading import InStoreItem, TradeItem
from agent.core.barcode.rules import BarcodeRules
from agent.core.barcode.unreadable import Unreadable

GTIN_DIGITS = 14
_EAN_13_WITH_ADD_ON = (15, 18)
"""Thirteen digits and an add-on of two or five (GS1 General Specifications, 5.2.2)."""

Retail = tuple[TradeItem | InStoreItem, ...]
_Read = Callable[[str, BarcodeRules], TradeItem | InStoreItem]


def trade_item(digits: str) -> TradeItem:
    """Make a GTIN of 8, 12, 13 or 14 digits a trade item.

    Raises:
        Unreadable: `wrong-check-digit`.
    """
    gtin = verified(digits).zfill(GTIN_DIGITS)
    return TradeItem(gtin=gtin, publication=publication(gtin))


def ean_13(digits: str, rules: BarcodeRules) -> TradeItem | InStoreItem:
    """Read the thirteen digits of an EAN-13; the store's own patterns go before the GTIN.

    Raises:
        Unreadable: `wrong-check-digit`, `wrong-inner-check-digit`, `bad-pattern`.
    """
    return in_store_item(verified(digits), rules) or trade_item(digits)


def upc_a(digits: str, rules: BarcodeRules) -> TradeItem | InStoreItem:
    """Read the twelve digits of a UPC-A: an EAN-13 whose first digit is 0 (GS1 5.2.1)."""
    return ean_13("0" + digits, rules)


def ean_8(digits: str, _rules: BarcodeRules) -> TradeItem:
    """Read the eight digits of an EAN-8."""
    return trade_item(digits)


def upc_e(digits: str, rules: BarcodeRules) -> TradeItem | InStoreItem:
    """Read the eight digits of a UPC-E: number system, six digits, check digit.

    The symbol carries its check digit in the parity of its bars (GS1 General Specifications,
    5.2.2.4.2), so scanners can be set to leave it out. What is left then could as well be half a
    scan of another symbol, and half a scan must never sell other goods.

    Raises:
        Unreadable: `no-check-digit` for six or seven digits, `not-a-upc-e` for a number system
            other than 0 and 1, `wrong-check-digit`.
    """
    if len(digits) < len("01234565"):
        raise Unreadable(
            "no-check-digit",
            f"{digits} is a UPC-E without its check digit: set the scanner to send all eight",
        )
    if digits[0] not in "01":
        raise Unreadable("not-a-upc-e", f"{digits} begins with {digits[0]}, a UPC-E with 0 or 1")
    return upc_a(digits[0] + _expanded(digits[1:7]) + digits[7], rules)


def _expanded(six: str) -> str:
    # GS1 General Specifications, 5.2.2.4.1: the last digit says which zeros were left out.
    last = six[5]
    if last in "012":
        return f"{six[:2]}{last}0000{six[2:5]}"
    if last == "3":
        return f"{six[:3]}00000{six[3:5]}"
    if last == "4":
        return f"{six[:4]}00000{six[4]}"
    return f"{six[:5]}0000{last}"


def itf_14(digits: str, _rules: BarcodeRules) -> TradeItem:
    """Read the fourteen digits of an ITF-14 (or of a GTIN-14 in any other way)."""
    return trade_item(digits)


_EAN_UPC: dict[int, _Read] = {13: ean_13, 12: upc_a, 8: upc_e, 7: upc_e, 6: upc_e}


def ean_upc_symbol(text: str, rules: BarcodeRules) -> Retail:
    """Read what `]E0` and `]E3` carry: EAN-13, UPC-A or UPC-E, with or without an add-on.

    Raises:
        Unreadable: `not-a-gtin` or a reason of the number itself.
    """
    with_add_on = len(text) in _EAN_13_WITH_ADD_ON
    digits, add_on = (text[:13], text[13:]) if with_add_on else (text, "")
    reader = _EAN_UPC.get(len(digits))
    if reader is None or not is_digits(text):
        raise _no_gtin(text, "an EAN-13, UPC-A or UPC-E symbol")
    item = reader(digits, rules)
    if isinstance(item, TradeItem) and add_on:
        return (replace(item, supplement=add_on),)
    return (item,)


def ean_8_symbol(text: str, rules: BarcodeRules) -> Retail:
    """Read what `]E4` carries.

    Raises:
        Unreadable: `not-a-gtin`, `wrong-check-digit`.
    """
    if len(text) != len("12345670") or not is_digits(text):
        raise _no_gtin(text, "an EAN-8 symbol")
    return (ean_8(text, rules),)


def itf_symbol(text: str, rules: BarcodeRules) -> Retail:
    """Read what `]I0` and `]I1` carry; an ITF of another length is no GTIN but mere text.

    Raises:
        Unreadable: `wrong-check-digit`.
    """
    is_gtin = len(text) == GTIN_DIGITS and is_digits(text)
    return (itf_14(text, rules),) if is_gtin else ()


_CARRIED: dict[int, _Read] = {8: ean_8, 12: upc_a, 13: ean_13, 14: itf_14}


def carried_number(text: str, rules: BarcodeRules) -> Retail:
    """Read digits in a symbol that is meant for any text, where they are a whole GTIN.

    Own labels and shelf labels often carry an EAN in a plain Code 128, QR or Data Matrix. GS1 knows
    no such use, so digits that do not fit are mere text, and no fault.
    """
    reader = _CARRIED.get(len(text)) if is_digits(text) else None
    try:
        return () if reader is None else (reader(text, rules),)
    except Unreadable:
        return ()


_BY_LENGTH: dict[int, tuple[_Read, ...]] = {
    8: (ean_8, upc_e),
    12: (upc_a,),
    13: (ean_13,),
    14: (itf_14,),
}


def bare_number(text: str, rules: BarcodeRules) -> Retail:
    """Read digits of unknown origin: every GTIN they can be, EAN-8 before UPC-E.

    Raises:
        Unreadable: of the first way that was tried, when none fits.
    """
    readers = _BY_LENGTH.get(len(text), ()) if is_digits(text) else ()
    found: list[TradeItem | InStoreItem] = []
    refused: list[Unreadable] = []
    for reader in readers:
        try:
            found.append(reader(text, rules))
        except Unreadable as unreadable:
            refused.append(unreadable)
    if refused and not found:
        raise refused[0]
    return tuple(found)


def _no_gtin(text: str, symbol: str) -> Unreadable:
    return Unreadable("not-a-gtin", f"{text!r} ({len(text)} characters) cannot come from {symbol}")
