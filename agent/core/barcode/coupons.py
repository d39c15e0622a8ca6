"""The inside of North American coupon codes, AI 8110 and 8112.

GS1 US, North American Coupon Application Guideline: fields follow one another, each announced by
a digit that says how long it is (VLI), so that the whole is one regular expression.
"""

from __future__ import annotations

import re

from agent.core.barcode.dates import iso_date
from agent.core.barcode.unreadable import Unreadable


def _long(first: int, last: int, longer: int) -> str:
    """Write a field whose length digit runs from `first` to `last`, and means so many more."""
    return "(?:" + "|".join(rf"{n}\d{{{n + longer}}}" for n in range(first, last + 1)) + ")"


_COMPANY = _long(0, 6, 6)
_VALUE = _long(1, 5, 0)
_REQUIRED = rf"{_VALUE}[0-49]\d{{3}}"
_OTHER_COMPANY = rf"(?:{_COMPANY}|9)"
_SERIAL = _long(0, 9, 6)

_CODE = re.compile(
    rf"{_COMPANY}\d{{6}}{_VALUE}{_REQUIRED}"
    rf"(?:1[0-3]{_REQUIRED}{_OTHER_COMPANY})?"
    rf"(?:2{_REQUIRED}{_OTHER_COMPANY})?"
    r"(?:3(?P<until>\d{6}))?(?:4(?P<since>\d{6}))?"
    rf"(?:5{_SERIAL})?(?:6{_long(1, 7, 6)})?(?:9[01256][0-2]\d[01])?",
    re.ASCII,
)
_OFFER = re.compile(rf"[01]{_COMPANY}\d{{6}}{_SERIAL}", re.ASCII)


def check_coupon(value: str) -> None:
    """Check the value of AI 8110.

    Raises:
        Unreadable: `malformed-ai`, `bad-date`.
    """
    found = _CODE.fullmatch(value)
    if found is None:
        raise Unreadable("malformed-ai", f"{value} is no coupon code of AI 8110")
    until, since = (found[name] and iso_date(found[name]) for name in ("until", "since"))
    if until and since and until < since:
        raise Unreadable("bad-date", f"the coupon {value} ends on {until}, before {since}")


def check_offer(value: str) -> None:
    """Check the value of AI 8112.

    Raises:
        Unreadable: `malformed-ai`.
    """
    if _OFFER.fullmatch(value) is None:
        raise Unreadable("malformed-ai", f"{value} is no coupon offer of AI 8112")
