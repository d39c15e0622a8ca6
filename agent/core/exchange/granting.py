"""The keys of a till's replica as HQ gives them: in an envelope for one device, under its root key.

The envelope keeps them secret (`core.privacy.envelopes`), the signature says that they are HQ's:
else whoever stands between could have a till seal what it enrols to a key of his own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, Verify, statement, unhex
from agent.core.privacy.envelopes import Seal, unwrap_keys, wrap_keys
from agent.core.privacy.keys import ScopeKey

_DOMAIN = b"till-agent keys v1"


class KeyGrant(msgspec.Struct, frozen=True):
    """What HQ gives a device; it signs the canonical JSON of it."""

    device_key: str
    """Ed25519 public key of the device, hexadecimal."""
    envelope: bytes
    """`core.privacy.wrap_keys` of every key it may have now."""
    enrolment_key: bytes
    """HQ's X25519 public key, which enrolments made offline are sealed to."""
    issued_at: str = ""
    """HQ's clock, for show."""


class SignedKeys(msgspec.Struct, frozen=True):
    """A grant as it travels."""

    grant: str
    """Canonical JSON of `KeyGrant`: what is signed, byte for byte."""
    signature: str
    """Ed25519 by HQ's root key, hexadecimal."""


def make_keys(
    sign: Sign,
    seal: Seal,
    device_key: bytes,
    keys: Sequence[ScopeKey],
    enrolment_key: bytes,
    issued_at: str = "",
) -> SignedKeys:
    """Grant keys to a device.

    Args:
        sign: by HQ's root key.
        seal: see `core.privacy.envelopes`.
        device_key: Ed25519 public key, 32 bytes.
        keys: all that it may have.
        enrolment_key: HQ's X25519 public key.
        issued_at: HQ's clock.

    Raises:
        ValueError: the device key is none.
    """
    envelope = wrap_keys(seal, keys, device_key)
    grant = KeyGrant(device_key.hex(), envelope, enrolment_key, issued_at)
    text = msgspec.json.encode(grant, order="deterministic").decode()
    return SignedKeys(text, sign(_said(text)).hex())


def read_keys(
    signed: SignedKeys, device_key: bytes, seed: bytes, verify: Verify
) -> tuple[tuple[ScopeKey, ...], bytes]:
    """Open what HQ granted.

    Args:
        signed: as received.
        device_key: this device's Ed25519 public key.
        seed: its private half, 32 bytes.
        verify: by HQ's root key.

    Returns:
        The keys, and the key that enrolments are sealed to.

    Raises:
        CredentialFault: HQ did not sign it, or it is for another device.
        EnvelopeUnreadable: it does not open.
    """
    if not verify(unhex(signed.signature), _said(signed.grant)):
        raise _not_genuine("they do not carry the signature of HQ's root key")
    try:
        grant = msgspec.json.decode(signed.grant, type=KeyGrant)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _not_genuine(f"they cannot be read: {error}") from error
    if grant.device_key != device_key.hex():
        raise _not_genuine("they are for another device")
    return unwrap_keys(grant.envelope, device_key, seed), grant.enrolment_key


def _said(text: str) -> bytes:
    return statement(_DOMAIN, text.encode())


def _not_genuine(why: str) -> CredentialFault:
    return CredentialFault(
        f"the keys of this till's customers are not taken: {why}",
        remedy="compare the versions of HQ and agent; if they are equal, find out who sent them",
        name="keys-not-genuine",
    )
