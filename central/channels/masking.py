"""Card numbers in what a channel sends: masked before anything of it is kept, and put on record.

An event with one is taken like any other, without the number: an order is never lost over what
somebody wrote beside it. Whoever answers for the web store sees it in the answer and in the list.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.core.card_numbers import TYPED, Finding, card_numbers, mask_document, masked
from agent.core.faults import InputFault

CHANNEL_TYPED = TYPED | {"item", "payment", "ref", "refund", "web_account"}
"""Fields of an event that hold a channel's own numbers: what is compared with what it knows."""
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InputFault)


class Clean(NamedTuple):
    """An event without card numbers."""

    body: bytes
    """As received, where there was none."""
    findings: tuple[Finding, ...]

    @property
    def notes(self) -> list[str]:
        """Say where a number was masked, one sentence each."""
        return [
            f"a card number ending in {found.shown} was masked at {found.path}: a web store must "
            "not send it"
            for found in self.findings
        ]


def without_card_numbers(body: bytes) -> Clean:
    """Mask the card numbers of an event; what cannot be read is masked as the text it is."""
    try:
        document = msgspec.json.decode(body)
        cleaned = mask_document(document, CHANNEL_TYPED)
    except _UNREADABLE:
        return _as_text(body)
    if not cleaned.findings:
        return Clean(body, ())
    return Clean(msgspec.json.encode(cleaned.value), cleaned.findings)


def _as_text(body: bytes) -> Clean:
    text = body.decode("utf-8", "surrogateescape")
    findings = tuple(
        Finding("unreadable", card.form, card.digits, card.shown, card.scheme)
        for card in card_numbers(text)
    )
    if not findings:
        return Clean(body, ())
    return Clean(masked(text).encode("utf-8", "surrogateescape"), findings)
