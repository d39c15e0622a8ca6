"""What a magnetic stripe says, or the chip in its place: track data, recognised by its form.

Track data is forbidden to be kept by itself, whatever number is in it (PCI DSS v4.0.1, 3.3.1.1). A
stripe reader that types like a keyboard puts it into whatever field has the focus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.core.card_numbers.issuers import passes_luhn, scheme_of

# ISO/IEC 7813, 6: start sentinel, format code, PAN, name, expiry (YYMM), service code, and more.
_TRACK_1 = re.compile(
    r"%?[A-Z](?P<pan>[0-9][0-9 ]{10,21}[0-9])\^[^\^\r\n]{0,40}\^(?:[^?\r\n]{0,80}\?|\S*)",
    re.IGNORECASE,
)
# ISO/IEC 7813, 7, and track 3 (ISO/IEC 4909) between sentinels: their form says what they are.
_SENTINELS = re.compile(r"[;+](?P<pan>[0-9]{12,21})=[0-9=]{7,}\?")
# The same without sentinels, as terminals log it, or with a D, as a chip has it (EMV tag 57).
_BARE = re.compile(
    r"(?<![0-9])(?P<pan>[0-9]{14,19})[=D][0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3}[0-9]*F?", re.IGNORECASE
)


class Track(NamedTuple):
    """Track data in a text."""

    start: int
    end: int
    pan: str
    """The digits of its card number."""


def tracks(text: str) -> Iterator[Track]:
    """Find track data; without a stripe's sentinels only around a card's number."""
    for match in (*_TRACK_1.finditer(text), *_SENTINELS.finditer(text)):
        yield Track(match.start(), match.end(), match["pan"].replace(" ", ""))
    for match in _BARE.finditer(text):
        pan = match["pan"]
        if passes_luhn(pan) and scheme_of(pan):
            yield Track(match.start(), match.end(), pan)
