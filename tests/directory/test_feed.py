"""HQ's feed: order, versions, scopes, and what happens when HQ is another one."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import InputFault
from agent.core.history.model import Card, Order
from agent.core.identifiers import ItemId, PartyId
from agent.core.quantities import Minor
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    Item,
    ItemKey,
    KnownElsewhere,
    Unknown,
)
from agent.directory import Directory

MAIL = Identifier(IdentifierType.EMAIL, "ada@example.com")


def _item(name: str, title: str = "T") -> Item:
    return Item(ItemId(name), title, ())


def _title(directory: Directory, name: str) -> str | None:
    found = directory.item(ItemKey(item_id=ItemId(name)))
    return None if found is None else found.name


def test_cursor_moves_with_the_page(directory, feed, path):
    """After a restart changes would be missed, or all be read again."""
    assert directory.cursor("global") == ""
    page = feed.page(feed.change("item:a", _item("a")))
    directory.apply("global", page)
    again = Directory.open(path)
    assert again.cursor("global") == page.cursor
    assert again.cursor("store:store-0001") == ""
    assert _title(again, "a") == "T"
    again.close()


def test_an_older_version_changes_nothing(directory, feed):
    """A page sent twice or late would bring an old price back."""
    new = feed.change("item:a", _item("a", "new"), ver=9)
    old = feed.change("item:a", _item("a", "old"), ver=5)
    assert directory.apply("global", feed.page(new)) == ["item:a"]
    assert directory.apply("global", feed.page(old)) == []
    assert directory.apply("global", feed.page(new)) == []
    assert _title(directory, "a") == "new"


def test_a_deleted_key_stays_deleted(directory, feed):
    """A late old change would bring a deleted item back."""
    put = feed.change("item:a", _item("a"))
    directory.apply("global", feed.page(put))
    assert directory.apply("global", feed.page(feed.change("item:a", op="del"))) == ["item:a"]
    assert directory.apply("global", feed.page(put)) == []
    assert _title(directory, "a") is None
    unheard_of = feed.page(feed.change("item:never", op="del"))
    assert directory.apply("global", unheard_of) == ["item:never"]


@pytest.mark.parametrize("deletion_first", [True, False])
def test_a_key_may_move_between_scopes(directory, feed, new_feed, deletion_first):
    """An order that is now collected here would vanish, depending on which page came first."""
    store = new_feed("1-ab")
    order = Order("W-1", "web", "ready", "2026-01-01T00:00:00Z", Minor(1), "EUR")
    directory.apply("global", feed.page(feed.change("order:W-1", order, ver=5)))
    deletion = ("global", feed.page(feed.change("order:W-1", op="del", ver=6)))
    arrival = ("store:s", store.page(store.change("order:W-1", order, ver=1)))
    for scope, page in (deletion, arrival) if deletion_first else (arrival, deletion):
        directory.apply(scope, page)
    assert directory.order("W-1") == order


def test_what_moves_to_another_scope_is_held_until_that_one_tells_of_it(directory, feed, new_feed):
    """Goods handed over could not come back until the next page, or the next line to HQ."""
    order = Order("W-1", "web", "ready", "2026-01-01T00:00:00Z", Minor(1), "EUR")
    done = msgspec.structs.replace(order, state="collected")
    store = new_feed()
    directory.apply("global", feed.page())
    directory.apply("store:s", store.page(store.change("order:W-1", order)))
    left = store.change("order:W-1", {"scope": "global"}, op="del")
    directory.apply("store:s", store.page(left))
    assert directory.order("W-1") == order
    directory.apply("global", feed.page(feed.change("order:W-1", done)))
    assert directory.order("W-1") == done


def test_what_moves_to_a_scope_that_is_not_read_here_is_forgotten(directory, feed):
    """Orders of other stores would stay on the till for ever."""
    order = Order("W-1", "web", "ready", "2026-01-01T00:00:00Z", Minor(1), "EUR")
    directory.apply("store:s", feed.page(feed.change("order:W-1", order)))
    left = feed.change("order:W-1", {"scope": "store:other"}, op="del")
    directory.apply("store:s", feed.page(left))
    assert directory.order("W-1") is None


def test_erasure_counts_in_any_scope(directory, feed, new_feed, phone):
    """An erased customer would stay, because another scope had brought the card."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    store = new_feed("1-ab")
    directory.apply("store:s", store.page(store.change("party:ada", op="erase", ver=1)))
    assert isinstance(directory.party(phone), Unknown)


@pytest.mark.parametrize(
    ("key", "body", "op"),
    [
        ("item:a", {"name": "no id"}, "put"),
        ("item:a", [], "put"),
        ("item:a", {"item_id": "b", "name": "B", "taxes": []}, "put"),
        ("party:p", {"card": {"name": 1}}, "put"),
        ("party:p", {"generation": 1, "card": {"ver": 1, "name": "", "rest": "x"}}, "put"),
        ("order:o", {"order_no": "x"}, "put"),
        ("order:o", {"scope": 7}, "del"),
        (
            "order:o",
            Order("other", "web", "ready", "2026-01-01T00:00:00Z", Minor(1), "EUR"),
            "put",
        ),
        ("coupon:c", {}, "put"),
        ("item:a", {}, "explode"),
        ("item:", {}, "del"),
        ("nonsense", {}, "put"),
    ],
)
def test_a_bad_change_holds_up_nothing(directory, feed, key, body, op):
    """One bad record of HQ would stop all later changes (P6)."""
    good = feed.change("item:good", _item("good"))
    page = feed.page(feed.change(key, body, op=op), good)
    assert directory.apply("global", page) == ["item:good"]
    assert directory.cursor("global") == page.cursor
    assert list(directory.refused()) == [key]
    assert directory.counts()["refused"] == 1


def test_a_good_change_clears_the_refusal(directory, feed):
    """Status would show a fault that HQ has put right long ago."""
    directory.apply("global", feed.page(feed.change("item:a", {})))
    directory.apply("global", feed.page(feed.change("item:a", _item("a"))))
    assert directory.refused() == {}


def test_broken_json_is_refused(directory, feed):
    """A body cut short would raise in the sync loop."""
    change = FeedItem(1, "item:a", 1, "put", msgspec.Raw(b'{"item_id"'))
    feed.fseq = 1
    assert directory.apply("global", feed.page(change)) == []
    assert list(directory.refused()) == ["item:a"]


def test_a_bad_cursor_changes_nothing(directory, feed):
    """The directory would stand at a position HQ never gave."""
    page = msgspec.structs.replace(feed.page(feed.change("item:a", _item("a"))), cursor="nonsense")
    with pytest.raises(InputFault):
        directory.apply("global", page)
    assert (directory.cursor("global"), _title(directory, "a")) == ("", None)


def test_another_epoch_is_read_anew(directory, feed, new_feed, phone):
    """After HQ was restored, the till would refuse its changes or keep what it took back."""
    directory.apply(
        "global",
        feed.page(
            feed.change("item:a", _item("a", "before"), ver=100),
            feed.change("item:gone", _item("gone"), ver=101),
            feed.party("ada", phone),
        ),
    )
    restored = new_feed("2-cd")
    first = restored.page(restored.change("item:a", _item("a", "after"), ver=3), more=True)
    assert directory.apply("global", first) == ["item:a"]
    assert _title(directory, "a") == "after"
    assert _title(directory, "gone") == "T"
    assert isinstance(directory.party(phone), Found)
    last = restored.page(restored.party("ada", phone))
    assert directory.apply("global", last) == ["party:ada", "item:gone"]
    assert _title(directory, "gone") is None
    assert isinstance(directory.party(phone), Found)
    assert directory.apply("global", restored.page()) == []


def test_a_cursor_that_goes_back_is_another_feed(directory, feed, new_feed):
    """A feed begun anew within one epoch would leave stale items for ever."""
    directory.apply(
        "global", feed.page(feed.change("item:a", _item("a")), feed.change("item:b", _item("b")))
    )
    anew = new_feed(feed.epoch)
    directory.apply("global", anew.page(anew.change("item:a", _item("a"), ver=1)))
    assert (_title(directory, "a"), _title(directory, "b")) == ("T", None)


def test_reread_keeps_everything_until_it_has_been_read(directory, feed, phone):
    """The till would know nobody while the feed is read again."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    directory.reread("global")
    assert directory.cursor("global") == ""
    assert isinstance(directory.party(phone), Found)
    directory.apply("global", feed.page())
    assert isinstance(directory.party(phone), Unknown)
    directory.reread("never-read")
    assert directory.cursor("never-read") == ""


def test_a_second_reread_keeps_what_the_first_has_read(directory, feed, phone):
    """Cut off in the middle and begun again, the till would forget whom HQ has told of since."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    directory.reread("global")
    ada = feed.party("ada", phone)
    assert ["party:ada"] == directory.apply("global", feed.page(ada, more=True))
    assert [] == directory.apply("global", feed.page(ada, more=True))
    directory.reread("global")
    assert ["party:ada"] == directory.apply("global", feed.page(ada, more=True))
    assert [] == directory.apply("global", feed.page())
    assert isinstance(directory.party(phone), Found)
    directory.reread("global")
    assert ["party:ada"] == directory.apply("global", feed.page())
    assert isinstance(directory.party(phone), Unknown)


def test_who_is_withdrawn_stays_known_as_long_as_hq_says_so(directory, feed, phone):
    """A customer of another region would be enrolled a second time, or known for ever."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    gone = feed.change("party:ada", op="del")
    directory.apply("global", feed.page(gone))
    for _ in range(2):
        directory.reread("global")
        assert ["party:ada"] == directory.apply("global", feed.page(gone))
        assert isinstance(directory.party(phone), KnownElsewhere)
    directory.reread("global")
    directory.apply("global", feed.page())
    assert isinstance(directory.party(phone), Unknown)
    assert 0 == directory.counts()["tokens"]


def test_who_was_forgotten_does_not_come_back_by_an_older_page(directory, feed, phone):
    """A page that was under way would bring back somebody whose erasure was ordered."""
    ada = feed.party("ada", phone)
    directory.apply("global", feed.page(ada))
    directory.forget([PartyId("ada"), PartyId("never")])
    assert [] == directory.apply("global", feed.page(ada))
    assert isinstance(directory.party(phone), Unknown)
    assert ["party:ada"] == directory.apply("global", feed.page(feed.party("ada", phone)))
    assert isinstance(directory.party(phone), Found)


def test_a_card_that_changes_leaves_nothing_to_find_it_by(directory, feed, phone):
    """A number that somebody gave up would still lead to their row, and stay on the disk."""
    directory.apply("global", feed.page(feed.party("ada", phone, MAIL)))
    directory.apply("global", feed.page(feed.party("ada", MAIL)))
    assert isinstance(directory.party(phone), Unknown)
    assert isinstance(directory.party(MAIL), Found)
    assert 1 == directory.counts()["tokens"]
    directory.apply("global", feed.page(feed.change("party:ada", op="erase")))
    assert 0 == directory.counts()["tokens"]


def test_a_card_sealed_for_another_version_is_refused(directory, feed, phone):
    """It would lie there under a version it does not open with."""
    ada = feed.party("ada", phone)
    wrong = msgspec.structs.replace(ada, ver=ada.ver + 1)
    assert [] == directory.apply("global", feed.page(wrong))
    assert ["party:ada"] == list(directory.refused())


def test_local_parties_survive_a_reread(directory, feed, phone):
    """A customer enrolled offline would be swept away with what HQ no longer has."""
    directory.put_local(Card(PartyId("bob"), "Bob"), [phone])
    directory.reread("global")
    directory.apply("global", feed.page())
    assert isinstance(directory.party(phone), Found)


CHANGES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "del"])), min_size=1, max_size=12
)


@settings(max_examples=25, deadline=None)
@given(CHANGES, st.lists(st.integers(1, 4), max_size=6))
def test_pages_of_any_size_and_twice_give_the_same(tmp_path_factory, changes, sizes):
    """What the till holds would depend on how HQ cut its pages."""
    directory = Directory.open(tmp_path_factory.mktemp("d") / "directory.db")
    items = [
        FeedItem(n, f"item:{key}", n, op, msgspec.Raw(msgspec.json.encode(_item(key, str(n)))))
        for n, (key, op) in enumerate(changes, 1)
    ]
    rest = list(items)
    for size in [*sizes, len(items)]:
        part, rest = tuple(rest[:size]), rest[size:]
        if part:
            page = _page(part)
            directory.apply("global", page)
            assert directory.apply("global", page) == []
    newest = {key: (str(n), op) for n, (key, op) in enumerate(changes, 1)}
    for key, (title, op) in newest.items():
        assert _title(directory, key) == (title if op == "put" else None)
    directory.close()


def _page(part: tuple[FeedItem, ...]):
    return FeedPage(part, f"1-ab.{part[-1].fseq}.0123456789abcdef")
