"""Events of web stores: each its own outcome, once, and found in the one history."""

from __future__ import annotations

import itertools
import json
import shutil

import msgspec
import pytest
from sqlalchemy import insert, select

from agent.core.recognition import Identifier, normalise
from agent.core.recognition.means import IdentifierType
from central.channels import intake
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.goods.stock import levels_of
from central.identity.attributes import attributes_of
from central.identity.cards import publish_cards
from central.identity.holding import find, hold
from central.identity.interactions import interactions_of
from central.identity.parties import Origin, ensure, identifiers_of
from central.ledger.customer_tables import (
    CHANNEL_EVENTS,
    INTERACTIONS,
    ORDERS,
    PARTIES,
    TOUCH_POINTS,
)
from central.ledger.engine import open_engine, reading, writing
from central.ledger.goods_tables import ORDERS_TOLD
from central.ledger.tables import JOURNALS

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
BOB = "01999999-0000-7000-8000-00000000b0b0"
LINES = [{"name": "Tea", "quantity": 2, "amount": 798}]


@pytest.fixture
def send(ledger):
    """Send events of the registered channel `web`; gives their outcomes."""
    with writing(ledger) as conn:
        register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], NOW)
        register(conn, [Channel("mail", "communication")], NOW)
    numbers = itertools.count(1)

    def _send(*events, channel="web"):
        bodies = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
        with writing(ledger) as conn:
            return take(conn, channel, bodies, NOW, lambda: f"new-{next(numbers)}")

    return _send


@pytest.fixture
def ada(ledger):
    """Make a customer with an e-mail address."""
    return _known(ledger, ADA, "ada@example.com")


def _known(ledger, party_id, email):
    with writing(ledger) as conn:
        origin = Origin("store-0001/till-1", NOW)
        ensure(conn, party_id, origin)
        hold(conn, party_id, [normalise(IdentifierType.EMAIL, email, "DE")], origin)
    return party_id


def event(n, what="placed", party=None, at="2026-11-01T10:00:00Z", **order):
    body = {"event_id": f"e-{n}", "type": f"order.{what}", "occurred_at": at}
    body["order"] = {"order_no": "WEB-1", "currency": "EUR"} | order
    return body | ({"party": party} if party is not None else {})


def timeline(ledger, party_id):
    with reading(ledger) as conn:
        return interactions_of(conn, party_id)


def test_order_of_a_known_email_is_in_the_customers_history(send, ledger, ada, feed):
    """A web order would make a second customer of one the stores know."""
    [outcome] = send(event(1, party={"email": "ADA@Example.com"}, lines=LINES, total=798))
    assert (outcome.outcome, outcome.party_id, outcome.notes) == ("accepted", ada, ())
    [shown] = timeline(ledger, ada)
    assert (shown.event_id, shown.type, shown.channel) == ("web/e-1", "order.placed", "web")
    assert (shown.touch_point, shown.ref, shown.state) == ("webshop", "WEB-1", "placed")
    assert (shown.title, shown.total, shown.occurred_at) == (
        "2 items: Tea",
        798,
        "2026-11-01T10:00:00.000Z",
    )
    told = feed()
    assert told["global", f"party:{ada}"][1]["card"]["orders"][0]["order_no"] == "WEB-1"
    assert told["global", "order:WEB-1"][1]["placed_at"] == "2026-11-01T10:00:00.000Z"


def test_person_nobody_knows_yet_is_made_once(send, ledger, feed):
    """Every order of a new web customer would make another customer."""
    who = {"email": "new@example.org", "phone": "0171 3920001", "name": "New", "postcode": "1"}
    first, second = send(event(1, party=who), event(2, "changed", party={"phone": "01713920001"}))
    assert first.party_id == second.party_id == "new-1"
    with reading(ledger) as conn:
        assert attributes_of(conn, "new-1")["name"].source == "web"
        held = [each.identifier for each in identifiers_of(conn, "new-1")]
    told = feed()["global", "party:new-1"][1]["identifiers"]
    assert msgspec.convert(told, list[Identifier]) == held


def test_event_sent_again_changes_nothing(send, ledger, ada, rows, feed):
    """A web store that repeats itself, as all do, would double the history."""
    told = event(1, party=ada, lines=LINES)
    send(told)
    before = feed()
    [again, other] = send(told, told | {"occurred_at": "2026-11-01T11:00:00Z"})
    assert (again.outcome, again.party_id, again.notes) == ("duplicate", ada, ())
    assert (other.outcome, bool(other.notes)) == ("duplicate", True)
    assert feed() == before
    assert [row["tries"] for row in rows(CHANNEL_EVENTS)] == [1]
    assert len(timeline(ledger, ada)) == 1


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"{", "cannot be read"),
        (b'"text"', "cannot be read"),
        ({"event_id": "x"}, "missing required field"),
        ({"event_id": "a b", "type": "order.placed", "occurred_at": NOW}, "no event id"),
        ({"event_id": "x", "type": "order.plced", "occurred_at": NOW}, "order.shipped"),
        ({"event_id": "x", "type": "order.placed", "occurred_at": NOW}, "without an `order`"),
        ({"event_id": "x", "type": "service.contact", "occurred_at": "soon"}, "ISO 8601"),
        ({"event_id": "x", "type": "service.contact", "occurred_at": NOW}, "names nobody"),
        (
            {
                "event_id": "x",
                "type": "service.contact",
                "occurred_at": NOW,
                "party": {"name": "A"},
            },
            "names a person",
        ),
        (event("x", party="no-id"), "no party id"),
        (event("x", order_no="WEB 1"), "no order number"),
        (event("x", state="flying"), "flying"),
        (event("x", currency="€"), "ISO 4217"),
        (event("x", lines=[{"name": "Tea", "quantity": -1}]), "quantity of -1"),
        (event("x", total=2**70), "minor units"),
        (event("x", lines=[{"name": "T", "quantity": 2**40, "unit_price": 2**40}]), "quantity of"),
        (event("x", placed_at="yesterday"), "ISO 8601"),
        (event("x", party={"card": "LC1", "name": "A" * 65_536}), "at most 65536"),
    ],
)
def test_bad_event_is_kept_with_its_reason_and_blocks_no_other(
    send, ledger, ada, rows, broken, reason
):
    """One bad event would lose the good ones around it, or itself."""
    good = [event(n, party=ada, order_no=f"WEB-{n}") for n in (1, 2)]
    outcomes = send(good[0], broken, good[1])
    assert [each.outcome for each in outcomes] == ["accepted", "quarantined", "accepted"]
    assert reason in outcomes[1].reason
    assert outcomes[1].remedy
    assert len(timeline(ledger, ada)) == 2
    [kept] = [row for row in rows(CHANNEL_EVENTS) if row["outcome"] == "quarantined"]
    sent = broken if isinstance(broken, bytes) else json.dumps(broken).encode()
    assert (kept["body"], kept["reason"]) == (sent, outcomes[1].reason)


def test_event_set_aside_is_tried_again_when_sent_again(send, ada, rows):
    """A corrected event would be refused as a duplicate of the bad one."""
    assert send(event(1, party=ada, state="flying"))[0].outcome == "quarantined"
    assert send(event(1, party=ada, state="flying"))[0].outcome == "quarantined"
    assert [row["tries"] for row in rows(CHANNEL_EVENTS)] == [2]
    assert send(event(1, party=ada))[0].outcome == "accepted"
    assert [(row["outcome"], row["reason"]) for row in rows(CHANNEL_EVENTS)] == [("accepted", None)]


def test_bad_event_leaves_no_trace_of_its_first_half(send, rows, feed):
    """A refused event would still have made a customer."""
    send(event(1, party={"email": "new@example.org"}, state="flying"))
    assert (rows(PARTIES), rows(ORDERS), feed()) == ([], [], {})


def test_states_arrive_in_any_order(send, ledger, ada, rows):
    """A late `shipped` would take an order back that was handed out."""
    send(
        event(3, "collected", party=ada, at="2026-11-01T12:00:00Z"),
        event(1, "placed", lines=LINES, total=798, collect_at="store-0001"),
        event(2, "ready", at="2026-11-01T11:00:00Z"),
    )
    [order] = rows(ORDERS)
    assert (order["state"], order["party_id"]) == ("collected", ada)
    body = json.loads(order["body"])
    assert (body["total"], body["lines"], body["collect_at"]) == (798, LINES, "store-0001")
    states = [(each.type, each.state) for each in timeline(ledger, ada)]
    assert states == [
        ("order.collected", "collected"),
        ("order.ready", "ready"),
        ("order.placed", "placed"),
    ]


def test_order_to_be_collected_is_told_to_that_store_only(send, ada, ledger, feed):
    """Every till of the chain would hold every order, or the one that needs it would not."""
    send(event(1, party=ada, lines=LINES))
    assert feed()["global", "order:WEB-1"][0] == "put"
    [outcome] = send(event(2, "changed", collect_at="store-0001"))
    assert outcome.notes == ("no till of store 'store-0001' is enrolled here",)
    assert feed()["global", "order:WEB-1"] == ("del", {"scope": "store:store-0001"})
    assert feed()["store:store-0001", "order:WEB-1"][1]["lines"] == LINES
    with writing(ledger) as conn:
        conn.execute(
            insert(JOURNALS).values(
                journal_id="j",
                store="store-0001",
                till="till-1",
                lane="sales",
                keyid="k",
                genesis=b"g",
                bound_at=NOW,
            )
        )
    assert send(event(3, "fulfilled"))[0].notes == ()
    assert feed()["store:store-0001", "order:WEB-1"][1]["state"] == "ready"
    [card_order] = feed()["global", f"party:{ada}"][1]["card"]["orders"]
    assert card_order["state"] == "ready"


def test_guest_orders_join_the_history_when_the_person_is_named(send, ledger, ada, rows):
    """What a guest ordered before saying who they are would be lost to their history."""
    guest = send(event(1, lines=LINES, paid=False), event(2, "shipped"))
    assert [(each.outcome, each.party_id) for each in guest] == [("accepted", None)] * 2
    send(event(3, "changed", party=ada))
    assert [each.event_id for each in timeline(ledger, ada)] == ["web/e-3", "web/e-2", "web/e-1"]
    assert [each.state for each in timeline(ledger, ada)] == ["shipped", "shipped", "placed"]
    assert {row["party_id"] for row in rows(CHANNEL_EVENTS)} == {ada}
    assert json.loads(rows(ORDERS)[0]["body"])["paid"] is False


def test_order_that_names_nobody_usable_is_still_an_order(send, rows):
    """A misspelt address would lose the order that waits to be collected."""
    [outcome] = send(event(1, party={"email": "nobody at all"}, lines=LINES))
    assert (outcome.outcome, outcome.party_id) == ("accepted", None)
    assert "email not used" in outcome.notes[1]
    assert len(rows(ORDERS)) == 1


def test_order_that_changes_hands_leaves_the_first_card(send, ledger, ada, feed):
    """The till would hand an order to the person it no longer belongs to."""
    _known(ledger, BOB, "bob@example.com")
    send(event(1, party=ada), event(2, "changed", party={"email": "bob@example.com"}))
    assert "orders" not in feed()["global", f"party:{ada}"][1]["card"]
    assert feed()["global", f"party:{BOB}"][1]["card"]["orders"][0]["order_no"] == "WEB-1"


def test_identifier_of_somebody_else_is_not_taken(send, ledger, ada):
    """A typing error in a web form would let one customer be found as another."""
    _known(ledger, BOB, "bob@example.com")
    [outcome] = send(event(1, party={"party_id": ADA.upper(), "email": "bob@example.com"}))
    assert outcome.party_id == ada
    assert "email not linked" in outcome.notes[0]
    with reading(ledger) as conn:
        assert find(conn, [normalise(IdentifierType.EMAIL, "bob@example.com", "DE")]) == BOB


def test_id_met_elsewhere_first_is_kept(send, ledger):
    """A customer enrolled offline would get another id by ordering on the web first."""
    fresh = "01999999-0000-7000-8000-0000000000aa"
    send(event(1, party={"party_id": fresh, "web_account": "42"}))
    [outcome] = send(event(2, "shipped", party={"web_account": " 42 "}))
    assert outcome.party_id == fresh
    assert len(timeline(ledger, fresh)) == 2


def test_order_number_belongs_to_one_channel(send, ada):
    """Two shops that count from 1 would overwrite each other's orders."""
    send(event(1, party=ada))
    [outcome] = send(event(1, party=ada), channel="mail")
    assert outcome.outcome == "quarantined"
    assert "'web'" in outcome.reason


def test_contact_without_order_and_silent_events(send, ledger, ada, feed):
    """A call would be missing from the history, or a changed phone number would clutter it."""
    send(
        {
            "event_id": "c-1",
            "type": "service.contact",
            "occurred_at": "2026-11-01T09:00:00+01:00",
            "party": ada,
            "title": "Asked for the order",
            "ref": "T-7",
        },
        {"event_id": "c-2", "type": "refund.settled", "occurred_at": "2026-11-01", "party": ada},
        {
            "event_id": "c-3",
            "type": "party.observed",
            "occurred_at": "2026-11-01T10:00:00",
            "party": {
                "party_id": ada,
                "name": "Ada B.",
                "consents": [{"purpose": "marketing", "contact": "email", "given": False}],
            },
        },
        channel="mail",
    )
    shown = [(each.title, each.ref, each.occurred_at) for each in timeline(ledger, ada)]
    assert shown == [
        ("Asked for the order", "T-7", "2026-11-01T08:00:00.000Z"),
        ("refund settled", "c-2", "2026-11-01T00:00:00.000Z"),
    ]
    card = feed()["global", f"party:{ada}"][1]["card"]
    assert (card["name"], card["consents"][0]["given"]) == ("Ada B.", False)


def test_unknown_touch_point_is_accepted_and_reported(send, ada, rows):
    """A new page of the shop would stop its orders, or go unnoticed."""
    told = event(1, party=ada) | {"touch_point": "app"}
    [outcome] = send(told)
    assert outcome.outcome == "accepted"
    assert "'app' is not registered" in outcome.notes[0]
    points = {(row["touch_point_id"], row["registered"]) for row in rows(TOUCH_POINTS)}
    assert points == {("webshop", True), ("app", False)}


def test_same_state_told_twice_is_published_once(send, ada, feed):
    """Every repeated event would send every till the same order again."""
    send(event(1, party=ada, lines=LINES))
    before = feed()["global", "order:WEB-1"]
    send(event(2, "changed", party=ada, lines=LINES))
    assert feed()["global", "order:WEB-1"] == before


def test_lines_are_read_leniently(send, ada, rows):
    """A shop that sends unit prices and codes only would have empty orders."""
    lines = [{"gtin": "4006381333931", "quantity": 3, "unit_price": 100}, {}]
    send(event(1, party=ada, lines=lines))
    body = json.loads(rows(ORDERS)[0]["body"])
    assert [(each["name"], each["amount"]) for each in body["lines"]] == [
        ("4006381333931", 300),
        ("item", 0),
    ]
    assert body["total"] == 300


def versions(ledger):
    with reading(ledger) as conn:
        return {row.party_id: row.ver for row in conn.execute(select(PARTIES))}


def test_a_card_is_told_once_for_all_that_came_together(send, ledger, ada):
    """An order with its payments and parcels would have every till take the same card ten times."""
    before = versions(ledger)[ada]
    party = {"email": "ada@example.com"}
    send(event(1, party=party, lines=LINES), event(2, "picked"), event(3, "shipped"))
    assert before + 1 == versions(ledger)[ada]
    send(event(1, party=party, lines=LINES))
    assert before + 1 == versions(ledger)[ada]


def test_a_card_nobody_can_make_is_one_events_trouble(send, ledger, ada, monkeypatch):
    """One customer's card would keep the orders of all who came with them out (P6)."""
    _known(ledger, BOB, "bob@example.com")

    def told(conn, party_ids):
        if ada in party_ids:
            raise ValueError("no card of this")
        publish_cards(conn, party_ids)

    monkeypatch.setattr(intake, "publish_cards", told)
    before = versions(ledger)[BOB]
    mine = event(1, party={"email": "ada@example.com"}, lines=LINES)
    his = event(2, party={"email": "bob@example.com"}, lines=LINES, order_no="WEB-2")
    assert ["quarantined", "accepted"] == [each.outcome for each in send(mine, his)]
    assert before + 1 == versions(ledger)[BOB]
    assert [] == timeline(ledger, ada)


def whole_life(bad=None):
    """Tell an order from its placing to its refund; one event of it may be bad."""
    party = {"email": "ada@example.com"}
    tea = {"name": "Tea", "gtin": "4006381333931"}
    told = [
        event(1, lines=[tea | {"quantity": 2, "amount": 798}]),
        event(2, "paid", payment={"payment": "p1", "amount": 798}),
        event(3, "ready", party=party, collect_at="store-0001"),
        event(4, "collected", collect_at="store-0001"),
        event(5, "changed", lines=[tea | {"quantity": 3, "amount": 1197}], revision=1),
        event(6, refund={"refund": "r1", "amount": 399}) | {"type": "refund.settled"},
    ]
    if bad is not None:
        told[bad]["order"]["total"] = 10**13
    return told


@pytest.mark.parametrize("bad", [None, 3])
def test_events_that_came_together_become_what_they_become_alone(
    send, migrated, tmp_path, ledger, bad
):
    """What the same events come to would hang on how many of them a web store sends at once.

    With a bad one among them, each of the others would be lost.
    """
    _known(ledger, ADA, "ada@example.com")
    for each in whole_life(bad):
        send(each)
    with reading(ledger) as conn:
        alone = everything(conn)
    other = open_engine(shutil.copy(migrated, tmp_path / "other.sqlite"))
    _known(other, ADA, "ada@example.com")
    with writing(other) as conn:
        register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], NOW)
        bodies = [json.dumps(each).encode() for each in whole_life(bad)]
        outcomes = take(conn, "web", bodies, NOW, lambda: "nobody")
    assert [bad] * (bad is not None) == [
        n for n, each in enumerate(outcomes) if each.outcome != "accepted"
    ]
    with reading(other) as conn:
        together = everything(conn)
    other.dispose()
    assert alone == together


def everything(conn):
    """Read what events came to: the history, the order, what was told of it, the stock."""
    held = [
        sorted(map(repr, conn.execute(select(table)).mappings()))
        for table in (INTERACTIONS, ORDERS, ORDERS_TOLD)
    ]
    return [*held, levels_of(conn)]
