"""Channels and touch points: from the settings, from enrolments, from what turns up."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from agent.core.faults import NotFoundFault
from central.channels.registry import (
    Channel,
    Points,
    TouchPoint,
    channel_named,
    channels_of,
    register,
    touch_points_of,
)
from central.ledger.engine import writing
from central.ledger.tables import JOURNALS

THEN, NOW = "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"


@pytest.fixture
def conn(ledger):
    with writing(ledger) as conn:
        yield conn


def test_settings_are_the_registry(conn):
    """A renamed channel would stay under its old name, or appear twice."""
    register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], THEN)
    register(conn, [Channel("web", "communication", "", ("webshop", "app"))], NOW)
    assert channels_of(conn) == [Channel("web", "communication", "web", ("app", "webshop"))]


def test_unknown_channel_says_which_are_known(conn):
    """The shop's technician would have to guess how the channel is called."""
    with pytest.raises(NotFoundFault, match="registered: none"):
        channel_named(conn, "wbe")
    register(conn, [Channel("web")], NOW)
    with pytest.raises(NotFoundFault, match="registered: web"):
        channel_named(conn, "wbe")


def test_tills_are_touch_points_of_the_store(conn):
    """The stores would be missing among the places where customers are met."""
    for journal, at in (("a", THEN), ("b", NOW)):
        row = {"journal_id": journal, "store": "s", "till": "t", "lane": "sales", "keyid": "k"}
        conn.execute(insert(JOURNALS).values(row | {"genesis": b"g", "bound_at": at}))
    assert touch_points_of(conn) == [TouchPoint("store", "s/t", "distribution", THEN)]


def test_what_turns_up_is_other_until_it_is_registered(conn):
    """Nobody would see that events name a place no settings know."""
    register(conn, [Channel("web")], THEN)
    points = Points(conn, "web")
    assert (points.meet("web", NOW), points.meet("app", NOW)) == (True, False)
    assert touch_points_of(conn) == [TouchPoint("web", "app", "other", NOW)]
    register(conn, [Channel("web", touch_points=("app",))], NOW)
    assert Points(conn, "web").meet("app", NOW)
    assert touch_points_of(conn) == [TouchPoint("web", "app", "distribution", NOW)]


def test_events_without_a_touch_point_have_the_only_one(conn):
    """A shop with one page would have to repeat its name in every event."""
    register(
        conn, [Channel("one", touch_points=("p",)), Channel("two", touch_points=("p", "q"))], NOW
    )
    assert (Points(conn, "one").default, Points(conn, "two").default) == ("p", "two")
