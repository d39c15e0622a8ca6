"""Texts for a QR code that carry their own Ed25519 signature (RFC 8032), checked offline.

The form is `KIND.FIELD.….KEY.SIGNATURE`: capitals, digits and dots only, so that a QR code packs
it in its alphanumeric mode (ISO/IEC 18004, 7.4.4) and no keyboard layout of a scanner garbles it.
KEY names the public key; the signature covers every character before its own dot, the kind too,
so a text of one kind never passes for another.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from agent.core.faults import InputFault

KEY_CHARACTERS = 12
SIGNATURE_BYTES = 64

_BASE32_GROUP = 8
_FIELD = re.compile(r"[0-9A-Z]+", re.ASCII)
# 64 bytes are 103 characters of base 32 (RFC 4648, section 6) without padding.
_TEXT = re.compile(
    rf"(?P<signed>(?P<kind>[0-9A-Z]+)\.(?P<fields>[0-9A-Z.]+)\.(?P<key>[0-9A-F]{{{KEY_CHARACTERS}}}))"
    r"\.(?P<signature>[A-Z2-7]{103})",
    re.ASCII,
)


class SignedText(msgspec.Struct, frozen=True):
    """A text as it was signed, the name of the key, and the signature: not yet checked."""

    signed: str
    key_id: str
    signature: bytes


def key_id(public: bytes) -> str:
    """Name a public key: the first 48 bits of its SHA-256, in hexadecimal.

    So do the names of device keys begin, in small letters (`exchange.credentials.key_id`). A name
    only finds the key among those this place trusts, so it need not be hard to forge.

    >>> key_id(bytes(32))
    '66687AADF862'
    """
    return sha256(public).hexdigest()[:KEY_CHARACTERS].upper()


def to_sign(kind: str, fields: Sequence[str], key: str) -> str:
    """Write the text whose ASCII bytes are to be signed.

    Args:
        kind: the form and its version, for example `SW1`.
        fields: of capitals and digits.
        key: `key_id` of the public key that will check it.

    Raises:
        InputFault: a part has other characters, or none.
    """
    parts = (kind, *fields, key)
    for part in parts:
        if _FIELD.fullmatch(part) is None:
            raise InputFault(
                f"a part of {len(part)} characters cannot stand in a signed text",
                remedy="write it in capital letters and digits; bytes in base 32",
                name="not-for-a-code",
            )
    return ".".join(parts)


def with_signature(signed: str, signature: bytes) -> str:
    """Put the signature behind the text it covers: this is what the QR code holds."""
    return f"{signed}.{to_base32(signature)}"


def read(text: str, kind: str) -> tuple[list[str], SignedText] | None:
    """Read a text of a kind: its fields, and what its signature covers; None where it is none.

    Scanners set to capitals, or to none, deliver the same text.
    """
    parts = _TEXT.fullmatch(text.strip().upper())
    if parts is None or parts["kind"] != kind:
        return None
    signature = from_base32(parts["signature"])
    return parts["fields"].split("."), SignedText(parts["signed"], parts["key"], signature)


def is_genuine(text: SignedText, public: bytes) -> bool:
    """Tell whether a key made the signature; never raises, whatever the bytes are."""
    # Imported here because it takes 80 ms to load, and few commands ever check a code.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(text.signature, text.signed.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def to_base32(data: bytes) -> str:
    """Write bytes as base 32 (RFC 4648, section 6) without padding."""
    return b32encode(data).decode().rstrip("=")


def from_base32(text: str) -> bytes:
    """Read base 32 without padding; empty for anything that is none.

    >>> from_base32(to_base32(b"abc")), from_base32("1")
    (b'abc', b'')
    """
    try:
        return b32decode(text + "=" * (-len(text) % _BASE32_GROUP))
    except ValueError:
        return b""
