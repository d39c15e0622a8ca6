"""Byte strings that are signed: a domain first, then fields that each say their length.

The domain keeps a signature over one kind of statement from ever passing for another, the lengths
keep two different statements from ever being the same bytes. How a signature is made or checked
is the caller's: it hands in a callable, so that a private key stays where it is kept.
"""

from __future__ import annotations

from collections.abc import Callable

Sign = Callable[[bytes], bytes]
"""Message → signature (Ed25519, RFC 8032: 64 bytes)."""
Verify = Callable[[bytes, bytes], bool]
"""(signature, message) → whether the signature is genuine; never raises for any bytes."""

_LENGTH_BYTES = 4


def statement(domain: bytes, *fields: bytes) -> bytes:
    """Write a domain and fields as unambiguous bytes.

    >>> statement(b"d", b"ab", b"").hex()
    '640000000002616200000000'
    """
    return domain + b"\0" + b"".join(_sized(field) for field in fields)


def unhex(text: str) -> bytes:
    """Read hexadecimal; empty for anything that is none, which then fails the check it is for.

    >>> unhex("6162"), unhex("zz")
    (b'ab', b'')
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _sized(field: bytes) -> bytes:
    return len(field).to_bytes(_LENGTH_BYTES, "big") + field
