"""The filter: whom the chain knows although no card of theirs is held here."""

from __future__ import annotations

import pytest

from agent.core.exchange.wire import FilterPiece
from agent.core.privacy import filter_element, keys_of
from agent.core.privacy.bloom import PIECE_BYTES, build
from agent.core.recognition import Found, Identifier, IdentifierType, KnownElsewhere, Unknown
from tests.sealed import MASTER, keyring, stretched

KNOWN = [Identifier(IdentifierType.EMAIL, f"g{n}@example.org") for n in range(40)]
STRANGERS = [Identifier(IdentifierType.EMAIL, f"s{n}@example.org") for n in range(20)]


def pieces_of(feed, identifiers, pieces=2, generation=1):
    """Give a filter as HQ tells it."""
    keys = keys_of(MASTER.key("global", generation))
    made = build((filter_element(keys, stretched(one)) for one in identifiers), pieces)
    return [
        feed.change(f"filter:{pieces}-{number}", FilterPiece(generation, bytes(bits)))
        for number, bits in enumerate(made)
    ]


def said(directory, identifiers):
    return {type(directory.party(one)) for one in identifiers}


def test_whom_the_chain_knows_is_known_elsewhere(directory, feed):
    """A customer of another region would be enrolled a second time."""
    assert {Unknown} == said(directory, KNOWN)
    directory.apply("global", feed.page(*pieces_of(feed, KNOWN)))
    assert {KnownElsewhere} == said(directory, KNOWN)
    assert {Unknown} == said(directory, STRANGERS)
    answer = directory.party(KNOWN[0])
    assert "known at HQ" in answer.why[0]
    assert KNOWN[0].value not in answer.why[0]


def test_a_card_that_is_held_goes_before_the_filter(directory, feed):
    """A customer of this store would be sent to HQ."""
    directory.apply("global", feed.page(*pieces_of(feed, KNOWN), feed.party("ada", KNOWN[0])))
    assert isinstance(directory.party(KNOWN[0]), Found)


def test_a_name_with_a_postcode_is_not_asked_of_the_filter(directory, feed):
    """Two people of one name in one village would be taken for one."""
    named = Identifier(IdentifierType.NAME_POSTCODE, "byron 12345")
    directory.apply("global", feed.page(*pieces_of(feed, [named], 1)))
    assert isinstance(directory.party(named), Unknown)


def test_a_filter_that_has_half_come_is_right_about_that_half(directory, feed):
    """While a new filter comes in, everybody would be unknown, or all be known."""
    first, second = pieces_of(feed, KNOWN)
    directory.apply("global", feed.page(first, more=True))
    assert {Unknown, KnownElsewhere} == said(directory, KNOWN)
    assert {Unknown} == said(directory, STRANGERS)
    assert (1, 2) == (directory.filter().pieces, directory.filter().of)
    directory.apply("global", feed.page(second))
    assert {KnownElsewhere} == said(directory, KNOWN)


def test_while_the_filter_is_cut_anew_nobody_is_missed(directory, feed):
    """For as long as the new pieces come, customers would be enrolled again."""
    old = pieces_of(feed, KNOWN, 2)
    directory.apply("global", feed.page(*old))
    for new in pieces_of(feed, KNOWN, 3):
        directory.apply("global", feed.page(new, more=True))
        assert {KnownElsewhere} == said(directory, KNOWN)
    gone = [feed.change(each.key, op="del") for each in old]
    directory.apply("global", feed.page(*gone))
    assert {KnownElsewhere} == said(directory, KNOWN)
    assert (3, 3) == (directory.filter().pieces, directory.filter().of)


def test_a_new_key_may_come_before_or_after_the_pieces(path, feed):
    """With each renewal of the keys nobody would be known for a while."""
    from agent.directory import Directory

    keys = keyring()
    directory = Directory.open(path, keys)
    directory.apply("global", feed.page(*pieces_of(feed, KNOWN, 1, generation=2)))
    assert {Unknown} == said(directory, KNOWN)
    assert directory.lacks_keys()
    directory.take_keys([MASTER.key("global", 1), MASTER.key("global", 2)], b"e" * 32)
    assert {KnownElsewhere} == said(directory, KNOWN)
    directory.close()


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("filter:1-0", 1),
        ("filter:1-1", PIECE_BYTES),
        ("filter:0-0", PIECE_BYTES),
        ("filter:x", PIECE_BYTES),
        ("filter:-1-0", PIECE_BYTES),
        ("filter:99999999-3", PIECE_BYTES),
    ],
)
def test_what_is_no_piece_is_refused(directory, feed, key, size):
    """A broken piece would break every look-up, or hold up the page it came on."""
    broken = feed.change(key, FilterPiece(1, bytes(size)))
    directory.apply("global", feed.page(broken, *pieces_of(feed, KNOWN, 3)))
    assert [key] == list(directory.refused())
    assert {KnownElsewhere} == said(directory, KNOWN)


def test_of_bits_that_went_no_byte_is_left(directory, feed, path):
    """Whoever takes the disk could ask a filter that an erased customer still is in."""
    (before,) = pieces_of(feed, KNOWN, 1)
    directory.apply("global", feed.page(before))
    bits = directory._conn.execute("SELECT bits FROM filter").fetchone()[0]
    rare = max(
        (bits[at : at + 24] for at in range(0, PIECE_BYTES, 24)),
        key=lambda cut: cut.count(0) < 24 and len(set(cut)),
    )
    assert rare in _everything(path)
    directory.apply("global", feed.page(*pieces_of(feed, KNOWN[1:], 1)))
    changed = directory._conn.execute("SELECT bits FROM filter").fetchone()[0]
    assert bits != changed
    at = next(n for n in range(PIECE_BYTES) if bits[n] != changed[n])
    lost = bits[max(0, at - 40) : at + 40]
    assert lost not in _everything(path)
    assert {Unknown} == said(directory, KNOWN[:1])


def test_a_snapshot_brings_the_filter_and_another_scope_s_keeps_it(directory, feed, snapshot):
    """A till that begins, or takes its store's snapshot, would know nobody of other regions."""
    snapshot(pieces_of(feed, KNOWN, 2)).install(directory)
    assert {KnownElsewhere} == said(directory, KNOWN)
    assert not directory.lacks_keys()
    snapshot([], scope="store:s").install(directory)
    assert {KnownElsewhere} == said(directory, KNOWN)
    assert (2, 8000) == (directory.filter().pieces, directory.filter().bytes)


def _everything(path):
    return b"".join(
        each.read_bytes() for each in path.parent.glob(path.name + "*") if each.is_file()
    )
