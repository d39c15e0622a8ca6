"""What a till believes of a snapshot, and what rows a change makes."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from agent.core.exchange.cursors import ORIGIN, Cursor, advance, follows
from agent.core.exchange.replica import (
    Refused,
    item_keys,
    item_of,
    moved_to,
    order_of,
    person_of,
    shapes,
)
from agent.core.exchange.snapshots import (
    CHUNK_BYTES_MAX,
    Chunk,
    Manifest,
    SignedManifest,
    SnapshotUnusable,
    is_chunk,
    make_manifest,
    read_manifest,
)
from agent.core.exchange.wire import FeedItem, FeedPage, SealedRow
from agent.core.identifiers import ItemId
from agent.core.privacy import SealedCard, Slot
from agent.core.recognition import Item


def sign(message):
    return hashlib.sha512(message).digest()


def verify(signature, message):
    return signature == sign(message)


def a_manifest(**fields):
    values = {
        "snapshot_id": "ab",
        "scope": "global",
        "epoch": "1-ab",
        "cursor": f"1-ab.7.{ORIGIN}",
        "format": 1,
        "shapes": "s",
        "rows": 7,
        "size": 9,
        "sha256": "00",
        "chunks": (Chunk("00", 5), Chunk("01", 4)),
    }
    return Manifest(**(values | fields))


def test_what_hq_signed_is_read():
    """Wrong: no till ever takes a snapshot."""
    manifest = a_manifest()
    assert manifest == read_manifest(make_manifest(sign, manifest), "global", verify)
    assert 9 == manifest.bytes


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        (SignedManifest(make_manifest(sign, a_manifest()).manifest, "00"), "signature"),
        (SignedManifest(make_manifest(sign, a_manifest()).manifest, "no hex"), "signature"),
        (make_manifest(sign, a_manifest(scope="store:1")), "'store:1' instead"),
        (make_manifest(sign, a_manifest(cursor="nonsense")), "cannot be read"),
        (make_manifest(sign, a_manifest(epoch="2-cd")), "contradicts"),
        (make_manifest(sign, a_manifest(chunks=())), "contradicts"),
        (make_manifest(sign, a_manifest(chunks=(Chunk("00", 0),))), "contradicts"),
        (make_manifest(sign, a_manifest(chunks=(Chunk("", CHUNK_BYTES_MAX + 1),))), "contradicts"),
        (make_manifest(sign, a_manifest(size=0)), "contradicts"),
        (make_manifest(sign, a_manifest(size=1 << 41)), "contradicts"),
        (make_manifest(sign, a_manifest(rows="seven")), "cannot be read"),
    ],
)
def test_what_cannot_be_is_not_believed(signed, said):
    """Wrong: whoever stands between till and HQ decides who is a customer."""
    with pytest.raises(SnapshotUnusable, match=said) as caught:
        read_manifest(signed, "global", verify)
    assert "page by page" in caught.value.remedy


def test_a_piece_is_its_hash():
    """Wrong: a damaged piece is found only when all have come."""
    content = b"content"
    chunk = Chunk(hashlib.sha256(content).hexdigest(), 7)
    assert is_chunk(chunk, content)
    assert not is_chunk(chunk, b"contens")
    assert not is_chunk(msgspec.structs.replace(chunk, bytes=8), content)


def put(key, body):
    return FeedItem(1, key, 1, "put", msgspec.Raw(msgspec.json.encode(body)))


def test_a_change_is_read_or_refused():
    """Wrong: a bad change of HQ is kept, and raises at a look-up."""
    assert "i" == item_of("i", put("item:i", Item(ItemId("i"), "N", ()))).item_id
    with pytest.raises(Refused, match="'i'"):
        item_of("j", put("item:j", Item(ItemId("i"), "N", ())))
    order = {
        "order_no": "o",
        "channel": "w",
        "state": "s",
        "placed_at": "",
        "total": 1,
        "currency": "EUR",
    }
    assert "o" == order_of("o", put("order:o", order)).order_no
    with pytest.raises(Refused, match="'o'"):
        order_of("p", put("order:p", order))
    row = SealedRow(1, SealedCard(1, b"n", b"r", (Slot(b"t" * 8),)))
    assert row == person_of(put("party:p", row))
    other = SealedRow(1, SealedCard(7, b"n", b"r", (Slot(b"t" * 8),)))
    with pytest.raises(Refused, match="version 7, not 1"):
        person_of(put("party:p", other))
    short = SealedRow(1, SealedCard(1, b"n", b"r", (Slot(b"t"),)))
    with pytest.raises(Refused, match="8 bytes"):
        person_of(put("party:p", short))


def test_an_item_has_its_keys_once():
    """Wrong: an item is found by its code and not by its number, or twice."""
    item = Item(ItemId("i"), "N", (), ("4006381333931", "04006381333931"), reference="2100123")
    expected = [("gtin", "04006381333931"), ("plu", "123"), ("reference", "2100123")]
    assert expected == item_keys(item)
    assert [] == item_keys(Item(ItemId("i"), "N", ()))
    assert [("reference", "21000")] == item_keys(Item(ItemId("i"), "N", (), reference="21000"))


def test_shapes_have_one_name():
    """Wrong: every till reads a million cards one by one before it believes its own HQ."""
    assert shapes() == shapes()
    assert 16 == len(shapes())


def pages(count=3, epoch="1-ab"):
    """Give a feed's changes, and the running hash after each."""
    items = tuple(FeedItem(n, f"item:{n}", n, "del") for n in range(1, count + 1))
    hashes = [ORIGIN]
    for item in items:
        hashes.append(advance(hashes[-1], item))
    return items, [str(Cursor(epoch, n, fh)) for n, fh in enumerate(hashes)]


def test_a_page_that_follows():
    """Wrong: a till throws its directory away for a page that is as it should be."""
    items, at = pages()
    assert follows("", FeedPage(items, at[3]))
    assert follows(at[1], FeedPage(items[1:], at[3]))
    assert follows(at[1], FeedPage((items[2],), at[3]))
    assert follows(at[3], FeedPage((), at[3]))
    assert follows("", FeedPage((), at[0]))
    # What a newer change made moot beyond the page's last item leaves no hash to check.
    assert follows(at[1], FeedPage((), at[2]))


def test_a_page_that_does_not_follow():
    """Wrong: a till goes on from a position HQ never had, and misses what was there."""
    items, at = pages()
    other = str(Cursor("1-ab", 3, "f" * 16))
    assert not follows("", FeedPage(items, other))
    assert not follows(at[3], FeedPage((), other))
    assert not follows(at[3], FeedPage((), at[2]))
    assert not follows(at[1], FeedPage(items, at[3]))
    assert not follows(at[1], FeedPage(items[1:], at[2]))
    assert not follows("", FeedPage(items[::-1], at[3]))
    assert not follows("", FeedPage((items[0], items[0]), at[3]))
    twice = msgspec.structs.replace(items[2], key=items[0].key)
    assert not follows("", FeedPage((items[0], twice), at[3]))
    assert not follows(at[3], FeedPage((), pages(epoch="2-cd")[1][3]))


@pytest.mark.parametrize(("body", "scope"), [(b'{"scope":"global"}', "global"), (b"null", None)])
def test_a_deletion_says_where_the_key_moved(body, scope):
    """Wrong: what is only told of elsewhere is forgotten, or what is gone is kept."""
    assert scope == moved_to(FeedItem(1, "order:W-1", 1, "del", msgspec.Raw(body)))
