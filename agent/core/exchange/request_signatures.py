"""The signature over a request as every agent writes it: one form of RFC 9421, made without search.

A signature may be written in many ways (RFC 9421, 2.5): other labels, orders, parameters, several
at once. Reading them all takes a library ten times as long as checking the signature does. What an
agent sends has always this one form, and it is recognised by it; whatever differs by a single
character is left to the library, which accepts this form as well and says why it refuses another.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

import msgspec

from agent.core.exchange.coding import (
    SIGNATURE_LABEL,
    SIGNED_COMPONENTS,
    SYNC_HEADER,
    content_digest,
)

_COVERED = " ".join(f'"{component}"' for component in SIGNED_COMPONENTS)
_INPUT = re.compile(
    rf"{SIGNATURE_LABEL}=(\({re.escape(_COVERED)}\);created=(?:0|-?[1-9][0-9]{{0,9}})"
    r';keyid="([0-9a-f]{1,64})";alg="ed25519")',
    re.ASCII,
)
"""Seconds from the year 1653 to 2286, as RFC 9651 writes a number: no library refuses those."""
_SIGNATURE = re.compile(rf"{SIGNATURE_LABEL}=:([A-Za-z0-9+/]{{86}}==):", re.ASCII)
_PLAIN_TARGET = re.compile(
    r"(/[A-Za-z0-9_~:-][A-Za-z0-9_~:.-]*)+(\?[A-Za-z0-9_~:.=&-]+)?", re.ASCII
)
"""A path and a query that every implementation of `@path` and `@query` (RFC 9421, 2.2.6 and 2.2.7)
leaves as they are."""
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_FIELDS = ("content-digest", SYNC_HEADER.lower(), "signature-input", "signature")


class SignedRequest(msgspec.Struct, frozen=True):
    """A request in the one form, its signature yet to be checked."""

    keyid: str
    message: bytes
    """The signature base (RFC 9421, 2.5): what the signature is over."""
    signature: bytes


def is_plain(target: str) -> bool:
    """Tell whether a path, with its query where it has one, can be signed in the one form.

    >>> is_plain("/v1/feeds/store:0001?limit=50"), is_plain("/v1/a%20b"), is_plain("/v1/../x")
    (True, False, False)
    """
    return _PLAIN_TARGET.fullmatch(target) is not None


def signature_params(keyid: str, created: int) -> str:
    """Write what a signature says of itself (RFC 9421, 2.3).

    Args:
        keyid: `credentials.key_id` of the device key.
        created: the till's clock, seconds since 1970; never enforced (P11).
    """
    return f'({_COVERED});created={created};keyid="{keyid}";alg="ed25519"'


def signature_base(method: str, target: str, digest: str, version: str, params: str) -> bytes:
    """Write what is signed of a request (RFC 9421, 2.5); the target is plain (`is_plain`).

    A request without a query has the query `?` (RFC 9421, 2.2.7).
    """
    path, _, query = target.partition("?")
    values = (method, path, f"?{query}", digest, version)
    lines = [f'"{name}": {value}' for name, value in zip(SIGNED_COMPONENTS, values, strict=True)]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode()


def signature_fields(params: str, signature: bytes) -> dict[str, str]:
    """Write the header fields that carry a signature (RFC 9421, 4.1, 4.2)."""
    text = base64.b64encode(signature).decode()
    return {
        "Signature-Input": f"{SIGNATURE_LABEL}={params}",
        "Signature": f"{SIGNATURE_LABEL}=:{text}:",
    }


def recognised(
    method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
) -> SignedRequest | None:
    """Read a request that is signed in the one form, its content matched with the digest.

    Args:
        method: as it travelled.
        target: path and query, byte for byte as they travelled.
        headers: every field line, names in any case.
        body: the content as it travelled.

    Returns:
        What is to be checked; None of anything that is written otherwise, whatever it is.
    """
    fields = _fields(headers)
    if fields is None or not (is_plain(target) and method.isascii() and method.isupper()):
        return None
    digest, version, given, signature = fields
    said, signed = _INPUT.fullmatch(given), _SIGNATURE.fullmatch(signature)
    if said is None or signed is None or _VERSION.fullmatch(version) is None:
        return None
    if digest != content_digest(body):
        return None
    message = signature_base(method, target, digest, version, said[1])
    return SignedRequest(said[2], message, base64.b64decode(signed[1]))


def _fields(headers: Iterable[tuple[str, str]]) -> list[str] | None:
    """Pick the fields that matter; None where one is missing or comes twice."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in _FIELDS:
            if key in found:
                return None
            found[key] = value
    return [found[key] for key in _FIELDS] if len(found) == len(_FIELDS) else None
