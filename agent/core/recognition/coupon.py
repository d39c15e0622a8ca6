"""Coupons: EAN-13 and UPC-A of GS1's coupon prefixes, and coupon numbers (AI 255, 8110, 8112)."""

from __future__ import annotations

import re

from agent.core.barcode import check_digit
from agent.core.recognition.means import CouponKey
from agent.core.recognition.rules import RecognitionRules

GTIN_DIGITS = 14

# GS1 General Specifications, 1.4.1: 980 is for refund receipts, 981-984 and 99 for coupons, and
# number system 5 of UPC-A (05) for coupons of North America.
_PREFIXED = re.compile(r"0?(9(?:8[0-4]|9\d)\d{10}|05\d{11})|(5\d{11})", re.ASCII)
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
    if prefixed is not None:
        code = prefixed[1] or "0" + prefixed[2]
        if check_digit(code[:-1]) == int(code[-1]):
            return (CouponKey(code),)
    return (CouponKey(text),) if _NUMBERED.fullmatch(text) is not None else ()
