"""Feed cursors: a till reads on where it stood, or from the start, never past a gap."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange import cursors
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.wire import FeedItem
from agent.core.faults import InputFault

FH = "0123456789abcdef"


def an_item(fseq: int = 1, key: str = "item:1", **changes) -> FeedItem:
    values = {"fseq": fseq, "key": key, "ver": 1, "op": "put", "body": msgspec.Raw(b'{"a":1}')}
    return FeedItem(**(values | changes))


def test_a_cursor_comes_back_as_it_was_sent():
    """If it did not, every page would begin at the start."""
    text = f"3-ab.17.{FH}"
    assert text == str(cursors.parse(text))
    assert cursors.Cursor("", 0, cursors.ORIGIN) == cursors.parse("")


@pytest.mark.parametrize(
    "text",
    [
        *("x", "1-a.b.c", "1-a.-1.c", "1-a.1", "1-a.1.c.d", "1-a.\u0663.c"),
        f"1-a.{2**63}.c",
        f"1-a.{'9' * 5000}.c",
    ],
)
def test_a_text_that_is_no_cursor_is_an_input_fault(text):
    """If it were a crash, one damaged directory would be a fault of HQ's."""
    with pytest.raises(InputFault, match="not a feed cursor"):
        cursors.parse(text)


@pytest.mark.parametrize(
    "change",
    [{"fseq": 2}, {"key": "item:2"}, {"ver": 2}, {"op": "del"}, {"body": msgspec.Raw(b"null")}],
)
def test_the_running_hash_covers_every_field(change):
    """If it did not, a feed that was written anew could pass for the one the till read."""
    same = cursors.advance(FH, an_item())
    assert len(FH) == len(same)
    assert same != cursors.advance(FH, an_item(**change))
    assert same != cursors.advance(cursors.ORIGIN, an_item())


def test_a_page_begins_after_a_known_position():
    """If it did not, changes would come twice or never."""
    assert 0 == cursors.position(cursors.parse(""), "1-aa", lambda _: None)
    assert 7 == cursors.position(cursors.Cursor("1-aa", 7, FH), "1-aa", lambda _: FH)


@pytest.mark.parametrize(("epoch", "held"), [("2-bb", FH), ("1-aa", "f" * 16), ("1-aa", None)])
def test_a_position_of_another_feed_is_gone(epoch, held):
    """If it were not, a till would skip what a restored HQ publishes under the same numbers."""
    with pytest.raises(FeedGone, match="does not contain"):
        cursors.position(cursors.Cursor("1-aa", 7, FH), epoch, lambda _: held)


def test_only_the_newest_change_of_a_key_travels():
    """If an older one came after it, the till would show an old price."""
    items = [an_item(1), an_item(2, "item:2"), an_item(3)]
    assert (items[1], items[2]) == cursors.compact(items)
