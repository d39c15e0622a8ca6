"""Batches as bytes: sealed bodies arrive byte for byte, anything else is named."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.exchange.coding import (
    content_digest,
    decode_batch,
    encode_batch,
    fitting,
    is_intact,
)
from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.wire import Batch, LastAck, WireRecord

records = st.builds(
    WireRecord,
    seq=st.integers(1, 2**40),
    kind=st.integers(0, 65535),
    version=st.integers(0, 65535),
    salt=st.binary(max_size=16),
    body=st.binary(max_size=40),
)
batches = st.builds(
    Batch,
    version=st.just(1),
    journal_id=st.text(max_size=32),
    incarnation=st.text(max_size=32),
    base=st.integers(1, 2**40),
    prev_hash=st.binary(max_size=32),
    tail_seq=st.integers(0, 2**40),
    records=st.lists(records, max_size=3).map(tuple),
    last_ack=st.none()
    | st.builds(LastAck, st.text(), st.integers(0, 2**63), st.binary(), st.binary()),
)


@given(batches)
def test_a_batch_arrives_as_it_was_sent(batch):
    """If one byte changed, its hash would be another and HQ would raise a fork."""
    assert batch == decode_batch(encode_batch(batch))


@given(st.binary(max_size=60))
def test_other_bytes_are_a_malformed_batch(data):
    """If they were a crash, one damaged till could stop HQ's intake."""
    with pytest.raises(MalformedBatch):
        decode_batch(data)


def test_a_batch_of_another_version_says_so():
    """If it did not, an update in the wrong order would look like damage."""
    batch = Batch(2, "ab", "i", 1, b"", 0, ())
    with pytest.raises(MalformedBatch, match="version 2") as caught:
        decode_batch(msgspec.msgpack.encode(batch))
    assert "sync-version" == caught.value.name


@pytest.mark.parametrize(
    ("bodies", "size_max", "fit"),
    [((), 100, 0), ((500,), 100, 1), ((30, 30), 100, 1), ((30, 30), 1000, 2), ((10, 999), 500, 1)],
)
def test_a_batch_is_cut_by_size_and_never_to_nothing(bodies, size_max, fit):
    """If it were cut to nothing, one large record would stop its journal for ever."""
    made = [WireRecord(n, 1, 1, bytes(16), bytes(size)) for n, size in enumerate(bodies, 1)]
    assert fit == fitting(made, size_max)


@pytest.mark.parametrize(
    ("field", "intact"),
    [
        (content_digest(b"x"), True),
        (f"md5=:AA==:, {content_digest(b'x')}", True),
        (content_digest(b"y"), False),
        (f"{content_digest(b'x')}, {content_digest(b'y')}", False),
        ("SHA-256=:AAAA:", False),
        ("sha-256", False),
        ("sha-512=:AAAA:", True),
        ("", True),
    ],
)
def test_a_content_is_held_against_its_digest(field, intact):
    """If it were not, a till would apply what a line has changed."""
    assert intact == is_intact(field, b"x")
