"""Archive files: whoever gets one can prove every byte of it, or is told where it is wrong."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.core.entries.archive import ArchiveEnd, ArchiveRecord, ArchiveRefused
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.verbatim import written
from tests.core.entries.archives import (
    BEFORE,
    HEADER,
    KEY,
    journal,
    lines_of,
    parts,
    read,
    records,
)


def test_what_is_written_is_read():
    """An archive that is refused by its own reader saves nothing."""
    taken = read(lines_of(parts()))
    assert parts() == taken[:-1]
    end = taken[-1]
    assert isinstance(end, ArchiveEnd)
    assert (2, 5, KEY.hex()) == (end.journals, end.records, end.device_key)


def test_an_archive_without_journals():
    """A till's first minute could not be exported."""
    assert [0, 0] == [read(lines_of(parts()[:1]))[-1].journals, 0]


def refused(lines):
    with pytest.raises(ArchiveRefused) as told:
        read(lines)
    assert "archive-refused" == told.value.name
    return told.value.detail


def changed(at, **changes):
    some = parts()
    some[at] = replace(some[at], **changes)
    return lines_of(some)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "line 0: the file stops before its end"),
        (lines_of(parts())[:-1], "line 8: the file stops before its end"),
        (lines_of(parts()) * 2, "line 10: something follows the end"),
        (lines_of(parts())[1:], "line 1: the file does not begin with the header"),
        (lines_of([parts()[0], *parts()]), "line 2: a second header"),
        (lines_of([parts()[0], *parts()[2:]]), "line 2: an entry stands before any journal"),
        (lines_of([*parts(), parts()[-1]]), "is there twice"),
        (lines_of([*parts()[:3], *parts()[4:]]), "line 4: entry 3 stands where 2 is due"),
        (lines_of([*parts()[:6], *parts()[7:]]), "line 7: journal " + "0" * 31 + "1 ends at entry"),
        (lines_of(parts()[:6]), "line 7: journal " + "0" * 31 + "1 ends at entry 4"),
        (changed(0, format="recipes"), "the file is 'recipes' in version 1"),
        (changed(0, version=2), "in version 2; this program reads"),
        (changed(1, store="store-2"), "its genesis does not bind it"),
        (changed(1, device_key="zz"), "it cannot be a journal"),
        (changed(1, journal="ff"), "it cannot be a journal"),
        (changed(1, tail_hash="00" * 32), "line 8: journal"),
        (changed(7, succeeds=replace(parts()[7].succeeds, hash="00" * 32)), "does not go on from"),
        (changed(2, body="{}"), "line 3: the body of entry 1 is not the one"),
        (changed(2, salt="zz"), "entry 1 cannot be one"),
        (changed(2, salt=""), "entry 1 cannot be one"),
        (changed(2, commitment="zz"), "entry 1 cannot be one"),
        (changed(3, body="{}"), "line 4: the body of entry 2 is not the one"),
        (changed(4, salt="00" * 16), "line 5: the body of entry 3 is not the one"),
        (changed(3, commitment="00"), "entry 2 cannot be one"),
        (changed(3, kind=2), "line 4: the hash of entry 2 is not that"),
        (changed(3, hash="00" * 32), "line 4: the hash of entry 2 is not that"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(lines, reason):
    """IT would look through a million lines for one."""
    assert reason in refused(lines)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"records":5', b'"records":6', "the lines before it are not those"),
        (b'"journals":2', b'"journals":1', "the lines before it are not those"),
        (b'"device_key":"', b'"device_key":"z', "its key or signature is not hexadecimal"),
        (b'"device_key":"000102', b'"device_key":"00 0102', "is not hexadecimal"),
        (b'"signature":"', b'"signature":"00', "it is not signed by the device it names"),
        (b'"digest":"', b'"digest":"0', "the lines before it are not those"),
        (b'"journals":2', b'"journals": 2', "it is not written as this program writes it"),
        (b"}\n", b"}", "it is not written as this program writes it"),
        (b'"type":"end"', b'"type":"and"', "it is no line of an archive"),
    ],
)
def test_the_end_is_proven_too(old, new, reason):
    """Somebody would sign another device's file."""
    *lines, end = lines_of(parts())
    assert reason in refused([*lines, end.replace(old, new)])


def test_bytes_that_are_no_text_come_back_as_they_were_sealed():
    """What a later version sealed would be refused by the reader of its own export."""
    body = b"\0\xff\xfe"
    committed = commitment(bytes(16), body)
    first = genesis(f"{1:032x}", "store-1", "till-1", "sales", KEY)
    tail = link(f"{1:032x}", 1, first, 99, 7, committed)
    record = ArchiveRecord(
        1, 99, 7, committed.hex(), tail.hex(), bytes(16).hex(), **written(body)._asdict()
    )
    lines = lines_of([HEADER, journal(1, 1, tail), record])
    assert body == read(lines)[2].sealed


def test_text_has_no_second_spelling_in_base64():
    """Two files that say the same would have two digests."""
    some = parts()
    raw = base64.b64encode(some[2].body.encode()).decode()
    some[2] = replace(some[2], body="", raw=raw)
    assert "line 3" in refused(lines_of(some))


def test_another_spelling_is_refused():
    """Two files that say the same would have two digests."""
    lines = lines_of(parts())
    spelt = lines[3].replace(b"order-7", b"\\u006frder-7")
    assert msgspec.json.decode(spelt) == msgspec.json.decode(lines[3])
    assert "not written as" in refused([*lines[:3], spelt, *lines[4:]])


@settings(deadline=None)
@given(st.data())
def test_every_changed_byte_is_refused(data):
    """One byte that can be changed unseen is an amount that can be changed unseen."""
    whole = bytearray(b"".join(lines_of(parts())))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    refused(bytes(whole).splitlines(keepends=True))


@settings(deadline=None)
@given(st.data())
def test_every_cut_is_refused(data):
    """Half a file would pass for all there is."""
    whole = b"".join(lines_of(parts()))
    refused(whole[: data.draw(st.integers(0, len(whole) - 1))].splitlines(keepends=True))


def test_two_archives_cannot_be_put_together():
    """Entries of another day would slip into a signed file."""
    entries, tail = records(3, 2)
    other = [parts()[0], journal(3, 2, tail), *entries]
    mixed = [*lines_of(parts())[:-1], *lines_of(other)[1:]]
    assert "the lines before it are not those" in refused(mixed)
    assert BEFORE.hex() == parts()[-1].predecessor
