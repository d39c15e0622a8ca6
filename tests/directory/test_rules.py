"""What HQ sets for all tills reaches each of them, by page and by snapshot."""

from __future__ import annotations

import pytest

from agent.directory import Directory


@pytest.fixture
def changes(feed):
    return [
        feed.change("rule:prompts", {"version": 1}),
        feed.change("rule:loyalty", [1]),
        feed.change("rule:prompts", {"version": 2}),
    ]


@pytest.mark.parametrize("way", ["pages", "snapshot"])
def test_a_rule_is_read_as_hq_wrote_it(directory, feed, changes, snapshot, way):
    """A till would go by rules of its own, or by those of yesterday."""
    if way == "pages":
        directory.apply("global", feed.page(*changes))
    else:
        snapshot(changes).install(directory)
    assert b'{"version":2}' == directory.rule("prompts")
    assert b"[1]" == directory.rule("loyalty")
    assert directory.rule("purposes") is None


@pytest.mark.parametrize("op", ["del", "erase"])
def test_a_rule_that_is_taken_back_is_gone(directory, feed, changes, snapshot, op):
    """A till would ask what nobody wants to know any more."""
    directory.apply("global", feed.page(*changes))
    assert ["rule:prompts"] == directory.apply(
        "global", feed.page(feed.change("rule:prompts", op=op))
    )
    assert directory.rule("prompts") is None
    snapshot([feed.change("rule:loyalty", op=op)]).install(directory)
    assert directory.rule("loyalty") is None


def test_a_rule_of_another_scope_survives_a_snapshot(directory, new_feed, changes, snapshot, path):
    """A store's own rule would be lost when all stores' customers come anew."""
    own = new_feed()
    directory.apply("store:s", own.page(own.change("rule:deposit", 25)))
    snapshot(changes).install(directory)
    assert b"25" == directory.rule("deposit")
    again = Directory.open(path)
    assert b"25" == again.rule("deposit")
    again.close()


def test_a_scope_that_is_read_again_forgets_rules_it_lacks(directory, feed, new_feed, changes):
    """A restored HQ would have tills go by rules it does not know."""
    directory.apply("global", feed.page(*changes))
    other = new_feed("2-cd")
    directory.apply("global", other.page(other.change("rule:loyalty", [2])))
    assert b"[2]" == directory.rule("loyalty")
    assert directory.rule("prompts") is None
