"""Envelopes: sealed to one receiver's public key, and unreadable to the sender afterwards.

Hybrid public key encryption (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA-256), HKDF-SHA-256
and AES-256-GCM, one message per envelope: 32 bytes of encapsulated key, then the ciphertext. Four
things travel so: HQ's keys of a scope to each device, and to HQ an enrolment made at a till, the
payment account a tender came from, and the words somebody wrote or said about a customer.

A device needs no second key pair: its Ed25519 key is an X25519 key in another form (RFC 7748, 4.1),
and the two uses do not harm each other. Who sealed an envelope is not said by it: HQ signs what it
sends besides, and a device seals inside its signed journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha512
from typing import TYPE_CHECKING

import msgspec

from agent.core.faults import Fault
from agent.core.privacy.keys import ScopeKey, context

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

KEY_BYTES = 32
_PRIME = 2**255 - 19
_KEYS = "keys"
_ENROLMENT = "enrolment"
_ACCOUNT = "payment account"
_WORDS = "words"
Seal = Callable[[bytes, bytes, bytes], bytes]
"""(receiver's X25519 public key, text, purpose) → envelope: `suite().encrypt`, whose purpose is the
`info` of RFC 9180, 5.1. It draws a key for each envelope, so it is handed in."""


@cache
def suite() -> Suite:
    """Give the algorithms of every envelope (RFC 9180, 7)."""
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class EnvelopeUnreadable(Fault):
    """An envelope that is for somebody else, or damaged."""

    name = "envelope-unreadable"
    title = "A sealed message cannot be opened"


class _Batch(msgspec.Struct, frozen=True):
    keys: tuple[ScopeKey, ...]


def unseal(private: bytes, envelope: bytes, *, purpose: bytes) -> bytes:
    """Open an envelope with the receiver's X25519 private key.

    Raises:
        EnvelopeUnreadable: it is for another key or purpose, or was changed.
    """
    # Loaded late: commands read messages, and few of them open one.
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    own = X25519PrivateKey.from_private_bytes(private)
    try:
        return suite().decrypt(envelope, own, info=purpose)
    except (InvalidTag, ValueError) as problem:
        raise EnvelopeUnreadable(
            f"a sealed message of {len(envelope)} bytes is not for this key, or was changed",
            remedy="ask for it again; if that does not help, the receiver's key was replaced: "
            "enrol the device anew",
        ) from problem


def wrap_keys(seal: Seal, keys: Sequence[ScopeKey], device_key: bytes) -> bytes:
    """Seal the keys of scopes to a device.

    Args:
        seal: by `suite`.
        keys: all that the till of this device may have.
        device_key: the device's Ed25519 public key, 32 bytes.

    Raises:
        ValueError: the device key is none.
    """
    text = msgspec.json.encode(_Batch(tuple(keys)))
    return seal(as_x25519(device_key), text, _for_device(device_key))


def unwrap_keys(envelope: bytes, device_key: bytes, seed: bytes) -> tuple[ScopeKey, ...]:
    """Open what `wrap_keys` sealed.

    Args:
        envelope: as received.
        device_key: this device's Ed25519 public key.
        seed: its private half, 32 bytes (RFC 8032, 5.1.5).

    Raises:
        EnvelopeUnreadable: it is not for this device, or not of this version.
    """
    text = unseal(as_x25519_private(seed), envelope, purpose=_for_device(device_key))
    try:
        return msgspec.json.decode(text, type=_Batch).keys
    except msgspec.MsgspecError as problem:
        raise EnvelopeUnreadable(
            "HQ's keys are written in a way this version does not know",
            remedy="update the agent to HQ's version",
        ) from problem


def seal_enrolment(seal: Seal, text: bytes, hq_key: bytes, party_id: str) -> bytes:
    """Seal what a person said at a till that has no line to HQ: the till cannot read it back.

    Args:
        seal: by `suite`.
        text: name, contacts and consents, as HQ will read them.
        hq_key: HQ's X25519 public key.
        party_id: of the person; it travels in the clear and is bound to the text.

    Raises:
        ValueError: a key that is none.
    """
    return seal(hq_key, text, _of_person(party_id))


def unseal_enrolment(envelope: bytes, private: bytes, party_id: str) -> bytes:
    """Open at HQ what `seal_enrolment` sealed.

    Raises:
        EnvelopeUnreadable: it is for another key or person, or was changed.
    """
    return unseal(private, envelope, purpose=_of_person(party_id))


def seal_account(seal: Seal, reference: str, hq_key: bytes, sale_id: str) -> bytes:
    """Seal the payment account behind a tender: no till can read it back, nor tell two apart.

    Args:
        seal: by `suite`.
        reference: as `recognition.payment` normalises it.
        hq_key: HQ's X25519 public key.
        sale_id: of the sale; it travels in the clear and is bound to the reference.

    Raises:
        ValueError: a key that is none.
    """
    return seal(hq_key, reference.encode(), _of_sale(sale_id))


def unseal_account(envelope: bytes, private: bytes, sale_id: str) -> bytes:
    """Open at HQ what `seal_account` sealed.

    Raises:
        EnvelopeUnreadable: it is for another key or sale, or was changed.
    """
    return unseal(private, envelope, purpose=_of_sale(sale_id))


def seal_words(seal: Seal, words: str, hq_key: bytes, fact: Sequence[str]) -> bytes:
    """Seal what was written or said about a customer: a stolen till tells nothing of it.

    Args:
        seal: by `suite`.
        words: of a note, a task, an answer.
        hq_key: HQ's X25519 public key.
        fact: what names the one they stand in, which travels in the clear and is bound to them.

    Raises:
        ValueError: a key that is none.
    """
    return seal(hq_key, words.encode(), context(_WORDS, *fact))


def unseal_words(envelope: bytes, private: bytes, fact: Sequence[str]) -> bytes:
    """Open at HQ what `seal_words` sealed.

    Raises:
        EnvelopeUnreadable: it is for another key or fact, or was changed.
    """
    return unseal(private, envelope, purpose=context(_WORDS, *fact))


def as_x25519(device_key: bytes) -> bytes:
    """Give an Ed25519 public key in the form of X25519 (RFC 7748, 4.1): u = (1 + y) / (1 - y).

    Raises:
        ValueError: not 32 bytes, or the one point that has no other form.
    """
    if len(device_key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(device_key)}")
    y = int.from_bytes(device_key, "little") & ((1 << 255) - 1)
    return ((1 + y) * pow(1 - y, -1, _PRIME) % _PRIME).to_bytes(KEY_BYTES, "little")


def as_x25519_private(seed: bytes) -> bytes:
    """Give an Ed25519 private key in the form of X25519 (RFC 8032, 5.1.5, steps 1 and 2)."""
    return sha512(seed).digest()[:KEY_BYTES]


def _for_device(device_key: bytes) -> bytes:
    return context(_KEYS, device_key.hex())


def _of_person(party_id: str) -> bytes:
    return context(_ENROLMENT, party_id)


def _of_sale(sale_id: str) -> bytes:
    return context(_ACCOUNT, sale_id)
