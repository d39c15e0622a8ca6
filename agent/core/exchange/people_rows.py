"""A customer's row in the replica: the id, and by what they are found, in as few bytes as it goes.

A till holds a million of these rows. So an id that is a UUID is its 16 bytes, and the slots lie in
the row they open: `found_by` has only the beginning of each token, enough to come to the few rows
that are looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.core.identifiers import PartyId
from agent.core.privacy.keys import TOKEN_BYTES
from agent.core.privacy.sealing import Layer, Slot

BEGINNING_BYTES = 4
"""Of a token, in `found_by`: among ten million others it fits one by chance in 400 look-ups."""
PartyKey = bytes | str
"""A party's id as it lies in a row: 16 bytes, or a text that is no UUID."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LAYER_BITS = 2


def key_of(party_id: str) -> PartyKey:
    """Give an id as it lies in a row.

    >>> key_of("0190a000-0000-7000-8000-00000000002a").hex(), key_of("ada")
    ('0190a00000007000800000000000002a', 'ada')
    """
    return bytes.fromhex(party_id.replace("-", "")) if _UUID.fullmatch(party_id) else party_id


def id_of(key: PartyKey) -> PartyId:
    """Give the id that lies in a row."""
    if isinstance(key, str):
        return PartyId(key)
    digits = key.hex()
    return PartyId("-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))


def written(slots: Iterable[Slot]) -> bytes:
    """Write slots one after the other: token, one byte of layer and length, key."""
    return b"".join(
        slot.token + bytes([len(slot.key) << _LAYER_BITS | slot.layer]) + slot.key for slot in slots
    )


def slots_of(held: bytes) -> list[Slot]:
    """Read the slots of a row."""
    slots, at = [], 0
    while at < len(held):
        size, layer = divmod(held[at + TOKEN_BYTES], 1 << _LAYER_BITS)
        key = at + TOKEN_BYTES + 1
        slots.append(Slot(held[at : at + TOKEN_BYTES], Layer(layer), held[key : key + size]))
        at = key + size
    return slots


def slot_of(held: bytes, token: bytes) -> Slot | None:
    """Find the slot of a token among those of a row."""
    return next((slot for slot in slots_of(held) if slot.token == token), None)


def closed(held: bytes) -> bytes:
    """Take the keys out of slots: they say whose they are, and open nothing any more."""
    return written(Slot(slot.token) for slot in slots_of(held))


def beginnings(held: bytes) -> set[bytes]:
    """Give what `found_by` has of the tokens of a row."""
    return {slot.token[:BEGINNING_BYTES] for slot in slots_of(held)}
