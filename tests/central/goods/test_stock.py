"""Stock at HQ: Σ movements = stock, at every location, whatever happened how often."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from agent.core.stock import StockMoved, received
from central.goods import stock
from central.goods.stock_check import differences
from central.ledger.engine import reading, writing
from central.ledger.goods_tables import STOCK_LEVELS
from tests.central.goods.conftest import AT, OTHER_J, SALES_J, SIDE_J


def levels(ledger):
    with reading(ledger) as conn:
        assert [] == differences(conn)
        return {row[:3]: row.quantity for row in stock.levels_of(conn)}


@pytest.mark.both_databases
def test_sales_and_returns_move_the_levels_once(applier, receive, told, ledger):
    """A shelf would be counted empty that is full, or a sale counted twice."""
    sold = told.sale(1, lines=(told.line(1, 3000, item_id="tea"), told.line(2, gtin="0401")))
    back = told.sale(2, lines=(told.returned("sale-1"),))
    voided = told.sale(3, lines=(told.line(1, item_id="tea", voided=True), told.line(2)))
    receive(SALES_J, sold, voided)
    applier.apply_pending()
    receive(OTHER_J, sold)
    applier.apply_pending()
    receive(SALES_J, back)
    applier.apply_pending()
    assert {
        ("store-0001", "tea", "available"): -3000,
        ("store-0001", "0401", "available"): -1000,
    } == levels(ledger)


@pytest.mark.both_databases
def test_bookings_of_tills_and_of_staff(applier, receive, client, ledger):
    """Goods that came in could be sold and not be in stock."""
    moved = received("d-1", "store-0001", [("tea", 12_000)], AT.wall)
    receive(SIDE_J, StockMoved("store-0001", "till-1", AT, moved))
    receive(OTHER_J, StockMoved("store-0001", "till-1", AT, moved))
    applier.apply_pending()
    booking = {
        "event": "t-1",
        "kind": "sent",
        "location": "store-0001",
        "to": "store-0002",
        "goods": {"tea": 5000},
    }
    for _ in range(2):
        assert 200 == client.post("/v1/stock/movements", json=booking).status_code
    count = {
        "event": "c-1",
        "kind": "counted",
        "location": "store-0001",
        "goods": {"tea": 6000, "milk": 1000},
        "actor": "eva",
    }
    first = client.post("/v1/stock/movements", json=count).json()
    assert first == client.post("/v1/stock/movements", json=count).json()
    assert {
        ("store-0001", "tea", "available"): 6000,
        ("store-0001", "milk", "available"): 1000,
        ("store-0002", "tea", "transit"): 5000,
    } == levels(ledger)
    shown = client.get("/v1/stock", params={"location": "store-0002"}).json()["levels"]
    assert [("tea", "transit", 5000)] == [(e["item"], e["bucket"], e["quantity"]) for e in shown]
    assert {"differences": [], "after": None} == client.get("/v1/stock/check").json()
    told = client.get("/v1/stock/movements", params={"item": "tea"}).json()
    assert 3 == len(told)


def test_a_booking_sent_again_later_is_the_same(application, client, ledger):
    """Whoever had no answer to the first call was told of a fork, and searched for another one."""
    booking = {"event": "t-2", "kind": "received", "location": "s", "goods": {"tea": 5000}}
    answers = []
    for now in ("2026-11-02T12:00:00.000Z", "2026-11-02T12:00:09.000Z"):
        later = replace(application.state["hq"], now=lambda now=now: now)
        application.state["hq"] = later
        answers.append(client.post("/v1/stock/movements", json=booking))
    assert [200, 200] == [each.status_code for each in answers]
    assert answers[0].json() == answers[1].json()
    assert {("s", "tea", "available"): 5000} == levels(ledger)
    other = booking | {"goods": {"tea": 6000}}
    assert 409 == client.post("/v1/stock/movements", json=other).status_code


def test_what_cannot_be_booked_is_said(client):
    """Whoever types a wrong word would believe the goods are booked."""
    asked = {"event": "x", "kind": "vanished", "location": "s", "goods": {"tea": 1}}
    answer = client.post("/v1/stock/movements", json=asked)
    assert (400, "bad-booking") == (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1])
    assert answer.json()["remedy"]


def test_levels_are_what_random_movements_add_up_to(applier, receive, told, ledger):
    """After many thousand movements nobody could say why a level is what it is."""
    draw = random.Random(9)
    sales = [
        told.sale(
            n,
            lines=tuple(
                told.line(k, draw.choice((1000, 2000)), item_id=f"i{k % 5}")
                for k in range(1, draw.randint(2, 8))
            ),
        )
        for n in range(300)
    ]
    receive(SALES_J, *sales)
    bookings = [
        StockMoved("store-0001", "till-1", AT, received(f"r-{n}", "store-0001", [(f"i{n % 5}", 9)]))
        for n in range(100)
    ]
    receive(SIDE_J, *bookings)
    applier.apply_pending()
    sold = sum(line.quantity for body in sales for line in body.lines)
    assert 900 - sold == sum(levels(ledger).values())


@pytest.mark.both_databases
def test_the_stock_is_shown_in_pages(client):
    """Wrong: one question about the stock of a large chain has HQ read all of it at once."""
    goods = {"tea/green %": 1000, "milk": 2000, "ünlü": 3000}
    for place in ("store-0001", "store-0002"):
        asked = {"event": place, "kind": "received", "location": place, "goods": goods}
        assert 200 == client.post("/v1/stock/movements", json=asked).status_code
    seen, after = [], ""
    while after is not None:
        answer = client.get("/v1/stock", params={"limit": 2, "after": after}).json()
        assert len(answer["levels"]) <= 2
        seen += [(each["location"], each["item"]) for each in answer["levels"]]
        after = answer["after"]
    assert {(place, each) for place in ("store-0001", "store-0002") for each in goods} == set(seen)
    assert 6 == len(seen)
    assert 400 == client.get("/v1/stock", params={"after": "store-0001"}).status_code


@pytest.mark.both_databases
def test_what_does_not_add_up_is_shown_in_pages(client, ledger, applier, receive, told):
    """Wrong: a chain whose levels were hurt, of all times, has HQ answer with all of them."""
    receive(SALES_J, told.sale(1, lines=(told.line(1, 3000, item_id="tea"),)))
    applier.apply_pending()
    goods = {f"i{n}/%": 1000 for n in range(4)}
    asked = {"event": "r", "kind": "received", "location": "store-0001", "goods": goods}
    assert 200 == client.post("/v1/stock/movements", json=asked).status_code
    levels(ledger)
    with writing(ledger) as conn:
        conn.execute(STOCK_LEVELS.update().values(quantity=STOCK_LEVELS.c.quantity + 7))
        conn.execute(STOCK_LEVELS.delete().where(STOCK_LEVELS.c.item == "i3/%"))
    seen, after = [], ""
    while after is not None:
        answer = client.get("/v1/stock/check", params={"limit": 2, "after": after}).json()
        assert len(answer["differences"]) <= 2
        seen += [(each["item"], each["held"], each["reckoned"]) for each in answer["differences"]]
        after = answer["after"]
    hurt = [(f"i{n}/%", 1007, 1000) for n in range(3)]
    assert [*hurt, ("i3/%", 0, 1000), ("tea", -2993, -3000)] == seen


@pytest.mark.both_databases
def test_a_count_without_a_difference_is_kept(client):
    """Wrong: nobody can show that the shelf was counted, and the second count moves goods."""
    goods = {"event": "r-1", "kind": "received", "location": "store-0001", "goods": {"tea": 6000}}
    count = goods | {"event": "c-1", "kind": "counted", "actor": "eva"}
    assert 400 == client.post("/v1/stock/movements", json=count | {"actor": " "}).status_code
    client.post("/v1/stock/movements", json=goods)
    assert [] == client.post("/v1/stock/movements", json=count).json()
    more = goods | {"event": "r-2", "goods": {"tea": 1000}}
    client.post("/v1/stock/movements", json=more)
    assert [] == client.post("/v1/stock/movements", json=count).json()
    (kept,) = client.get("/v1/stock/counts", params={"location": "store-0001"}).json()
    wanted = {"event": "hq/c-1", "item": "tea", "found": 6000, "known": 6000, "actor": "eva"}
    assert wanted | {"location": "store-0001", "at": "2026-11-02T12:00:00.000Z"} == kept
    assert [] == client.get("/v1/stock/counts", params={"item": "milk"}).json()
