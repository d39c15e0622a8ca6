"""A batch as it travelled: unpacked under a limit, read, and matched with its address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec
import zstandard

from agent.core.exchange.coding import (
    BATCH_MEDIA_TYPE,
    DECODED_BYTES_MAX,
    ENCODED_BYTES_MAX,
    SYNC_HEADER,
    decode_batch,
)
from agent.core.exchange.dictionary import (
    CODINGS,
    DICTIONARY_CODING,
    PLAIN_CODING,
    dictionary,
)
from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.versions import SYNC_VERSIONS
from agent.core.exchange.wire import Batch
from agent.core.faults import InputFault

_SAME_VERSION = "update the agent or HQ, so that both speak the same sync version"
_WINDOW_BYTES_MAX = 1 << 23
"""What RFC 8878 (3.1.1.1.2) asks every decoder to support, and as much memory as one frame gets."""


class TooLarge(InputFault):
    """A batch beyond what HQ unpacks (RFC 9110, 15.5.14); the agent sends less at once."""

    name = "too-large"
    status = 413
    title = "The batch is too large"


class WrongMedia(InputFault):
    """A content of another type or coding (RFC 9110, 15.5.16)."""

    name = "wrong-media-type"
    status = 415
    title = "The content is not a batch"


class WrongVersion(InputFault):
    """Another sync version (RFC 9110, 15.5.22)."""

    name = "sync-version"
    status = 426
    title = "Another version of journal sync is needed"


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is no batch of this sync version, before its content is read.

    Raises:
        WrongVersion, WrongMedia, TooLarge.
    """
    check_version(headers)
    media = headers.get("Content-Type", "none").partition(";")[0].strip().lower()
    coding = coding_of(headers)
    if media != BATCH_MEDIA_TYPE or coding not in CODINGS:
        raise WrongMedia(
            f"the content is {media[:80]} in {coding[:20]}",
            remedy=f"send {BATCH_MEDIA_TYPE} with Content-Encoding: {' or '.join(CODINGS)}",
        )
    length = headers.get("Content-Length", "0")
    if length.isdigit() and int(length) > ENCODED_BYTES_MAX:
        raise too_large(f"{length} bytes")


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse a request of a sync version HQ does not understand; its answer names those it does.

    Raises:
        WrongVersion.
    """
    version = headers.get(SYNC_HEADER, "none")
    if not (version.isascii() and version.isdigit() and int(version) in SYNC_VERSIONS):
        raise WrongVersion(
            f"HQ speaks sync version {SYNC_VERSIONS}, not {version[:20]}", remedy=_SAME_VERSION
        )


def coding_of(headers: Mapping[str, str]) -> str:
    """Give how a content is compressed; `none` where nothing says so."""
    return headers.get("Content-Encoding", "none").strip().lower()


def read_batch(content: bytes, journal_id: str, coding: str = PLAIN_CODING) -> Batch:
    """Unpack and read a batch sent to the address of a journal.

    Raises:
        TooLarge: more than `DECODED_BYTES_MAX` unpacked.
        MalformedBatch: not zstd, not a batch, or of another journal than the address says.
    """
    batch = decode_batch(_unpacked(content, coding))
    if coding == DICTIONARY_CODING and not batch.journal_id:
        return msgspec.structs.replace(batch, journal_id=journal_id)
    if batch.journal_id != journal_id:
        raise MalformedBatch(
            f"a batch of journal {batch.journal_id[:40]!r} was sent to {journal_id[:40]!r}",
            remedy="compare the versions of the agent and of HQ",
        )
    return batch


def too_large(size: str) -> TooLarge:
    """Say that a batch is too large, and how large it may be."""
    return TooLarge(
        f"the batch has {size}; HQ takes {ENCODED_BYTES_MAX} bytes, {DECODED_BYTES_MAX} unpacked",
        remedy="send fewer records at once; the agent does so by itself",
    )


def _unpacked(content: bytes, coding: str) -> bytes:
    """Unpack at most so much: what a frame says of its own size is not believed."""
    known = _known() if coding == DICTIONARY_CODING else None
    unpacker = zstandard.ZstdDecompressor(dict_data=known, max_window_size=_WINDOW_BYTES_MAX)
    try:
        with unpacker.stream_reader(content) as reader:
            data = reader.read(DECODED_BYTES_MAX + 1)
    except zstandard.ZstdError as error:
        raise MalformedBatch(
            f"the batch cannot be unpacked: {error}", remedy=_SAME_VERSION
        ) from error
    if len(data) > DECODED_BYTES_MAX:
        raise too_large(f"more than {DECODED_BYTES_MAX} bytes unpacked")
    return data


@cache
def _known() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(dictionary(), dict_type=zstandard.DICT_TYPE_FULLDICT)
