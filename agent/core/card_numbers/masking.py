"""What happens to a card number that somebody wrote where it must not be: refused, or masked.

At an entry by hand it is refused, and the person is told what to write instead. In what other
software has already done (a whole sale, a web store's order) it is masked and told, and the sale is
kept (P6). Nothing here ever repeats the number: not the fault, not the finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agent.core.card_numbers.pan import NUMBER, TRACK, CardNumber, card_numbers
from agent.core.faults import InputFault

TYPED = frozenset(
    {
        "account",
        "card",
        "cash_id",
        "copy_id",
        "customer_ref",
        "email",
        "event_id",
        "external_receipt_no",
        "gift_card",
        "gtin",
        "gtins",
        "item_id",
        "journal_id",
        "lease_id",
        "line_id",
        "order_no",
        "party_id",
        "phone",
        "print_id",
        "receipt_no",
        "record_id",
        "request_id",
        "sale_id",
        "scan",
        "sku",
        "tender_id",
    }
)
"""Fields whose name says what they hold: a number there is what it is said to be (an article's, an
order's, a loyalty or a gift card's), and is compared with what is known under that name. Only track
data, which is nothing else, is looked for in them."""
DEPTH_MAX = 64
"""Levels of a document; nothing a shop sends has ten."""
_FORMS = frozenset({NUMBER, TRACK})
_TRACKS_ALONE = frozenset({TRACK})


class CardNumberGiven(InputFault):
    """Somebody wrote a payment card's number into a field that is kept."""

    name = "card-number"
    title = "A card number must not be written here"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card number that was masked, as it is put on record: without the number."""

    path: str
    """As in the document: `tenders[0].reference`."""
    form: str
    """`track` or `number`."""
    digits: int
    shown: str
    """Its last four."""
    scheme: str | None = None


class Masked(msgspec.Struct, frozen=True):
    """A document without card numbers."""

    value: Any
    """Of the same shape; where nothing was found, the very same."""
    findings: tuple[Finding, ...]


def masked(text: str) -> str:
    """Hide all of every card number but its last four digits, its expiry and code with it.

    >>> masked("paid 4111 1111 1111 1111 12/27, thanks"), masked("GTIN 4006381333931")
    ('paid ****1111, thanks', 'GTIN 4006381333931')
    """
    return _mask(text)[0]


def refuse_card_numbers(fields: Mapping[str, str | None]) -> None:
    """Let nothing through in which a card number stands.

    Args:
        fields: name → what was entered; those named in `TYPED` may hold any number.

    Raises:
        CardNumberGiven: the first field with a card number, and which it is by its last four.
    """
    for name, text in fields.items():
        for card in card_numbers(text or ""):
            if card.form == TRACK or name not in TYPED:
                raise given(name, card)


def given(name: str, card: CardNumber | Finding) -> CardNumberGiven:
    """Make the fault of a card number in a field, without the number."""
    what = "the magnetic stripe" if card.form == TRACK else "the number"
    scheme = f"{card.scheme}, " if card.scheme else ""
    return CardNumberGiven(
        f"{name} holds {what} of a payment card "
        f"({scheme}{card.digits} digits, the last are {card.shown})",
        remedy="leave it out, or write its last four digits alone; the terminal's own reference "
        "finds the payment again",
    )


def mask_document(value: object, typed: frozenset[str] = TYPED) -> Masked:
    """Mask card numbers anywhere in a decoded JSON document, in its keys and numbers too.

    Args:
        value: what `msgspec.json.decode` or `msgspec.to_builtins` gives.
        typed: names of fields that may hold any number, wherever they stand.

    Raises:
        InputFault: `nested-too-deeply`.
    """
    cleaner = _Cleaner(typed)
    cleaned = cleaner.clean(value)
    return Masked(cleaned if cleaner.findings else value, tuple(cleaner.findings))


def _mask(text: str, forms: frozenset[str] = _FORMS) -> tuple[str, tuple[CardNumber, ...]]:
    """Mask until nothing is found: what stood around a number may be one without it."""
    all_found: tuple[CardNumber, ...] = ()
    while found := tuple(card for card in card_numbers(text) if card.form in forms):
        for card in reversed(found):
            text = f"{text[: card.start]}****{card.shown}{text[card.end :]}"
        all_found += found
    return text, all_found


class _Cleaner:
    """Walks through one document and writes down what it masked."""

    def __init__(self, typed: frozenset[str]) -> None:
        self._typed = typed
        self.findings: list[Finding] = []

    def clean(
        self, value: object, path: str = "", depth: int = 0, forms: frozenset[str] = _FORMS
    ) -> object:
        """Give a value without card numbers, of the same shape."""
        if depth > DEPTH_MAX:
            raise InputFault(
                f"the document has more than {DEPTH_MAX} levels",
                remedy="send what belongs to a sale or an order, not a document that holds it",
                name="nested-too-deeply",
            )
        if isinstance(value, Mapping):
            return self._fields(value, path, depth)
        if isinstance(value, list | tuple):
            return [
                self.clean(each, f"{path}[{index}]", depth + 1, forms)
                for index, each in enumerate(value)
            ]
        if value is None or isinstance(value, bool):
            return value
        return self._noted(value, path, forms)

    def _fields(self, fields: Mapping[Any, object], path: str, depth: int) -> dict[Any, object]:
        cleaned: dict[Any, object] = {}
        for name, value in fields.items():
            key = self._noted(name, f"{path}.*" if path else "*", _FORMS)
            while key in cleaned:
                key = f"{key}'"
            below = f"{path}.{key}" if path else f"{key}"
            inner = _TRACKS_ALONE if name in self._typed else _FORMS
            cleaned[key] = self.clean(value, below, depth + 1, inner)
        return cleaned

    def _noted(self, value: object, path: str, forms: frozenset[str]) -> object:
        text, found = _mask(str(value), forms)
        self.findings += [
            Finding(path, card.form, card.digits, card.shown, card.scheme) for card in found
        ]
        return text if found else value
