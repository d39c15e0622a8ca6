"""The shop that ships with the product: what a demonstration shows must be right."""

from __future__ import annotations

import csv
import importlib
import json
from collections import defaultdict
from importlib import resources

import pytest

from agent.core.barcode import check_digit
from agent.core.recognition import RecognitionRules, means_of_typed, reasons_of

DATA = resources.files("agent.daemon.demo") / "data"
RULES = RecognitionRules(("LC",), ("WEB-",), "DE", "store-0001")
RESERVED_PHONES = ("+491713920", "+447700900", "+447700901", "+3363998", "+120255501")
"""Ranges the regulators of DE, GB, FR and US keep free for films and examples."""


def table(name):
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


def events():
    return json.loads((DATA / "orders.json").read_text(encoding="utf-8"))


def test_codes_of_items_are_valid_and_each_names_one():
    """A scan in the demonstration would find nothing, or the wrong thing."""
    codes = defaultdict(set)
    for row in table("items.csv"):
        if row["gtin"]:
            assert (len(row["gtin"]), row["gtin"][:3]) == (13, "952")
            assert int(row["gtin"][-1]) == check_digit(row["gtin"][:-1])
        else:
            assert (len(row["reference"]), row["unit"]) == (7, "kg")
            assert row["reference"][:2] in {"21", "22"}
        codes[row["gtin"] or row["reference"]].add(row["item_id"])
    assert {1} == {len(items) for items in codes.values()}
    assert len(codes) >= 150


def test_catalogue_is_a_shop():
    """The demonstration would lack a tax rate, a weighed item or a price to come."""
    rows = table("items.csv")
    assert {row["tax"] for row in rows} == {"standard", "reduced"}
    assert len({row["department"] for row in rows}) >= 10
    assert {row["reference"][:2] for row in rows if row["reference"]} == {"21", "22"}
    assert sum(row["valid_from"] > "2030" for row in rows) >= 5


def test_cards_are_this_chains_and_right():
    """The very first scan of the story would be refused."""
    customers = table("customers.csv")
    assert len(customers) == len({row["card"] for row in customers}) == 36
    for row in customers:
        assert () == reasons_of(row["card"], RULES)
        assert [row["card"]] == [means.value for means in means_of_typed(row["card"], None, RULES)]


def test_nobody_real_can_be_reached():
    """Somebody trying the demonstration would write to or call a real person."""
    for row in table("customers.csv"):
        assert not row["email"] or row["email"].split("@")[1] in {"example.com", "example.org"}
        if row["phone"]:
            [phone] = means_of_typed(
                row["phone"], "phone", RecognitionRules((), (), row["country"], "s")
            )
            assert phone.value.startswith(RESERVED_PHONES)


def test_orders_belong_to_customers_and_hold_items():
    """The till would show no order waiting, or one nobody can pack."""
    emails = {row["email"] for row in table("customers.csv")}
    gtins = {row["gtin"].zfill(14) for row in table("items.csv")}
    states = defaultdict(set)
    for event in events():
        assert event["party"]["email"].casefold() in emails
        for line in event.get("order", {}).get("lines", []):
            assert line["gtin"] in gtins
        order = event.get("order", {})
        states[order.get("order_no")].add(event["type"])
        assert sum(each["amount"] for each in order.get("lines", [])) == order.get("total", 0)
    reached = set().union(*states.values())
    assert {"order.shipped", "order.ready", "order.delivered", "order.cancelled"} <= reached


def test_everything_goes_into_hq(tmp_path):
    """The demonstration would start with a row left out or an event in quarantine."""
    pytest.importorskip("sqlalchemy")
    room = importlib.import_module
    imports, intake = room("central.channels.imports"), room("central.channels.intake")
    engines, registry = room("central.ledger.engine"), room("central.channels.registry")
    ids = room("central.channels.person")
    engine = engines.open_engine(tmp_path / "central.sqlite")
    room("central.ledger.migrate").migrate(engine)
    now = "2026-11-02T12:00:00.000Z"
    with resources.as_file(DATA) as data:
        items = imports.import_items(engine, data / "items.csv")
        customers = imports.import_customers(engine, data / "customers.csv")
    with engines.writing(engine) as conn:
        registry.register(conn, [registry.Channel("web", touch_points=("webshop",))], now)
        bodies = [json.dumps(event).encode() for event in events()]
        outcomes = intake.take(conn, "web", bodies, now, ids.new_party_id)
    engine.dispose()
    assert ((), 150) == (items.problems, items.added)
    assert ((), 36) == (customers.problems, customers.added)
    assert {"accepted"} == {outcome.outcome for outcome in outcomes}
    assert {"no till of store 'store-0001' is enrolled here"} == {
        note for outcome in outcomes for note in outcome.notes
    }
