"""The dictionary of batches: the very bytes both sides agreed on by the name of the coding."""

from __future__ import annotations

import hashlib
import os

import msgspec
import zstandard

from agent.core.exchange.coding import decode_batch, encode_batch
from agent.core.exchange.dictionary import CODINGS, DICTIONARY_ID, dictionary
from agent.core.exchange.wire import Batch, LastAck, WireRecord
from agent.links.packing import packed

X_TILL_1 = "970975d987f5163938dc0035fdfa6e65353f64bf8e5bf4770e179907aa5126ee"


def test_the_dictionary_is_the_one_of_its_name():
    """If a byte of it changed, HQs and tills of two releases would not read each other."""
    assert X_TILL_1 == hashlib.sha256(dictionary()).hexdigest()
    assert DICTIONARY_ID == zstandard.ZstdCompressionDict(dictionary()).dict_id()
    assert ("zstd", "x-till-1") == CODINGS


def test_a_batch_comes_out_as_it_went_in():
    """If it did not, no hash of it would hold at HQ."""
    known = zstandard.ZstdCompressionDict(dictionary())
    for count in (0, 1, 40):
        records = tuple(WireRecord(n, 1, 1, os.urandom(16), os.urandom(300)) for n in range(count))
        last = LastAck("1-aa", 1, os.urandom(32), os.urandom(64))
        batch = Batch(1, "ab" * 16, "first", 1, os.urandom(32), count, records, last)
        for coding in CODINGS:
            unpacker = zstandard.ZstdDecompressor(known if coding != "zstd" else None)
            with unpacker.stream_reader(packed(batch, coding)) as reader:
                named = "ab" * 16 if coding == "zstd" else ""
                sent = msgspec.structs.replace(batch, journal_id=named)
                assert encode_batch(sent) == reader.read()


def test_only_who_reads_the_dictionary_is_sent_less_evidence():
    """An HQ of before the dictionary would refuse a batch without its place in the chain."""
    last = LastAck("1-aa", 1, bytes(32), bytes(64))
    batch = Batch(1, "ab" * 16, "first", 2, bytes(32), 1, (), last, in_step=bytes(16))
    known = zstandard.ZstdCompressionDict(dictionary())
    for coding, (hash_, shown, said) in {
        "zstd": (bytes(32), last, b""),
        "x-till-1": (b"", None, bytes(16)),
    }.items():
        unpacker = zstandard.ZstdDecompressor(known if coding != "zstd" else None)
        with unpacker.stream_reader(packed(batch, coding)) as reader:
            sent = decode_batch(reader.read())
        assert (hash_, shown, said) == (sent.prev_hash, sent.last_ack, sent.in_step)
