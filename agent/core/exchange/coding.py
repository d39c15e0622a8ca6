"""A batch as bytes, and what its HTTP message carries besides (RFC 9421, RFC 9530).

Compression is the caller's: zstd around `encode_batch`, by the dictionary of `exchange.dictionary`
where HQ reads it; the content digest is of the compressed bytes, as they travel.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import msgspec

from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.versions import SYNC_VERSIONS, Versions
from agent.core.exchange.wire import Batch, WireRecord

BATCH_MEDIA_TYPE = "application/vnd.till-agent.batch"
SYNC_HEADER = "X-Sync-Version"
SIGNED_COMPONENTS = ("@method", "@path", "@query", "content-digest", "x-sync-version")
"""What every request's signature covers (RFC 9421, 2.)."""
SIGNATURE_LABEL = "till"
ENCODED_BYTES_MAX = 1 << 20
"""A batch as it travels, compressed: HQ answers 413 to more."""
DECODED_BYTES_MAX = 8 << 20
"""A batch unpacked: HQ refuses to unpack more, whatever the compressed size was."""

FEED_ITEMS_MAX = 50
"""Changes a till asks for at once: a page is applied on the loop that also answers scans, and
50 items hold it up for less than 10 ms."""
_SHA_256 = "sha-256"
_RECORD_OVERHEAD = 64
"""Bytes of a record besides its body: salt, numbers, MessagePack's marks."""


def fitting(records: Sequence[WireRecord], size_max: int = DECODED_BYTES_MAX // 2) -> int:
    """Count how many of the first records fit a batch by size: one at least, if there is one."""
    size = 0
    for count, record in enumerate(records):
        size += len(record.body) + _RECORD_OVERHEAD
        if size > size_max:
            return max(count, 1)
    return len(records)


def encode_batch(batch: Batch) -> bytes:
    """Write a batch as MessagePack; the bodies stay byte for byte as sealed."""
    return msgspec.msgpack.encode(batch)


def decode_batch(data: bytes, versions: Versions = SYNC_VERSIONS) -> Batch:
    """Read a batch of one of these versions; fields a later version appended are passed over.

    Raises:
        MalformedBatch: not MessagePack, not a batch, or of another sync version.
    """
    try:
        batch = msgspec.msgpack.decode(data, type=Batch)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBatch(
            f"the batch cannot be read: {error}",
            remedy="update the agent or HQ, so that both speak the same sync version",
        ) from error
    if batch.version not in versions:
        raise MalformedBatch(
            f"the batch is of sync version {batch.version}, not {versions}",
            remedy="update the agent or HQ, so that both speak the same sync version",
            name="sync-version",
        )
    return batch


def content_digest(content: bytes) -> str:
    """Write the Content-Digest header of a message (RFC 9530, 2.).

    >>> content_digest(b"")
    'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'
    """
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def is_intact(field: str, content: bytes) -> bool:
    """Tell whether a content is the one a Content-Digest field is of (RFC 9530, 2.).

    True where the field names no SHA-256: an older HQ sends none, and other algorithms are not
    known here.

    >>> is_intact(content_digest(b"x"), b"x"), is_intact(content_digest(b"x"), b"y")
    (True, False)
    >>> is_intact("", b"x"), is_intact("md5=:eA==:", b"x")
    (True, True)
    """
    members = (member.strip().partition("=") for member in field.split(","))
    named = [value for name, _, value in members if name.lower() == _SHA_256]
    return all(f"{_SHA_256}={value}" == content_digest(content) for value in named)
