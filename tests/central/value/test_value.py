"""Points and gift cards at HQ: booked once in whatever order, added up over merged ids, leased."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from agent.core.exchange.orders import Order
from agent.core.loyalty import (
    Draw,
    EarnedLine,
    Earning,
    EarnRule,
    Lease,
    LeaseClosed,
    LoyaltyFault,
    Programme,
    Source,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    Worth,
    balances,
    gift_owner,
)
from agent.core.loyalty.facts import ValueUnspent
from central.histories import Applier
from central.histories.entry import Entry
from central.histories.valuing import lease_back
from central.identity.attributes import observe
from central.identity.cards import card_of
from central.identity.parties import Origin, ensure
from central.identity.points import points_of_each
from central.ledger.customer_tables import PARKED
from central.ledger.engine import reading, writing
from central.ledger.tables import QUARANTINE
from central.ledger.value_tables import VALUE_ACCOUNTS, VALUE_FINDINGS, VALUE_POSTINGS
from central.value import leasing, programme
from central.value.balances import view_of
from central.value.books import SqlBooks, posting_of
from central.value.ending import forfeit

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
NOW = "2026-11-02T12:00:00.000Z"
PLACE = ("store-0001", "till-1")
PROGRAMME = Programme(rules=(EarnRule("base", 1, points=1, per=100),), worth=Worth(1, 1))
LEASE = Lease(ADA, "points", 60, *PLACE, SIDE_J, "2026-11-02", Worth(1, 1))


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW)


@pytest.fixture
def value(ledger):
    """Show what somebody has."""

    def _value(*owners):
        with reading(ledger) as conn:
            return {each.unit: (each.value, each.free) for each in view_of(conn, owners).units}

    return _value


def earned(told, n, points=100, owner=ADA, quantity=2000):
    line = EarnedLine(1, points, quantity)
    earning = Earning("points", (line,), (("base", 1),))
    return ValueEarned(f"sale-{n}", *PLACE, told.at(n), owner, (earning,))


def spent(told, n, value=40, lease="lease-1"):
    draws = (Draw(lease, value),)
    return ValueSpent(f"sale-{n}", *PLACE, told.at(n), ADA, "points", 1, value, draws)


def restored(told, n, of, amount):
    return ValueRestored(f"sale-{n}", *PLACE, told.at(n), 1, f"sale-{of}", 1, amount)


def closed(told, n, spent_of=40, lease="lease-1"):
    return LeaseClosed(lease, *PLACE, told.at(n), spent_of, "lapsed")


def lease_known(ledger, lease_id="lease-1", lease=LEASE):
    with writing(ledger) as conn:
        leasing.book(conn, lease_id, lease, NOW)


def assert_sound(ledger):
    """Every event adds up to nothing, and every account to what was posted on it."""
    with reading(ledger) as conn:
        postings = [posting_of(row) for row in conn.execute(select(VALUE_POSTINGS))]
        held = {tuple(row)[:4]: row.amount for row in conn.execute(select(VALUE_ACCOUNTS))}
    sums = {}
    for each in postings:
        sums[each.event, each.account.unit] = sums.get((each.event, each.account.unit), 0) + (
            each.amount
        )
    assert {0} >= set(sums.values())
    meant = {
        (account.owner, account.unit, account.kind, account.lease): amount
        for account, amount in balances(postings).items()
    }
    assert {key: amount for key, amount in meant.items() if amount} == {
        key: amount for key, amount in held.items() if amount
    }


@pytest.mark.both_databases
def test_what_a_sale_earned_is_on_the_card_once(applier, receive, told, ledger, value, feed):
    """Points would be missing, or counted again with each delivery."""
    receive(SIDE_J, earned(told, 1), earned(told, 1), earned(told, 2, 7))
    applier.apply_pending()
    assert {"points": (107, 107)} == value(ADA)
    with reading(ledger) as conn:
        assert 107 == card_of(conn, ADA).points
    assert 107 == feed()["global", f"party:{ADA}"][1]["card"]["points"]
    assert_sound(ledger)


@pytest.mark.both_databases
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_goods_that_come_back_take_their_points_along(
    applier, receive, told, ledger, value, rows, *, order
):
    """A customer keeps points of goods that were given back, whichever fact comes first."""
    facts = [
        (SIDE_J, earned(told, 1)),
        (SALES_J, told.sale(1, lines=(told.line(1, 2000),))),
        ("c" * 32, told.sale(2, lines=(told.returned("sale-1"),))),
    ]
    for place in order:
        receive(*facts[place])
        applier.apply_pending()
    assert {"points": (50, 50)} == value(ADA)
    assert [] == rows(QUARANTINE)
    assert_sound(ledger)


@pytest.mark.parametrize(
    "order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1), (1, 2, 0, 3)]
)
def test_paying_waits_for_its_lease_and_a_refund_for_the_payment(
    applier, receive, told, ledger, value, rows, *, order
):
    """What an HQ restored from a backup hears out of order would be lost or booked twice."""
    steps = [
        lambda: receive(SIDE_J, spent(told, 2)),
        lambda: receive("c" * 32, restored(told, 3, 2, 10)),
        lambda: receive("d" * 32, closed(told, 4)),
        lambda: lease_known(ledger),
    ]
    receive(SIDE_J, earned(told, 1))
    for place in order:
        steps[place]()
        applier.apply_pending()
    # What waited for the lease is taken up with the till's receipt of it; here by its next word.
    with writing(ledger) as conn:
        order_text = msgspec.json.encode(
            Order("lease-1", "lease", "store:s", "1", NOW, msgspec.Raw(b"{}"))
        ).decode()
        lease_back(conn, Entry(SIDE_J, 9, NOW), order_text)
    assert {"points": (70, 70)} == value(ADA)
    assert ([], []) == (rows(PARKED), rows(QUARANTINE))
    assert_sound(ledger)


@pytest.mark.both_databases
def test_a_gift_card_is_charged_by_a_line(applier, receive, told, value, ledger):
    """Money paid for a gift card would not be on it."""
    card = gift_owner("1234-5678-90")
    receive(SIDE_J, ValueLoaded("sale-1", *PLACE, told.at(1), card, "EUR", 1, 2500))
    applier.apply_pending()
    assert {"EUR": (2500, 2500)} == value(card)
    assert_sound(ledger)


def test_imported_points_open_the_books(applier, receive, told, value, ledger):
    """Whoever had points in the old system would lose them with their first purchase."""
    with writing(ledger) as conn:
        ensure(conn, ADA, Origin("import", NOW))
        observe(conn, ADA, {"name": "Ada", "points": "250"}, Origin("import", NOW))
        assert 250 == card_of(conn, ADA).points
    receive(SIDE_J, earned(told, 1))
    applier.apply_pending()
    assert {"points": (350, 350)} == value(ADA)
    with reading(ledger) as conn:
        assert {ADA: 350} == points_of_each(conn, [ADA])
        assert 350 == card_of(conn, ADA).points


def test_more_given_back_than_paid_is_for_a_person(applier, receive, told, ledger, rows, value):
    """A refund to points beyond what was paid with them would pass unseen."""
    lease_known(ledger)
    receive(SIDE_J, earned(told, 1), spent(told, 2), restored(told, 3, 2, 55))
    applier.apply_pending()
    assert {"points": (100, 80)} == value(ADA)
    assert [("restored-more-than-paid", 15)] == [
        (row["name"], row["amount"]) for row in rows(VALUE_FINDINGS)
    ]


@pytest.mark.both_databases
def test_a_programme_is_published_once_and_its_rules_count_versions(ledger, feed):
    """An earning could not say which of two rules of one name it came from."""
    with writing(ledger) as conn:
        assert 1 == programme.put(conn, PROGRAMME, NOW).version
        assert 1 == programme.put(conn, PROGRAMME, NOW).version
        changed = msgspec.structs.replace(
            PROGRAMME, rules=(EarnRule("base", 1, points=2, per=100),)
        )
        assert [2] == [rule.version for rule in programme.put(conn, changed, NOW).rules]
    op, body = feed()["global", "rule:loyalty"]
    assert ("put", 2, 2) == (op, body["version"], body["rules"][0]["points"])


def test_a_lease_that_is_written_off_gives_back_what_it_did_not_spend(
    applier, receive, told, ledger, value
):
    """Value at a till that burnt down would be gone for ever; or be spent twice, unseen."""
    lease_known(ledger)
    receive(SIDE_J, earned(told, 1), spent(told, 2))
    applier.apply_pending()
    assert {"points": (60, 40)} == value(ADA)
    with writing(ledger) as conn:
        leasing.write_off(conn, "lease-1", NOW)
        with pytest.raises(LoyaltyFault):
            leasing.write_off(conn, "lease-1", NOW)
    assert {"points": (60, 60)} == value(ADA)
    receive(SIDE_J, spent(told, 3, 20), closed(told, 4, 60))
    applier.apply_pending()
    assert {"points": (40, 40)} == value(ADA)
    assert_sound(ledger)


def test_what_stands_is_found_by_source_and_lease(ledger, applier, receive, told):
    """A return would take back nothing, or a lease release what was spent of it."""
    lease_known(ledger)
    receive(SIDE_J, earned(told, 1), spent(told, 2))
    applier.apply_pending()
    with reading(ledger) as conn:
        books = SqlBooks(conn)
        assert 2 == len(books.of(Source("sale-1", "line-1")))
        assert [60, -40] == [each.amount for each in books.releases("lease-1")]
        assert [] == list(books.releases("lease-2"))
        assert (LEASE, None) == (books.lease("lease-1"), books.lease("lease-2"))


def test_what_an_erased_person_held_is_forfeited_once(ledger, applier, receive, told, value):
    """The chain would owe points to somebody it must not know any more."""
    receive(SIDE_J, earned(told, 1))
    applier.apply_pending()
    for _ in range(2):
        with writing(ledger) as conn:
            forfeit(conn, [ADA], "order-1", NOW)
    assert {"points": (0, 0)} == value(ADA)
    assert_sound(ledger)


@pytest.mark.both_databases
def test_a_payment_a_till_could_not_take_is_for_a_person(applier, receive, told, client, ledger):
    """POS software would sell for points that nobody ever takes off, and nobody see it."""
    client.headers["Authorization"] = "Bearer right"
    kept = ValueUnspent("sale-1", *PLACE, told.at(1), ADA, "points", 2, 150, "more-than-leased")
    nobodys = ValueUnspent("sale-2", *PLACE, told.at(2), "", "EUR", 1, -150, "not-paid-so")
    receive(SIDE_J, kept, kept, nobodys)
    applier.apply_pending()
    found = client.get("/v1/loyalty/worklist").json()["findings"]
    assert [("tender-not-spent", ADA, 150), ("tender-not-spent", "", 150)] == [
        (each["name"], each["owner"], each["amount"]) for each in found
    ]
    assert "more-than-leased" in found[0]["detail"]
    said = {"event": "sale-1", "line": "tender-2", "actor": "eva", "reason": "paid in cash"}
    left = client.post("/v1/loyalty/worklist/settle", json=said).json()["findings"]
    assert ["sale-2"] == [each["event"] for each in left]
    assert_sound(ledger)
