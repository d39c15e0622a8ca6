"""Coupons: EAN-13 of GS1's coupon prefixes, and GS1 coupon numbers (AI 255, 8110, 8112)."""

from __future__ import annotations

import re

from agent.core.barcode import check_digit
from agent.core.recognition.means import CouponKey
from agent.core.recognition.rules import RecognitionRules

GTIN_DIGITS = 14

# GS1 General Specifications, 1.4.1: 981-984 and 99 are for coupons.
_PREFIXED = re.compile(r"0?(9(?:8[1-4]|9\d)\d{10})", re.ASCII)
# GCN (AI 255) begins with GS1's own coupon number; 8110 and 8112 are North American.
_NUMBERED = re.compile(r"(?:255\d{13,25}|811[02][!-z]{1,70})", re.ASCII)


def is_coupon(gtin: str) -> bool:
    """Tell whether fourteen digits are a coupon rather than an item.

    >>> is_coupon("09812345678901"), is_coupon("04006381333931")
    (True, False)
    """
    return len(gtin) == GTIN_DIGITS and _PREFIXED.fullmatch(gtin) is not None


def codes(text: str, _rules: RecognitionRules) -> tuple[CouponKey, ...]:
    """Read a text as a coupon.

    >>> codes("9812345678902", RecognitionRules())
    (CouponKey(code='9812345678902'),)
    """
    prefixed = _PREFIXED.fullmatch(text)
    if prefixed is not None and check_digit(prefixed[1][:-1]) == int(prefixed[1][-1]):
        return (CouponKey(prefixed[1]),)
    return (CouponKey(text),) if _NUMBERED.fullmatch(text) is not None else ()
