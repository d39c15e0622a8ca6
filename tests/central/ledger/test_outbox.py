"""The sequencer: numbers, versions, the running hash, who is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agent.core.exchange.cursors import ORIGIN, advance
from agent.core.exchange.wire import FeedItem
from central.ledger.engine import open_engine, reading, writing
from central.ledger.epoch import bump_epoch, current_epoch
from central.ledger.migrate import migrate
from central.ledger.outbox import Change, on_published, position, publish, publish_many
from central.ledger.tables import FEED_MARKS, FEED_ROWS


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(tmp_path / "central.sqlite")
    migrate(engine)
    yield engine
    engine.dispose()


def put(engine, *keys, scope="global"):
    with writing(engine) as conn:
        return [publish(conn, scope, key, "put", b"1") for key in keys]


def rows(engine):
    with reading(engine) as conn:
        return conn.execute(select(FEED_ROWS).order_by(FEED_ROWS.c.fseq)).all()


def test_each_scope_counts_from_one_without_a_gap(engine):
    """Wrong: a till of one store sees holes where another store's changes are."""
    assert [1, 2] == put(engine, "a", "b")
    assert [1] == put(engine, "a", scope="store:1")
    assert [3] == put(engine, "a")


def test_what_is_rolled_back_was_never_numbered(engine):
    """Wrong: a failed effect leaves a hole, or a till learns what never happened."""
    put(engine, "a")
    with pytest.raises(ZeroDivisionError), writing(engine) as conn:
        publish(conn, "global", "b", "put", b"%d" % (1 // 0))
    assert [2] == put(engine, "c")
    assert ["a", "c"] == [row.key for row in rows(engine)]


def test_what_is_no_json_is_refused_before_it_spoils_the_page(engine):
    """Wrong: one bad record keeps every till from reading everything behind it (P6)."""
    with pytest.raises(ValueError, match="malformed"), writing(engine) as conn:
        publish(conn, "global", "a", "put", b"no json")
    assert [1] == put(engine, "b")


def test_many_changes_number_like_single_ones(engine):
    """Wrong: an import numbers, hashes or compacts differently from a single change."""
    put(engine, "a", "b", "a", scope="one")
    with writing(engine) as conn:
        changes = [Change(key, "put", b"1") for key in "aba"]
        assert 3 == publish_many(conn, "two", changes)
        assert 3 == publish_many(conn, "two", [])
    with reading(engine) as conn:
        assert position(conn, "one") == position(conn, "two")
    one, two = ([row[1:] for row in rows(engine) if row.scope == name] for name in ("one", "two"))
    assert one == two


def test_the_running_hash_covers_every_change_ever_published(engine):
    """Wrong: a cursor of another history is taken for one of ours."""
    put(engine, "a", "a")
    with reading(engine) as conn:
        marks = conn.execute(select(FEED_MARKS.c.running_hash)).scalars().all()
        end = position(conn, "global")
        ver = rows(engine)[0].ver
    first = advance(ORIGIN, FeedItem(1, "a", ver - 1, "put", b"1"))
    assert [first, advance(first, FeedItem(2, "a", ver, "put", b"1"))] == marks
    assert (2, marks[-1]) == end


def test_a_version_grows_even_after_a_rewind(engine):
    """Wrong: tills refuse every change of an HQ that was restored from a backup."""
    put(engine, "a", "b", "c")
    before = rows(engine)[-1].ver
    with writing(engine) as conn:
        assert bump_epoch(conn, "7-ab").startswith("8-")
        assert current_epoch(conn).startswith("8-")
        publish(conn, "global", "d", "put", b"1")
    assert rows(engine)[-1].ver > before


def test_listeners_hear_of_committed_scopes_once(engine):
    """Wrong: long polls wake before the change can be read, or thousands of times."""
    heard = []
    on_published(engine, heard.append)
    with writing(engine) as conn:
        publish(conn, "global", "a", "put", b"1")
        publish(conn, "global", "b", "put", b"1")
        publish(conn, "store:1", "c", "put", b"1")
        assert [] == heard
    assert [("global",), ("store:1",)] == heard
