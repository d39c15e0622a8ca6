"""Bugs on the way down: the feed at HQ, the directory at the till."""

from __future__ import annotations

from agent.core.exchange.wire import FeedPage
from agent.directory import feed, parties
from central.feed import pages
from tests.simulation.mutants.planting import Planted, always


def _cursor_first(original):
    """The cursor is on disk before what it stands for."""

    def apply(conn, scope, page):
        empty = FeedPage((), page.cursor, more=True)
        original(conn, scope, empty)
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        conn.execute("BEGIN IMMEDIATE")
        return original(conn, scope, page)

    return apply


def _only_the_cursor(_original):
    def reread(conn, scope):
        conn.execute("UPDATE scopes SET cursor = '' WHERE scope = ?", (scope,))

    return reread


def _first_only(original):
    """Of a page, the last change is left out."""

    def apply(conn, scope, page):
        return original(conn, scope, FeedPage(page.items[:-1], page.cursor, page.more))

    return apply


def _no_hash(_original):
    return lambda cursor, _epoch, _hash_at: cursor.fseq


PLANTED = (
    Planted(
        "feed-cursor-first",
        "The till's cursor moves in a transaction before the page's.",
        ((feed, "apply", _cursor_first),),
        "cuts",
    ),
    Planted(
        "last-change-lost",
        "The till passes over the last change of each page.",
        ((feed, "apply", _first_only),),
        "cuts",
    ),
    Planted(
        "feed-hash-unchecked",
        "HQ takes a cursor of another history of its feed for its own.",
        ((pages, "position", _no_hash),),
        "feeds",
    ),
    Planted(
        "stale-keys-stay",
        "A feed that is read from the start leaves what it no longer brings.",
        ((feed, "reread", _only_the_cursor), (feed, "_is_another_feed", always(False))),
        "rewind",
    ),
    Planted(
        "erase-not-honoured",
        "The till takes an erased person for a deleted one and keeps them.",
        ((parties, "erase", always(None)),),
        "weather",
        start=70,
    ),
    Planted(
        "horizon-ignored",
        "HQ lets a till go on by pages from before deletions it has forgotten.",
        ((pages, "horizon", always(0)),),
        "feeds",
        start=10,
    ),
    Planted(
        "first-version-stays",
        "The till keeps the first version of a key it has read.",
        ((feed, "_counts", lambda _original: lambda _change, *held: held[2] < 0),),
        "feeds",
    ),
)
