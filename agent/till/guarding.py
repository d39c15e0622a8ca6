"""Before anything is decided: no card number gets into what a till keeps (P9).

What a person writes by hand is refused, and they are told what to write instead. A scan is no
writing; its event tells nothing of a bank card but the last four digits (`without_card_numbers`).

Nor does a customer's e-mail address or telephone number get into the words of a sale: they stand in
the books, where nobody may erase them. Words about a person belong into a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from agent.core.card_numbers import TYPED, mask_document, masked, refuse_card_numbers
from agent.core.faults import InputFault
from agent.core.loyalty import GIFT_TENDER
from agent.core.recognition import mentions, without_mentions
from agent.till import commands
from agent.till.commands import Command
from agent.till.replies import LeftOut
from agent.till.requests import ExternalSale, TenderRequest

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
BOOKED = frozenset({"name", "reason"})
"""Fields whose words become part of the books: names of goods, reasons."""
SCANNED = TYPED | {"text", "raw", "why", "reading"}
"""Fields of a scan's event that say what was scanned."""


class ContactWritten(InputFault):
    """Somebody wrote how to reach a customer into what nobody may erase."""

    name = "contact-written"
    title = "A customer's address or number must not be written here"


def refuse_written(command: Command[Any], region: str) -> None:
    """Let no command through in which somebody wrote what a till must not keep.

    Args:
        command: as it was asked for.
        region: the store's country, of telephone numbers as they are dialled here.

    Raises:
        CardNumberGiven: which field, and the number's last four digits.
        ContactWritten: which field.
    """
    if type(command) in NOT_WRITTEN:
        return
    for name, text in _texts("", command):
        refuse_card_numbers({name: text})
        if name in BOOKED and not isinstance(command, commands.Enrol) and mentions(text, region):
            raise ContactWritten(
                f"{name} holds an e-mail address or a telephone number",
                remedy="leave it out: sales and reasons are kept for years and cannot be erased; "
                "write it into a note about the customer",
            )


def without_contacts(sale: ExternalSale, region: str) -> tuple[ExternalSale, tuple[LeftOut, ...]]:
    """Hide how to reach a customer in a sale that has happened already, and tell where it stood.

    Numbers of receipts and references of payments stay: they are what they are said to be.
    """
    words = {
        "discount_reason": sale.discount_reason,
        **{f"lines[{n}].name": line.name for n, line in enumerate(sale.lines)},
        **{f"lines[{n}].reason": line.reason for n, line in enumerate(sale.lines)},
    }
    hidden = tuple(path for path, text in words.items() if mentions(text or "", region))
    if not hidden:
        return sale, ()
    lines = tuple(
        replace(
            line,
            name=without_mentions(line.name, region),
            reason=_hidden(line.reason, region),
        )
        for line in sale.lines
    )
    reason = _hidden(sale.discount_reason, region)
    return replace(sale, lines=lines, discount_reason=reason), tuple(map(_left_out, hidden))


def _hidden(text: str | None, region: str) -> str | None:
    return None if text is None else without_mentions(text, region)


def _left_out(path: str) -> LeftOut:
    return LeftOut(
        path,
        "an e-mail address or a telephone number is hidden: the books are kept for years, and "
        "cannot be erased",
        "send who the customer is as party_id, and words about them as a note",
    )


def without_card_numbers(data: dict[str, object]) -> dict[str, object]:
    """Give the data of a scan's event as it may be kept.

    What a scanner read is a code of somebody's, which POS software may know, and stays whole unless
    it is what a magnetic stripe says.
    """
    kept: dict[str, object] = mask_document(data, SCANNED).value
    return kept


def unlisted(scanned: str | None, region: str) -> str | None:
    """Give the scan behind an open-price line as it may be kept: it names nothing known here."""
    return None if scanned is None else without_mentions(masked(scanned), region)


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
