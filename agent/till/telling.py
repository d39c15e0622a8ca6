"""Events: what the till page (or POS software) is told, in one place per kind of event.

An event is stored before it is pushed and replayed by its cursor, so it outlives the request that
caused it. It therefore carries ids, amounts and the names of goods, never a person's name, phone
or e-mail address; who may know more asks for it.
"""

from __future__ import annotations

import msgspec

from agent.core.barcode import InStoreItem, Reading, TradeItem
from agent.core.identifiers import DeviceId, PartyId, SaleId
from agent.core.prompts import PromptEvent
from agent.core.sale.model import Line, Sale, Totals
from agent.till.guarding import without_card_numbers
from agent.till.replies import Recognised

EVENT_TYPES = frozenset(
    {"scan", "item", "customer", "sale", "device", "print", "drawer", "weight", "sync", "prompt"}
)
"""The words of the API; none is added silently, watchers rely on them."""
CARD_DIGITS_SHOWN = 4
"""Of a recognised card's number: enough to tell two cards apart, too few to present one."""


class Event(msgspec.Struct, frozen=True):
    """One event before it is stored: type and data."""

    type: str
    data: dict[str, object]


def scan_event(device: DeviceId | None, reading: Reading, recognised: Recognised) -> Event:
    """Tell that something was scanned and what it was found to be, or why it was not.

    `raw` holds the scanner's bytes as text, one character for each byte (latin-1), `aim` its AIM
    identifier, `reading` what the symbol says. Of a customer's code none of it is told, nor of what
    was typed and is nothing here: it may be a name, or a phone number with a slip of the finger.
    Of a scanned payment card's number the last four digits are.
    """
    typed = device is None and recognised.kind == "unknown"
    facts = msgspec.to_builtins(recognised)
    facts.pop("item", None)
    if typed:
        facts.pop("why", None)  # Which may repeat it.
    outcome = {"item_id": recognised.item.item_id} if recognised.item else {}
    text = None if typed else _shown(reading.text, recognised)
    data = {
        "device": device,
        "text": text,
        "raw": reading.raw if text == reading.text else None,
        "aim": reading.aim,
        "reading": _said(reading, recognised),
        **facts,
        **outcome,
        "kind": recognised.kind,
    }
    if recognised.kind == "item":
        return Event("scan", data)
    return Event("scan", without_card_numbers(data))


def _said(reading: Reading, recognised: Recognised) -> dict[str, object]:
    """Tell the symbology and, of an item, everything its symbol says."""
    said: dict[str, object] = {"symbology": reading.symbology}
    for meaning in reading.meanings:
        by_gtin = isinstance(meaning, TradeItem) and meaning.gtin == recognised.gtin
        if by_gtin or (isinstance(meaning, InStoreItem) and recognised.kind == "item"):
            said.update(msgspec.to_builtins(meaning))
            if isinstance(meaning, TradeItem) and meaning.expiry is not None:
                said["expiry_kind"] = meaning.expiry_kind.value
            break
    return said


def item_event(sale_id: SaleId | None, line: Line) -> Event:
    """Tell that a line was added; without a sale, what POS software may make a line of."""
    return Event(
        "item",
        {
            "sale_id": sale_id,
            "line": line.line if sale_id else None,
            "item_id": line.item_id,
            "gtin": line.gtin,
            "name": line.name,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price": line.unit_price,
            "extension": line.extension,
            "taxes": [rate.name for rate in line.taxes],
        },
    )


def customer_event(
    party_id: PartyId | None,
    answer: str,
    *,
    why: tuple[str, ...] = (),
    sale_id: SaleId | None = None,
    means: str | None = None,
) -> Event:
    """Tell who stands at the till, as an id; `answer` `none` says that nobody does any more."""
    return Event(
        "customer",
        {
            "party_id": party_id,
            "answer": answer,
            "why": list(why),
            "sale_id": sale_id,
            "means": means,
        },
    )


def prompt_event(said: PromptEvent, sale: Sale | None) -> Event:
    """Tell that a question was asked, answered or refused; never what was answered."""
    return Event(
        "prompt",
        {
            "party_id": said.party_id,
            "prompt_id": said.prompt_id,
            "outcome": said.outcome.value,
            "sale_id": sale.sale_id if sale else None,
        },
    )


def sale_event(sale: Sale, totals: Totals, what: str, **more: object) -> Event:
    """Tell what happened to a sale: `opened`, `line-added`, `completed` …, and where it stands."""
    return Event(
        "sale",
        {
            "sale_id": sale.sale_id,
            "what": what,
            "state": sale.state,
            "lines": sum(not line.voided for line in sale.lines),
            "total": totals.total,
            "due": totals.due,
            "change": totals.change,
            "party_id": sale.party_id,
            **more,
        },
    )


def _shown(text: str, recognised: Recognised) -> str | None:
    """Hold back what identifies a person; an unknown card may be shown, to enrol with it."""
    if recognised.kind != "customer":
        return text
    if recognised.means != "loyalty_card":
        return None
    return text if recognised.answer == "unknown" else f"…{text[-CARD_DIGITS_SHOWN:]}"
