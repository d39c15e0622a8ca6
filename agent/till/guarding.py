"""Before anything is decided: no card number gets into what a till keeps (P9).

What a person writes by hand is refused, and they are told what to write instead. A scan is no
writing; its event tells nothing of a bank card but the last four digits (`without_card_numbers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agent.core.card_numbers import TYPED, mask_document, masked, refuse_card_numbers
from agent.core.loyalty import GIFT_TENDER
from agent.till import commands
from agent.till.commands import Command
from agent.till.requests import TenderRequest

NOT_WRITTEN = frozenset(
    {
        commands.DeviceScan,
        commands.TypedScan,
        commands.Identify,
        commands.AskUnleased,
        commands.RecordSale,
        commands.Print,
        commands.TakeSettings,
        commands.Announce,
        commands.DirectoryChanged,
    }
)
"""Commands that carry nothing a person writes into a field that is kept: what is scanned or asked
for, a whole sale of other software (masked where it is taken in), a document for the printer, which
is kept until it is on paper, and what the agent tells itself."""
NOT_KEPT = frozenset({"payment_account_reference"})
"""Fields of requests of which the till keeps nothing that can be read: see `accounts`."""
SCANNED = TYPED | {"text", "raw", "why", "reading"}
"""Fields of a scan's event that say what was scanned."""


def refuse_written(command: Command[Any]) -> None:
    """Let no command through in which somebody wrote a card number.

    Raises:
        CardNumberGiven: which field, and the number's last four digits.
    """
    if type(command) not in NOT_WRITTEN:
        for name, text in _texts("", command):
            refuse_card_numbers({name: text})


def without_card_numbers(data: dict[str, object]) -> dict[str, object]:
    """Give the data of a scan's event as it may be kept.

    What a scanner read is a code of somebody's, which POS software may know, and stays whole unless
    it is what a magnetic stripe says.
    """
    kept: dict[str, object] = mask_document(data, SCANNED).value
    return kept


def unlisted(scanned: str | None) -> str | None:
    """Give the scan behind an open-price line as it may be kept: it names nothing known here."""
    return None if scanned is None else masked(scanned)


def _meant(value: msgspec.Struct, field: str) -> str:
    """Say what a field holds: the reference of a gift card is its number, and is not kept."""
    is_gift = isinstance(value, TenderRequest) and value.kind == GIFT_TENDER
    return "gift_card" if is_gift and field == "reference" else field


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field not in NOT_KEPT:
                yield from _texts(_meant(value, field), getattr(value, field))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(str(key), inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _texts(name, inner)
