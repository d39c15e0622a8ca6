"""Scanned bytes to a `Reading`: the one door of this room.

Whatever arrives, an answer comes back: each strict reader may refuse with `Unreadable`, and the
refusal becomes a reason in the reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.core.barcode.composites import COMPOSITE, composed
from agent.core.barcode.contents import Contents, contents
from agent.core.barcode.digital_link import is_web_address, link_elements
from agent.core.barcode.elements import SEPARATOR, elements_of, looks_like_elements
from agent.core.barcode.linear import (
    Retail,
    bare_number,
    carried_number,
    ean_8_symbol,
    ean_upc_symbol,
    itf_symbol,
)
from agent.core.barcode.reading import Meaning, PlainText, Reading, Reason
from agent.core.barcode.rules import BarcodeRules
from agent.core.barcode.symbologies import Way, split_aim, symbology
from agent.core.barcode.unreadable import Unreadable

_Way = Callable[[str, BarcodeRules, bool], Contents]

PLAIN_GTIN = "plain-gtin"
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
    # FNC1 at an end separates nothing; some scanners send it all the same.
    inner = data.strip(SEPARATOR)
    meanings: list[Meaning] = []
    reasons: list[Reason] = _about_aim(aim, data)
    for way in kind.ways:
        try:
            found = _WAYS[way](data if way is Way.ELEMENTS else inner, settings, announced)
        except Unreadable as unreadable:
            reasons.append(unreadable.reason)
        else:
            meanings += found.meanings
            reasons += found.notes
    _add_text(meanings, inner, weaker=reasons)
    return Reading(sent, data, aim, kind.name, tuple(meanings), tuple(reasons))


def _add_text(meanings: list[Meaning], text: str, *, weaker: list[Reason]) -> None:
    """Put the text itself last, but before a GTIN in a symbol that is not meant for one."""
    if not text or PlainText(text) in meanings:
        return
    carried = any(reason.name == PLAIN_GTIN for reason in weaker)
    meanings.insert(0 if carried else len(meanings), PlainText(text))


def _about_aim(aim: str | None, data: str) -> list[Reason]:
    if aim is None and data.startswith("]"):
        return [Reason("unknown-aim", f"{data[:3]!r} is no known AIM symbology identifier")]
    if not data:
        return [Reason("empty", f"nothing follows the AIM symbology identifier {aim}")]
    return []


def _elements(data: str, settings: BarcodeRules, announced: bool) -> Contents:
    if is_web_address(data):
        return _NO_CONTENTS
    if announced or looks_like_elements(data):
        return contents(elements_of(data), settings.currency)
    return _NO_CONTENTS


def _link(data: str, settings: BarcodeRules, _announced: bool) -> Contents:
    if not is_web_address(data):
        return _NO_CONTENTS
    return contents(link_elements(data), settings.currency)


def _carried(data: str, settings: BarcodeRules, _announced: bool) -> Contents:
    found = carried_number(data, settings)
    detail = f"{data} is a GTIN in a symbol that carries any text"
    return Contents(found, (Reason(PLAIN_GTIN, detail),) if found else ())


def _retail(reader: Callable[[str, BarcodeRules], Retail]) -> _Way:
    def read_way(data: str, settings: BarcodeRules, _announced: bool) -> Contents:
        primary, composite, secondary = data.partition(COMPOSITE)
        found = reader(primary, settings)
        return composed(found, secondary, settings.currency) if composite else Contents(found)

    return read_way


_NO_CONTENTS = Contents(())
_WAYS: dict[Way, _Way] = {
    Way.EAN_UPC: _retail(ean_upc_symbol),
    Way.EAN_8: _retail(ean_8_symbol),
    Way.ITF: _retail(itf_symbol),
    Way.NUMBER: _retail(bare_number),
    Way.CARRIED: _carried,
    Way.ELEMENTS: _elements,
    Way.LINK: _link,
}


def _nothing(sent: str, name: str, detail: str) -> Reading:
    return Reading(sent, sent, None, None, (), (Reason(name, detail),))
