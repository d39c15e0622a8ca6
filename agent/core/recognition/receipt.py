"""Receipt numbers of this chain: `store-till-J-n` (see `core.identifiers.receipt_number`)."""

from __future__ import annotations

import re

from agent.core.faults import InputFault
from agent.core.recognition.means import ReceiptKey
from agent.core.recognition.rules import RecognitionRules

RECEIPT_CHARACTERS_MAX = 128

_NUMBER = re.compile(r"[\w.]+(?:-[\w.]+)+-[0-9a-f]{4}-[1-9]\d{0,11}", re.ASCII | re.IGNORECASE)


def normalise(text: str, _region: str) -> str:
    """Bring a receipt number into the form both sides compare.

    Typed or scanned wholly in capitals (Code 39 has nothing else), it becomes lower case.

    Raises:
        InputFault: not of the form `store-till-J-n`.

    >>> normalise(" STORE-0001-TILL-1-3F9A-17 ", "DE")
    'store-0001-till-1-3f9a-17'
    """
    value = text.strip()
    if len(value) > RECEIPT_CHARACTERS_MAX or _NUMBER.fullmatch(value) is None:
        raise InputFault(
            f"{text[:RECEIPT_CHARACTERS_MAX]!r} is not a receipt number",
            remedy="type it as printed, for example store-0001-till-1-3f9a-17",
        )
    return value.lower() if value.isupper() else value


def keys(text: str, rules: RecognitionRules) -> tuple[ReceiptKey, ...]:
    """Read a text as a receipt number: as it stands first, then in lower case."""
    try:
        lowered = normalise(text, rules.region)
    except InputFault:
        return ()
    # A store whose own id has capitals prints them on its receipts.
    as_printed = bool(rules.store) and text.strip().startswith(rules.store + "-")
    return (ReceiptKey(text.strip() if as_printed else lowered),)
