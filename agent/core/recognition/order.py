"""Order numbers of other channels, known by the prefixes of the settings."""

from __future__ import annotations

import re

from agent.core.faults import InputFault
from agent.core.recognition.means import OrderKey
from agent.core.recognition.rules import RecognitionRules

ORDER_CHARACTERS_MAX = 64

_WEB_ADDRESS = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_BETWEEN_PARTS = re.compile(r"[/?&=#]")


def normalise(text: str, _region: str) -> str:
    """Bring an order number into the form both sides compare: no blanks around it.

    Raises:
        InputFault: nothing is left, or far too much.
    """
    value = text.strip()
    if not 0 < len(value) <= ORDER_CHARACTERS_MAX:
        raise InputFault(
            f"{text[:ORDER_CHARACTERS_MAX]!r} is not an order number",
            remedy=f"type 1 to {ORDER_CHARACTERS_MAX} characters as printed on the order",
        )
    return value


def keys(text: str, rules: RecognitionRules) -> tuple[OrderKey, ...]:
    """Read a text as an order number: as it stands, then in capitals where the prefix is.

    The code in an order's e-mail may be a web address with the number as one of its parts.

    >>> keys("web-10a", RecognitionRules(order_prefixes=("WEB-",)))
    (OrderKey(order_no='WEB-10a'), OrderKey(order_no='WEB-10A'))
    >>> keys("https://shop.example/order/WEB-7?x=1", RecognitionRules(order_prefixes=("WEB-",)))
    (OrderKey(order_no='WEB-7'),)
    """
    value = text.strip()
    parts = _BETWEEN_PARTS.split(value) if _WEB_ADDRESS.match(value) else (value,)
    return next((found for part in parts if (found := _of_one(part, rules))), ())


def _of_one(value: str, rules: RecognitionRules) -> tuple[OrderKey, ...]:
    for prefix in rules.order_prefixes:
        rest = value[len(prefix) :]
        if rest and len(value) <= ORDER_CHARACTERS_MAX and _begins(value, prefix):
            forms = dict.fromkeys((rest, rest.upper() if prefix.isupper() else rest))
            return tuple(OrderKey(prefix + form) for form in forms)
    return ()


def _begins(value: str, prefix: str) -> bool:
    return value[: len(prefix)].casefold() == prefix.casefold()
