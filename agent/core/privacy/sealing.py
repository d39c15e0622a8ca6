"""Sealed cards: what a till holds of a customer opens only by what the customer presents (P9).

A card has two layers: the *whole*, and the *name* (first name and initial, tier) where one of the
customer's identifiers opens no more than that. Both are encrypted (AES-SIV, RFC 5297) under keys
made of one random content key. For every identifier of the customer there is a *slot*: its token,
and the content key (or, for a weak identifier, only the key of the name) closed with HKDF(scope's
secret, stretch). What a means may open is thereby decided at HQ when the slot is made, and no
program at the till can open more; a name with postcode has a slot with no key in it.

Party, version, scope, generation and layer are bound to every ciphertext, so rows cannot be swapped
or put back. Lengths are rounded up, so that they do not tell who has open orders. Nothing is drawn
where a card is sealed: equal inputs make equal rows. AES-SIV is made for that: an HQ put back to a
backup may seal another text under the same version, hence the same key, and what both rows betray
is only that their texts differ.

A slot's key is one block of AES under a key of its own. That is enough for 16 random bytes, and a
one-time pad would not be: a till that enrols somebody twice closes two content keys under one slot
key, and whoever may open the first card would learn the second from their difference. As blocks
they are two values of one permutation, which say nothing of each other. Whether it was the right
key the block cannot tell; the card does, which opens by no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec

from agent.core.faults import Fault
from agent.core.privacy import former
from agent.core.privacy.keys import ScopeKeys, context, derived, token
from agent.core.recognition import (
    Identifier,
    IdentifierType,
    Part,
    RecognitionRules,
    Strength,
    opens,
    strength_of,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    from cryptography.hazmat.primitives.ciphers.modes import ECB

CONTENT_KEY_BYTES = 16
"""128 random bits, of which keys of 256 are made: half the size of every slot."""
PADDED_TO = 32
_END = b"\x80"

Bound = tuple[str | int, ...]
"""Scope, generation, party, version and layer: what a ciphertext is of."""


class Layer(IntEnum):
    """How much of a card an identifier opens."""

    NOTHING = 0
    """Only that somebody is known: ask for a second identifier."""
    NAME = 1
    WHOLE = 2


def layer_of(strength: Strength) -> Layer:
    """Say which layer a way of presenting oneself opens, by the one table of `recognition`.

    >>> layer_of(Strength.WEAK), layer_of(Strength.PROVEN)
    (<Layer.NAME: 1>, <Layer.WHOLE: 2>)
    """
    if opens(strength, Part.HISTORY):
        return Layer.WHOLE
    return Layer.NAME if opens(strength, Part.NAME) else Layer.NOTHING


def sealing_layer(identifier: Identifier, rules: RecognitionRules) -> Layer:
    """Say which layer an identifier's slot must open: that of its strongest presentation.

    A wallet pass is weak as a picture and proven with its code of this moment, and the code is no
    key: the slot opens the whole card, and of it a picture is shown the name (`history.till_card`).
    """
    if identifier.type is IdentifierType.WALLET:
        return layer_of(Strength.PROVEN)
    return layer_of(strength_of(identifier, rules))


class Opener(msgspec.Struct, frozen=True):
    """One identifier of a customer, as the sealer knows it."""

    stretched: bytes
    layer: Layer


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """By what a card is found and opened; a row of its own in the replica."""

    token: bytes
    layer: Layer = Layer.NOTHING
    key: bytes = b""
    """Closed, 16 bytes; empty where nothing opens."""


class SealedCard(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card as it travels and lies on a till's disk. Scope and generation are the row's."""

    ver: int
    """HQ's version of the card; 0 for one made at this till."""
    name: bytes
    """Ciphertext of the layer `NAME`; empty where no identifier opens that alone."""
    rest: bytes
    """Likewise, of what `WHOLE` opens."""
    slots: tuple[Slot, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """What came out of a card: the text of one layer."""

    layer: Layer
    text: bytes = b""


class CardUnreadable(Fault):
    """A sealed card that does not open although its token fits: damaged, or of another key."""

    name = "card-unreadable"
    title = "A customer's card cannot be opened"


def seal_card(
    keys: ScopeKeys,
    party_id: str,
    ver: int,
    layers: tuple[bytes, bytes],
    openers: Iterable[Opener],
    content_key: bytes,
) -> SealedCard:
    """Seal a card for one scope.

    Args:
        keys: of the scope.
        party_id: whose card it is.
        ver: its version.
        layers: what a weak identifier opens, and what a strong one does.
        openers: the customer's identifiers; of one given twice the stronger counts.
        content_key: 16 random bytes, made for this card and version, and forgotten afterwards.

    Raises:
        ValueError: the content key has not 16 bytes.
    """
    if len(content_key) != CONTENT_KEY_BYTES:
        raise ValueError(f"a content key has {CONTENT_KEY_BYTES} bytes, not {len(content_key)}")
    bound = (keys.scope, keys.generation, party_id, ver)
    strongest: dict[bytes, Layer] = {}
    for opener in openers:
        before = strongest.get(opener.stretched, Layer.NOTHING)
        strongest[opener.stretched] = max(before, opener.layer)
    name, rest = b"", _encrypted(content_key, (*bound, Layer.WHOLE), layers[1])
    if Layer.NAME in strongest.values():
        name = _encrypted(_name_secret(content_key), (*bound, Layer.NAME), layers[0])
    slots = [_slot(keys, bound, *opener, content_key) for opener in strongest.items()]
    return SealedCard(ver, name, rest, tuple(sorted(slots, key=lambda slot: slot.token)))


def open_card(
    keys: ScopeKeys, party_id: str, card: SealedCard, slot: Slot, stretched: bytes
) -> Opened:
    """Open a card by an identifier that was presented.

    Args:
        keys: of the scope.
        party_id: whose card the row says it is.
        card: the row.
        slot: the one that the identifier's token found.
        stretched: of the identifier.

    Raises:
        CardUnreadable: it does not open.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

    if slot.layer is Layer.NOTHING:
        return Opened(slot.layer)
    bound = (keys.scope, keys.generation, party_id, card.ver, slot.layer)
    sealed = card.rest if slot.layer is Layer.WHOLE else card.name
    is_former = len(slot.key) == former.KEY_BYTES
    open_text = former.open_text if is_former else _opened
    try:
        return Opened(slot.layer, unpadded(open_text(keys, bound, stretched, slot.key, sealed)))
    except (InvalidUnwrap, InvalidTag, ValueError) as problem:
        raise CardUnreadable(
            f"the card of party {party_id} in {keys.scope} does not open: it is damaged, or sealed "
            f"for another generation than {keys.generation} of the scope's key",
            remedy="nothing at the till: HQ knows them, and the sale goes on; if it happens often, "
            "restart the agent, which fetches keys and snapshot anew",
        ) from problem


def unpadded(padded: bytes) -> bytes:
    """Take off what lengths are rounded up by (ISO/IEC 7816-4, padding with 80 and zeros).

    Raises:
        ValueError: it was not padded.
    """
    return padded[: padded.rindex(_END)]


def _slot(
    keys: ScopeKeys, bound: Bound, stretched: bytes, layer: Layer, content_key: bytes
) -> Slot:
    if layer is Layer.NOTHING:
        return Slot(token(keys, stretched))
    opens = content_key if layer is Layer.WHOLE else _name_secret(content_key)
    closed = _slot_cipher(keys, (*bound, layer), stretched).encryptor().update(opens)
    return Slot(token(keys, stretched), layer, closed)


def _opened(keys: ScopeKeys, bound: Bound, stretched: bytes, key: bytes, sealed: bytes) -> bytes:
    if len(key) != CONTENT_KEY_BYTES:
        raise ValueError("the slot has no key in it")
    secret = _slot_cipher(keys, bound, stretched).decryptor().update(key)
    return _cipher(secret).decrypt(sealed, [context("card", *bound)])


def _slot_cipher(keys: ScopeKeys, bound: Bound, stretched: bytes) -> Cipher[ECB]:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    # One block of random bytes: there is no second one that it could be told from.
    return Cipher(AES256(derived(keys.slot, context("key", *bound), stretched)), ECB())  # noqa: S305


def _name_secret(content_key: bytes) -> bytes:
    return derived(content_key, context("name"))[:CONTENT_KEY_BYTES]


def _encrypted(secret: bytes, bound: Bound, text: bytes) -> bytes:
    return _cipher(secret).encrypt(_padded(text), [context("card", *bound)])


def _cipher(secret: bytes) -> AESSIV:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(derived(secret, context("text")))


def _padded(text: bytes) -> bytes:
    return text + _END + bytes(-(len(text) + 1) % PADDED_TO)
