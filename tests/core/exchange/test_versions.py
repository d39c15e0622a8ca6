"""Old and new programs together: the highest common version, and bodies that stay as they are."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.coding import decode_batch
from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.versions import SYNC_VERSIONS, Versions, advice, common, parse
from agent.core.exchange.wire import Ack, Batch, WireRecord

TWO = Versions(1, 2)


class RecordOfTwo(msgspec.Struct, frozen=True, array_like=True):
    """What a later version might send: a field more at the end."""

    seq: int
    kind: int
    version: int
    salt: bytes
    body: bytes
    commitment: bytes = b""
    erased_by: str = ""
    colour: str = "blue"


class BatchOfTwo(msgspec.Struct, frozen=True, array_like=True):
    """A batch of a later version, with two fields more."""

    version: int
    journal_id: str
    incarnation: str
    base: int
    prev_hash: bytes
    tail_seq: int
    records: tuple[RecordOfTwo, ...]
    last_ack: None = None
    oldest_unacked_age_s: int = 0
    backlog_bytes: int = 0
    agent_version: str = ""
    feed_cursors: dict[str, str] = {}
    pruned_seq: int = 0
    wall: str = ""
    in_step: bytes = b""
    weather: dict[str, int] = {}
    mood: str = "good"


@pytest.mark.parametrize("text", ["", "0", "1-", "-1", "2-1", "1-2-3", "²", "1.5", "12345", "0-1"])
def test_a_range_that_is_none_is_none(text):
    """If it were believed, a proxy's header could make a till fall silent."""
    assert parse(text) is None


@pytest.mark.parametrize(("versions", "text"), [(Versions(1, 1), "1"), (Versions(2, 10), "2-10")])
def test_a_range_is_read_as_it_is_written(versions, text):
    """If it were not, HQ and till would not find the version both speak."""
    assert (text, versions) == (str(versions), parse(text))
    assert versions.highest in versions
    assert versions.highest + 1 not in versions


@pytest.mark.parametrize(
    ("ours", "theirs", "chosen"),
    [
        (Versions(1, 1), Versions(1, 2), 1),
        (Versions(1, 2), Versions(1, 1), 1),
        (Versions(1, 3), Versions(2, 4), 3),
        (Versions(1, 2), Versions(3, 4), None),
        (Versions(3, 4), Versions(1, 2), None),
    ],
)
def test_the_highest_common_version_is_spoken(ours, theirs, chosen):
    """If it were not, one side would hear what it cannot read."""
    assert chosen == common(ours, theirs) == common(theirs, ours)


def test_who_must_be_updated_is_said():
    """If it were not, IT would update the side that is new already."""
    assert "update this till-agent" in advice(Versions(1, 2), Versions(3, 4))
    assert "update till-central" in advice(Versions(3, 4), Versions(1, 2))


def test_a_later_batch_is_read_without_its_new_fields():
    """If it were not, HQ could not be older than one till of its chain."""
    body = b'{"type":"weather.seen","sky":[1.0,  "\xc3\xa4"]}'
    sent = BatchOfTwo(
        2, "ab", "i", 1, b"", 1, (RecordOfTwo(1, 999, 7, bytes(16), body),), weather={"rain": 1}
    )
    read = decode_batch(msgspec.msgpack.encode(sent), TWO)
    assert (WireRecord(1, 999, 7, bytes(16), body),) == read.records
    assert (2, "") == (read.version, read.wall)


def test_an_earlier_batch_is_read_by_a_later_program():
    """If it were not, every till would have to be updated before HQ."""
    early = [1, "ab", "i", 1, b"", 1, [[1, 1, 1, bytes(16), b"{}"]], None, 3]
    read = decode_batch(msgspec.msgpack.encode(early))
    assert (3, 0, {}) == (read.oldest_unacked_age_s, read.pruned_seq, read.feed_cursors)


def test_an_ack_of_a_later_hq_is_read_without_its_new_fields():
    """If it were not, an update of HQ would end sync in every store."""
    told = {"epoch": "1-aa", "journal_id": "ab", "seq": 3, "hash": "", "signature": "", "new": [1]}
    assert 3 == msgspec.json.decode(msgspec.json.encode(told), type=Ack).seq


def test_a_version_beyond_the_range_is_malformed():
    """If it were read as today's, its records could be misunderstood."""
    batch = Batch(SYNC_VERSIONS.highest + 1, "ab", "i", 1, b"", 0, ())
    with pytest.raises(MalformedBatch, match="sync version"):
        decode_batch(msgspec.msgpack.encode(batch))
