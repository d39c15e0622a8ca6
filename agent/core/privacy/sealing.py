"""Sealed cards: what a till holds of a customer opens only by what the customer presents (P9).

A card has two layers: the *name* (first name and initial, tier) and the *rest*. Both are encrypted
(AES-256-GCM, NIST SP 800-38D) under keys made of one random content key. For every identifier of
the customer there is a *slot*: its token, and the content key (or, for a weak identifier, only the
key of the name) wrapped (AES key wrap, RFC 3394) under HKDF(scope's secret, stretch). What a means
may open is thereby decided at HQ when the slot is made, and no program at the till can open more;
a name with postcode has a slot with no key in it.

Party, version, scope, generation and layer are bound to every ciphertext, so rows cannot be swapped
or put back. Lengths are rounded up, so that they do not tell who has open orders. A nonce is made
of what it encrypts: equal inputs make equal rows, and one that is sealed twice betrays nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from enum import IntEnum

import msgspec

from agent.core.faults import Fault
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

CONTENT_KEY_BYTES = 16
"""128 random bits, of which keys of 256 are made: half the size of every slot."""
PADDED_TO = 32
_NONCE_BYTES = 12
_END = b"\x80"

_Bound = tuple[str | int, ...]
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
    key: the slot opens the whole card, and `at_most` of `open_card` keeps a picture to the name.
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
    """Wrapped; empty where nothing opens."""


class SealedCard(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card as it travels and lies on a till's disk. Scope and generation are the row's."""

    ver: int
    """HQ's version of the card; 0 for one made at this till."""
    name: bytes
    """Nonce and ciphertext of the layer `NAME`."""
    rest: bytes
    """Likewise, of what `WHOLE` opens besides."""
    slots: tuple[Slot, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """What came out of a card."""

    layer: Layer
    name: bytes = b""
    rest: bytes = b""


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
        layers: what the name opens, and what opens besides with the whole.
        openers: the customer's identifiers; of one given twice the stronger counts.
        content_key: 16 random bytes, made for this card and version, and forgotten afterwards.

    Raises:
        ValueError: the content key has not 16 bytes.
    """
    if len(content_key) != CONTENT_KEY_BYTES:
        raise ValueError(f"a content key has {CONTENT_KEY_BYTES} bytes, not {len(content_key)}")
    bound = (keys.scope, keys.generation, party_id, ver)
    name = _encrypted(_name_secret(content_key), (*bound, Layer.NAME), layers[0])
    rest = _encrypted(content_key, (*bound, Layer.WHOLE), layers[1])
    strongest: dict[bytes, Layer] = {}
    for opener in openers:
        before = strongest.get(opener.stretched, Layer.NOTHING)
        strongest[opener.stretched] = max(before, opener.layer)
    slots = [_slot(keys, bound, *opener, content_key) for opener in strongest.items()]
    return SealedCard(ver, name, rest, tuple(sorted(slots, key=lambda slot: slot.token)))


def open_card(
    keys: ScopeKeys,
    party_id: str,
    card: SealedCard,
    slot: Slot,
    stretched: bytes,
    at_most: Layer = Layer.WHOLE,
) -> Opened:
    """Open a card by an identifier that was presented.

    Args:
        keys: of the scope.
        party_id: whose card the row says it is.
        card: the row.
        slot: the one that the identifier's token found.
        stretched: of the identifier.
        at_most: what the way of presenting it allows: a wallet pass opens the whole card, but only
            with its code of this moment.

    Raises:
        CardUnreadable: it does not open.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    layer = min(slot.layer, at_most)
    if layer is Layer.NOTHING:
        return Opened(layer)
    bound = (keys.scope, keys.generation, party_id, card.ver)
    try:
        held = aes_key_unwrap(_slot_key(keys, (*bound, slot.layer), stretched), slot.key)
        name_secret = held if slot.layer is Layer.NAME else _name_secret(held)
        name = _decrypted(name_secret, (*bound, Layer.NAME), card.name)
        if layer is Layer.NAME:
            return Opened(layer, name)
        return Opened(layer, name, _decrypted(held, (*bound, Layer.WHOLE), card.rest))
    except (InvalidUnwrap, InvalidTag, ValueError) as problem:
        raise CardUnreadable(
            f"the card of party {party_id} in {keys.scope} does not open: it is damaged, or sealed "
            f"for another generation than {keys.generation} of the scope's key",
            remedy="nothing at the till: HQ knows them, and the sale goes on; if it happens often, "
            "restart the agent, which fetches keys and snapshot anew",
        ) from problem


def _slot(
    keys: ScopeKeys, bound: _Bound, stretched: bytes, layer: Layer, content_key: bytes
) -> Slot:
    if layer is Layer.NOTHING:
        return Slot(token(keys, stretched))
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    opens = content_key if layer is Layer.WHOLE else _name_secret(content_key)
    wrapped = aes_key_wrap(_slot_key(keys, (*bound, layer), stretched), opens)
    return Slot(token(keys, stretched), layer, wrapped)


def _slot_key(keys: ScopeKeys, bound: _Bound, stretched: bytes) -> bytes:
    return derived(keys.slot, context("slot", *bound), stretched)


def _name_secret(content_key: bytes) -> bytes:
    return derived(content_key, context("name"))[:CONTENT_KEY_BYTES]


def _encrypted(secret: bytes, bound: _Bound, text: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    told = context("card", *bound)
    padded = _padded(text)
    nonce = hmac.digest(derived(secret, context("nonce")), told + b"\0" + padded, "sha256")
    nonce = nonce[:_NONCE_BYTES]
    return nonce + AESGCM(derived(secret, context("layer"))).encrypt(nonce, padded, told)


def _decrypted(secret: bytes, bound: _Bound, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(derived(secret, context("layer")))
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    padded = cipher.decrypt(nonce, text, context("card", *bound))
    return padded[: padded.rindex(_END)]


def _padded(text: bytes) -> bytes:
    """Fill up to the next multiple (ISO/IEC 7816-4, padding with 80 and zeros)."""
    return text + _END + bytes(-(len(text) + 1) % PADDED_TO)
