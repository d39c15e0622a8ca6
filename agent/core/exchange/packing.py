"""A card's JSON, packed: what repeats in all cards is left out, what is random lies beside it.

Raw deflate (RFC 1951) with a dictionary of what cards have in common. Ids and times are the most of
what is left: as hexadecimal and decimal digits they cost a third more than they say. So each gives
its place in the text to one control character, which no JSON holds, and its bytes follow the
deflated text in their order.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from itertools import pairwise

import msgspec

CARD_BYTES_MAX = 1 << 20
"""A card unpacked; real ones have a few thousand."""
_BESIDE = b"\x07"
"""What a packed text begins with; no deflate does: its first block would be of the reserved type.
Without it there is only deflate, as tills have packed who was enrolled at them before."""
_ID, _TIME = b"\x01", b"\x02"
_ID_BYTES, _TIME_BYTES = 16, 6
_PARTS = (0, 8, 12, 16, 20, 32)
"""Where an id has its hyphens, in digits."""
_RAW = -15
_DICTIONARY = (
    b'{"ver":1,"last":[{"event_id":"\x01","type":"order.placed","channel":"web","touch_point":'
    b'"webshop","occurred_at":"\x02","title":"order","ref":"WEB-","total":1000,"currency":"EUR",'
    b'"state":"placed"}],"members":["\x01","\x01"],"marks":[],"known":["email","name","phone"],'
    b'{"party_id":"","name":"Anna","tier":"gold","points":10,"last":[{"event_id":"\x01","type":'
    b'"sale.completed","channel":"store","touch_point":"store-0001/till-1","occurred_at":"\x02",'
    b'"title":"sale","ref":"store-0001-till-1-ABCD-1","total":1000,"currency":"EUR"},{"event_id":"'
    b'\x01","type":"sale.completed","channel":"store","touch_point":"store-0001/till-1",'
    b'"occurred_at":"\x02","title":"sale","ref":"store-0001-till-1-ABCD-1","total":1000,"currency":'
    b'"EUR"}],"through":{"\x01":1},"ver":1}{"party_id":"","name":"","ver":1}'
    # From here on nothing changes: what tills have packed before is unpacked by it.
    b'"insight":{"segment":"state":"ready","placed_at":"2026-"lines":[{"name":"quantity":1000,'
    b'"order_no":"WEB-"collect_at":"store-0001","orders":[{"paid":true,"line":1,"item_id":"'
    b'"passes":[{"pass_id":"secret":"known":["birth_date","email","name","phone","postcode"],'
    b'"members":["019a"silences":["marks":[{"contact":"phone","purpose":"profiling","state":"'
    b'"through":{"web":"019a0000-0000-7000-8000-000000000000":1,"name_strength":"verified",'
    b'"tier":"gold","bronze","silver","points":10,"state":"placed","title":"order.placed","channel":'
    b'"web","touch_point":"webshop","type":"return.received","loyalty.earned","party.enrolled",'
    b'{"channel":"store","currency":"EUR","event_id":"019a0000-0000-7000-8000-000000000000",'
    b'"occurred_at":"2026-01-01T10:00:00.000Z","ref":"store-0001-till-1-ABCD-1","title":"sale",'
    b'"total":1000,"touch_point":"store-0001/till-1","type":"sale.completed"},'
    b'{"consents":[{"contact":"email","given":true,"purpose":"marketing"},{"contact":"any",'
    b'"given":false,"purpose":"marketing"}],"last":[],"name":"","party_id":"","points":0,"ver":1}'
)
"""What cards have in common. A change of it is a new `replica.FORMAT`."""
_LONG = re.compile(
    rb"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|"
    rb"([0-7]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    rb"T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\.(\d{3})Z"
)
_PLACES = re.compile(rb"[\x01\x02]")
_STEPS = ((12, 1), (31, 1), (24, 0), (60, 0), (60, 0), (1000, 0))
"""Of months, days and so on: how many there are, and the first one's number."""


def packed(text: bytes) -> bytes:
    """Pack the JSON of a card."""
    beside: list[bytes] = []
    packer = zlib.compressobj(9, wbits=_RAW, zdict=_DICTIONARY)
    short = packer.compress(_LONG.sub(_shortener(beside), text)) + packer.flush()
    return b"".join((_BESIDE, short, *beside))


def unpacked(rest: bytes) -> bytes:
    """Give the JSON that was packed.

    Raises:
        msgspec.DecodeError: a later version packed it, or it is damaged.
    """
    unpacker = zlib.decompressobj(_RAW, zdict=_DICTIONARY)
    try:
        written = unpacker.decompress(rest.removeprefix(_BESIDE), CARD_BYTES_MAX)
    except zlib.error as problem:
        raise msgspec.DecodeError(f"a card does not unpack: {problem}") from problem
    if not unpacker.eof:
        raise msgspec.DecodeError("a card does not end, or is too large")
    return _PLACES.sub(_lengthener(unpacker.unused_data), written)


def _shortener(beside: list[bytes]) -> Callable[[re.Match[bytes]], bytes]:
    def shorten(found: re.Match[bytes]) -> bytes:
        if found["id"]:
            beside.append(bytes.fromhex(found["id"].replace(b"-", b"").decode()))
            return _ID
        beside.append(_counted([int(each) for each in found.groups()[1:]]))
        return _TIME

    return shorten


def _lengthener(beside: bytes) -> Callable[[re.Match[bytes]], bytes]:
    at = 0

    def lengthen(found: re.Match[bytes]) -> bytes:
        nonlocal at
        size = _ID_BYTES if found[0] == _ID else _TIME_BYTES
        held = beside[at : at + size]
        at += size
        if len(held) != size:
            raise msgspec.DecodeError("a card lacks what lay beside its text")
        return _hyphened(held) if found[0] == _ID else _told(held)

    return lengthen


def _hyphened(held: bytes) -> bytes:
    """Write an id as it was (RFC 9562)."""
    digits = held.hex().encode()
    return b"-".join(digits[first:last] for first, last in pairwise(_PARTS))


def _counted(fields: list[int]) -> bytes:
    """Write a time as milliseconds of a calendar in which each month has 31 days."""
    count = fields[0]
    for (size, first), field in zip(_STEPS, fields[1:], strict=True):
        count = count * size + field - first
    return count.to_bytes(_TIME_BYTES, "big")


def _told(held: bytes) -> bytes:
    """Write such a time as it was, ISO 8601."""
    count, fields = int.from_bytes(held, "big"), []
    for size, first in reversed(_STEPS):
        count, field = divmod(count, size)
        fields.append(field + first)
    return b"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (count, *reversed(fields))
