"""Items: by GTIN, by the key of an in-store code, by a price look-up number (PLU)."""

from __future__ import annotations

import re

from agent.core.barcode import BarcodeRules, InStoreItem, Meaning, TradeItem, read
from agent.core.recognition.coupon import is_coupon
from agent.core.recognition.means import ItemKey

PLU_DIGITS_MAX = 7
"""In-store references have up to seven digits with their prefix, PLUs of produce four or five."""

_PLU = re.compile(rf"\d{{1,{PLU_DIGITS_MAX}}}", re.ASCII)
_NO_PATTERNS = BarcodeRules((), "EUR")


def keys(meaning: Meaning) -> tuple[ItemKey, ...]:
    """Turn one meaning of a scan into the key its item is found by."""
    if isinstance(meaning, InStoreItem):
        return (ItemKey(reference=meaning.reference),)
    if isinstance(meaning, TradeItem) and not is_coupon(meaning.gtin):
        return (ItemKey(gtin=meaning.gtin),)
    return ()


def plu_keys(text: str) -> tuple[ItemKey, ...]:
    """Turn a short number into the key of a PLU or of an in-store reference."""
    return (ItemKey(reference=text),) if _PLU.fullmatch(text) is not None else ()


def typed_keys(text: str) -> tuple[ItemKey, ...]:
    """Turn typed digits into the keys they can be: a GTIN with its check digit, or a PLU.

    >>> typed_keys("4011")
    (ItemKey(gtin=None, reference='4011', item_id=None),)
    """
    plu = plu_keys(text)
    if plu:
        return plu
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return ()
    meanings = read(digits.encode(), _NO_PATTERNS).meanings
    return tuple(key for meaning in meanings for key in keys(meaning))
