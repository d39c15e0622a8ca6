"""A customer who moves between scopes is held once, and never lost on the way."""

from __future__ import annotations

import pytest

from agent.core.identifiers import PartyId
from agent.core.recognition import Found, KnownElsewhere

OLD, NEW = "global", "store:x"
ADA = PartyId("ada")


@pytest.fixture
def moved(feed, new_feed, phone):
    """Give the pages of a move: as it was, the new scope's put, the old one's deletion."""
    other = new_feed()
    was = feed.page(feed.party("ada", phone, ver=5))
    here = other.page(other.party("ada", phone, scope=NEW, ver=6))
    gone = feed.page(feed.change("party:ada", op="del"))
    return was, here, gone


@pytest.mark.parametrize("order", ["was here gone", "here was gone", "was gone here", "here gone"])
def test_in_whatever_order_the_pages_come_they_are_held(directory, moved, phone, order):
    """A page that was under way would put them back where they are taken out next."""
    pages = dict(zip(("was", "here", "gone"), moved, strict=True))
    for name in order.split():
        directory.apply(NEW if name == "here" else OLD, pages[name])
    assert isinstance(directory.party(phone), Found)
    assert 6 == directory.card(ADA).ver


def test_who_is_taken_out_of_the_new_scope_too_is_not_held(directory, moved, new_feed, phone):
    """A card would stay behind in a scope nobody tells of any more."""
    was, here, gone = moved
    directory.apply(NEW, here)
    directory.apply(OLD, was)
    later = new_feed()
    later.fseq = 9
    directory.apply(NEW, later.page(later.change("party:ada", op="del")))
    directory.apply(OLD, gone)
    assert isinstance(directory.party(phone), KnownElsewhere)
    assert directory.card(ADA) is None


def test_an_hq_put_back_may_tell_of_a_lower_version(directory, moved, phone):
    """After a restore a customer would be stuck in a scope that is read no more."""
    was, here, _ = moved
    directory.apply(NEW, here)
    directory.reread(NEW)
    directory.apply(OLD, was)
    assert isinstance(directory.party(phone), Found)
    assert 5 == directory.card(ADA).ver


def test_a_snapshot_from_before_the_move_does_not_undo_it(
    directory, feed, new_feed, snapshot, phone
):
    """A till that is new, and has its region first, would lose everybody who moved since."""
    other = new_feed()
    directory.apply(NEW, other.page(other.party("ada", phone, scope=NEW, ver=6)))
    snapshot([feed.party("ada", phone, ver=5)], scope=OLD).install(directory)
    assert isinstance(directory.party(phone), Found)
    assert 6 == directory.card(ADA).ver
    directory.apply(OLD, feed.page(feed.change("party:ada", op="del")))
    assert isinstance(directory.party(phone), Found)


def test_a_snapshot_from_after_a_move_counts(directory, feed, new_feed, snapshot, phone):
    """Whoever moved to this scope would be shown as they were."""
    other = new_feed()
    directory.apply(NEW, other.page(other.party("ada", phone, scope=NEW, ver=5)))
    snapshot([feed.party("ada", phone, ver=6)], scope=OLD).install(directory)
    assert isinstance(directory.party(phone), Found)
    assert 6 == directory.card(ADA).ver
    directory.apply(NEW, other.page(other.change("party:ada", op="del")))
    assert isinstance(directory.party(phone), Found)
