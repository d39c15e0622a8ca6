"""A batch as it travels: zstd (RFC 8878), with the dictionary where HQ has said it reads it."""

from __future__ import annotations

from functools import cache

import msgspec
import zstandard

from agent.core.exchange.coding import encode_batch
from agent.core.exchange.dictionary import DICTIONARY_CODING, dictionary
from agent.core.exchange.in_step import lean, told_whole
from agent.core.exchange.wire import Batch

_LEVEL = 3
_SMALL_LEVEL = 12
_SMALL_BYTES = 4 << 10
"""A sale or two: trying harder takes a fifth of a millisecond, and saves a byte in twenty."""


def packed(batch: Batch, coding: str) -> bytes:
    """Write and compress a batch; safe in any thread.

    Args:
        batch: what is sent.
        coding: one of `exchange.dictionary.CODINGS`.
    """
    if coding != DICTIONARY_CODING:
        return zstandard.ZstdCompressor(level=_LEVEL).compress(encode_batch(told_whole(batch)))
    # The address it is sent to, which the signature covers, names the journal.
    content = encode_batch(msgspec.structs.replace(lean(batch), journal_id=""))
    level = _SMALL_LEVEL if len(content) <= _SMALL_BYTES else _LEVEL
    return zstandard.ZstdCompressor(
        dict_data=_known(level), level=level, write_content_size=False
    ).compress(content)


@cache
def _known(level: int) -> zstandard.ZstdCompressionDict:
    """Give the dictionary, digested once."""
    known = zstandard.ZstdCompressionDict(dictionary(), dict_type=zstandard.DICT_TYPE_FULLDICT)
    known.precompute_compress(level=level)
    return known
