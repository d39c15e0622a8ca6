"""Sealed bytes inside a JSON document, byte for byte.

They are JSON text themselves, and stand there as text. What is none (an entry of a later version,
or one that a disk has torn), and what a database would not keep as text, stands there in base64
(RFC 4648, 4.).
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple


class Verbatim(NamedTuple):
    """Bytes as fields of a document; exactly one of the two is used."""

    body: str
    """The bytes, where they are UTF-8 without U+0000."""
    raw: str
    """The bytes in base64, where they are not."""


def written(sealed: bytes) -> Verbatim:
    r"""Write bytes into a document.

    >>> written(b"{}"), written(b"\xff")
    (Verbatim(body='{}', raw=''), Verbatim(body='', raw='/w=='))
    """
    try:
        text = sealed.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return Verbatim("", base64.b64encode(sealed).decode())
    return Verbatim(text, "")


def read_back(body: str, raw: str) -> bytes:
    r"""Give the bytes that were written; of what is no base64 none, which proves nothing.

    >>> read_back("{}", ""), read_back("", "/w=="), read_back("", "/")
    (b'{}', b'\xff', b'')
    """
    if not raw:
        return body.encode()
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return b""
