"""Scanned bytes to a `Reading`: the one door of this room.

Whatever arrives, an answer comes back: each strict reader may refuse with `Unreadable`, and the
refusal becomes a reason in the reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.core.barcode.contents import contents
from agent.core.barcode.digital_link import is_web_address, link_elements
from agent.core.barcode.elements import elements_of, looks_like_elements
from agent.core.barcode.linear import bare_number, ean_8_symbol, ean_upc_symbol, itf_symbol
from agent.core.barcode.reading import Meaning, PlainText, Reading, Reason
from agent.core.barcode.rules import BarcodeRules
from agent.core.barcode.symbologies import Way, split_aim, symbology
from agent.core.barcode.unreadable import Unreadable

SCAN_BYTES_MAX = 7200
"""The largest symbol any scanner reads is a QR code of 7089 digits (ISO/IEC 18004)."""
_SHOWN = 64

# Everything below the space but FNC1's U+001D, and DEL: no data of a symbol sold in a shop.
_CONTROL = re.compile(r"[\x00-\x1c\x1e\x1f\x7f-\x9f]")
# A suffix or blank the scanner was set to send besides the one that ends its frame.
_AROUND = " \t\r\n"


def read(raw: bytes, settings: BarcodeRules) -> Reading:
    """Say everything one scan can mean, and why it cannot mean more. Never raises.

    Args:
        raw: the scanner's bytes without framing; an AIM identifier may come first.
        settings: the store's patterns and currency.

    >>> reading = read(b"]E04006381333931", BarcodeRules((), "EUR"))
    >>> reading.symbology, reading.meanings[0].gtin
    ('ean-13', '04006381333931')
    """
    if len(raw) > SCAN_BYTES_MAX:
        detail = f"{len(raw)} bytes came without an end; a symbol holds at most {SCAN_BYTES_MAX}"
        return _nothing(raw[:_SHOWN].decode("latin-1"), "too-long", detail)
    sent = raw.decode("latin-1")
    try:
        return _reading(sent, _text(raw), settings)
    except Unreadable as unreadable:
        return _nothing(sent, unreadable.reason.name, unreadable.reason.detail)


def _text(raw: bytes) -> str:
    """Decode and check what came.

    Raises:
        Unreadable: `undecodable`, `control-characters`, `empty`.
    """
    try:
        text = raw.decode("utf-8").strip(_AROUND)
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1} (0x{raw[error.start]:02X})"
        raise Unreadable("undecodable", f"{place} is no text in UTF-8; noise?") from error
    control = _CONTROL.search(text)
    if control is not None:
        code = f"U+{ord(control[0]):04X}"
        raise Unreadable("control-characters", f"{code} at {control.start() + 1} is not printable")
    if not text:
        raise Unreadable("empty", "the scanner sent nothing")
    return text


def _reading(sent: str, text: str, settings: BarcodeRules) -> Reading:
    aim, data = split_aim(text)
    kind = symbology(aim)
    # Where bare numbers are possible too, nothing says that these are elements.
    announced = Way.NUMBER not in kind.ways
    meanings: list[Meaning] = []
    reasons: list[Reason] = _about_aim(aim, data)
    for way in kind.ways:
        try:
            meanings += _WAYS[way](data, settings, announced)
        except Unreadable as unreadable:
            reasons.append(unreadable.reason)
    if data and PlainText(data) not in meanings:
        meanings.append(PlainText(data))
    return Reading(sent, data, aim, kind.name, tuple(meanings), tuple(reasons))


def _about_aim(aim: str | None, data: str) -> list[Reason]:
    if aim is None and data.startswith("]"):
        return [Reason("unknown-aim", f"{data[:3]!r} is no known AIM symbology identifier")]
    if not data:
        return [Reason("empty", f"nothing follows the AIM symbology identifier {aim}")]
    return []


def _elements(data: str, settings: BarcodeRules, announced: bool) -> tuple[Meaning, ...]:
    if is_web_address(data):
        return ()
    if announced or looks_like_elements(data):
        return contents(elements_of(data), settings.currency)
    return ()


def _link(data: str, settings: BarcodeRules, _announced: bool) -> tuple[Meaning, ...]:
    return contents(link_elements(data), settings.currency) if is_web_address(data) else ()


_WAYS: dict[Way, Callable[[str, BarcodeRules, bool], tuple[Meaning, ...]]] = {
    Way.EAN_UPC: lambda data, rules, _: ean_upc_symbol(data, rules),
    Way.EAN_8: lambda data, rules, _: ean_8_symbol(data, rules),
    Way.ITF: lambda data, rules, _: itf_symbol(data, rules),
    Way.NUMBER: lambda data, rules, _: bare_number(data, rules),
    Way.ELEMENTS: _elements,
    Way.LINK: _link,
}


def _nothing(sent: str, name: str, detail: str) -> Reading:
    return Reading(sent, sent, None, None, (), (Reason(name, detail),))
