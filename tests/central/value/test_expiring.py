"""Points that end at HQ: booked once, whatever comes late, and told before it happens."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from agent.core.loyalty import (
    Draw,
    EarnedLine,
    Earning,
    Expiry,
    Lease,
    LeaseClosed,
    Programme,
    Term,
    ValueEarned,
    ValueSpent,
    Worth,
)
from agent.core.loyalty.bookings import adjusted
from central.channels import customer_rows
from central.histories import Applier
from central.identity.interactions import interactions_of
from central.identity.parties import ERASED, Origin, ensure
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import reading, writing
from central.ledger.value_tables import VALUE_EXPIRIES, VALUE_POSTINGS, wake
from central.value import leasing, programme
from central.value.balances import view_of
from central.value.books import SqlBooks
from central.value.expiry_keeping import MANY, ExpiryKeeper
from tests.central.value.test_value import assert_sound

ADA = "01999999-0000-7000-8000-00000000ada0"
BOB = "01999999-0000-7000-8000-00000000b0b0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
PLACE = ("store-0001", "till-1")
PERIOD = Programme(worth=Worth(1, 1), expiry=Expiry(3, "2026-01-01"))
LAST_DAY, NEXT_DAY = "2027-02-02", "2027-02-03T05:00:00.000Z"
DAY_AFTER = "2027-02-04T05:00:00.000Z"
LEASE = Lease(ADA, "points", 60, *PLACE, SIDE_J, "2027-01-30", Worth(1, 1))
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 0, 2))
BY = {"actor": "eva", "reason": "the same person"}


class Chain:
    """HQ with its clock, what it hears of tills, and who looks after points that end."""

    def __init__(self, ledger, receive):
        self.ledger, self.receive = ledger, receive
        self.now = "2026-11-02T12:00:00.000Z"
        self.keeper = ExpiryKeeper(ledger, lambda: self.now)

    def hear(self, *bodies, journal=SIDE_J):
        self.receive(journal, *bodies)
        self.apply()

    def apply(self):
        Applier(self.ledger, lambda: self.now).apply_pending()

    def look(self, now=None):
        self.now = now or self.now
        return self.keeper.look_all()

    def put(self, meant, now):
        with writing(self.ledger) as conn:
            return programme.put(conn, meant, now)

    def lend(self, lease_id="lease-1", lease=LEASE):
        with writing(self.ledger) as conn:
            leasing.book(conn, lease_id, lease, f"{lease.day}T12:00:00.000Z")

    def value(self, *owners):
        with reading(self.ledger) as conn:
            units = view_of(conn, owners or (ADA,)).units
        return [(unit.value, unit.free) for unit in units] or [(0, 0)]

    def ended(self):
        """Owner → what is booked as ended of them."""
        found = {}
        query = select(VALUE_POSTINGS).where(VALUE_POSTINGS.c.kind == "forfeited")
        with reading(self.ledger) as conn:
            for row in conn.execute(query):
                found[row.owner] = found.get(row.owner, 0) + row.amount
        return found


@pytest.fixture
def plain(ledger, receive):
    """A chain whose points do not end."""
    return Chain(ledger, receive)


@pytest.fixture
def hq(plain):
    """A chain whose points end after three months."""
    plain.put(PERIOD, "2026-01-01T00:00:00.000Z")
    return plain


def earned(told, n, points=100, owner=ADA, quantity=2000):
    earning = Earning("points", (EarnedLine(1, points, quantity),), (("base", 1),))
    return ValueEarned(f"sale-{n}", *PLACE, told.at(n), owner, (earning,))


@pytest.mark.both_databases
def test_points_end_once_and_are_told_of_before(hq, told, feed):
    """A customer would lose points without a word, or lose them with every look."""

    def card():
        return feed()["global", f"party:{ADA}"][1]["card"]

    hq.hear(earned(told, 1))
    assert (1, None) == (hq.look(), card().get("expiring"))
    hq.look("2026-12-04T05:00:00.000Z")
    assert {"points": 100, "last_day": LAST_DAY} == card()["expiring"]
    hq.look(f"{LAST_DAY}T23:00:00.000Z")
    assert [(100, 100)] == hq.value()
    assert 1 == hq.look(NEXT_DAY)
    assert [(0, 0)] == hq.value()
    assert (None, None) == (card().get("points"), card().get("expiring"))
    assert 0 == hq.look()
    with reading(hq.ledger) as conn:
        lines = [(each.occurred_at, each.type, each.title) for each in interactions_of(conn, ADA)]
    assert ("2027-02-03T00:00:00.000Z", "loyalty.expired", "100 points expired") == lines[0]
    assert_sound(hq.ledger)


@pytest.fixture
def imported(ledger, tmp_path, monkeypatch):
    """Take Ada over from another system's records; gives her id."""

    def _imported(points, on):
        file = tmp_path / f"{on}.csv"
        file.write_text(f"source_id,name,points\n7,Ada,{points}\n")
        monkeypatch.setattr(customer_rows, "utc_now", lambda: f"{on}T12:00:00.000Z")
        assert not customer_rows.import_customers(ledger, file).problems
        with reading(ledger) as conn:
            return conn.execute(select(PARTIES.c.party_id)).scalar_one()

    return _imported


@pytest.mark.both_databases
@pytest.mark.parametrize("first", ["period", "import"])
def test_what_was_brought_along_ends_as_if_booked_on_that_day(plain, imported, feed, first):
    """Wrong: who never comes keeps their points for ever, and who comes loses them in time."""
    if first == "period":
        plain.put(PERIOD, "2026-01-01T00:00:00.000Z")
        plain.look()
    ada = imported(250, "2026-11-10")
    if first == "import":
        plain.put(PERIOD, "2026-11-11T00:00:00.000Z")
    assert 1 == plain.look("2026-11-11T05:00:00.000Z")
    assert 1 == plain.look("2027-02-10T23:00:00.000Z")
    card = feed()["global", f"party:{ada}"][1]["card"]
    assert (250, "2027-02-10") == (card["points"], card["expiring"]["last_day"])
    assert 1 == plain.look("2027-02-11T05:00:00.000Z")
    assert ([(0, 0)], {ada: 250}) == (plain.value(ada), plain.ended())
    assert "points" not in feed()["global", f"party:{ada}"][1]["card"]
    assert ada == imported(260, "2027-02-12")
    plain.look("2027-06-01T05:00:00.000Z")
    assert [(0, 0)] == plain.value(ada)
    assert_sound(plain.ledger)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_sales_behind_it_change_nothing_of_when_it_ends(hq, imported, told, order, *, looks):
    """Wrong: what was brought along ends on another day, as sales come in."""
    ada = imported(250, "2026-11-01")
    facts = earned(told, 1, 100, ada), earned(told, 2, 7, ada)
    for each in order:
        hq.hear(facts[each])
        if looks:
            hq.look("2027-02-02T05:00:00.000Z")
    hq.look("2027-02-02T05:00:00.000Z")
    assert ([(107, 107)], {ada: 250}) == (hq.value(ada), hq.ended())
    assert_sound(hq.ledger)


def test_nothing_ends_where_nobody_says_so(plain, told):
    """Points would end in a chain that never told its customers of it."""
    plain.hear(earned(told, 1))
    assert 0 == plain.look("2099-01-01T00:00:00.000Z")
    assert [(100, 100)] == plain.value()


@pytest.mark.both_databases
def test_a_new_period_ends_nothing_overnight(plain, told, client):
    """On the day a period is set, customers would lose what they had saved for years."""
    client.headers["Authorization"] = "Bearer right"
    plain.hear(earned(told, 1))
    with writing(plain.ledger) as conn:
        conn.execute(VALUE_EXPIRIES.delete())  # As before there was a table of it.
    put = plain.put(Programme(expiry=Expiry(3)), "2027-06-10T08:00:00.000Z")
    again = plain.put(Programme(expiry=Expiry(3)), "2027-06-11T08:00:00.000Z")
    assert Expiry(3, "2027-06-10") == put.expiry == again.expiry
    assert 1 == plain.look("2027-06-11T08:00:00.000Z")
    assert [(100, 100)] == plain.value()
    answer = client.get(f"/v1/parties/{ADA}/value").json()
    assert [{"points": 100, "last_day": "2027-09-10"}] == answer["expiring"]


def test_what_has_ended_stays_ended_whatever_is_set_later(hq, told):
    """A change of the period would give back, or take, what was settled long ago."""
    hq.hear(earned(told, 1))
    hq.look(NEXT_DAY)
    for expiry in (Expiry(36), None):
        hq.put(Programme(expiry=expiry), NEXT_DAY)
        assert 1 == hq.look()
        assert [(0, 0)] == hq.value()
    with reading(hq.ledger) as conn:
        assert (
            Term("2026-01-01", PERIOD.expiry),
            Term("2027-02-03", Expiry(36, "2027-02-03")),
            Term("2027-02-03", None),
        ) == programme.terms_of(conn)


@pytest.mark.both_databases
def test_a_return_after_the_end_takes_nothing_twice(hq, told):
    """Whoever gives goods back late would owe the points they had lost already."""
    hq.hear(earned(told, 1))
    hq.hear(told.sale(1, lines=(told.line(1, 2000),)), journal=SALES_J)
    hq.look(NEXT_DAY)
    for number, gone in ((2, 50), (3, 0)):
        hq.hear(told.sale(number, lines=(told.returned("sale-1"),)), journal="c" * 32)
        hq.look()
        assert ([(0, 0)], {ADA: gone}) == (hq.value(), hq.ended())


@pytest.mark.parametrize("looks", [False, True])
def test_what_a_till_spends_offline_is_as_old_as_its_lease(hq, told, *, looks):
    """A till would pay with points HQ has ended meanwhile, or have ended what it paid with."""
    hq.hear(earned(told, 1))
    hq.lend()
    hq.look(NEXT_DAY)
    assert ([(60, 0)], {ADA: 40}) == (hq.value(), hq.ended())
    draws = (Draw("lease-1", 45),)
    for fact in (
        ValueSpent("sale-2", *PLACE, told.at(50), ADA, "points", 1, 45, draws),
        LeaseClosed("lease-1", *PLACE, told.at(51), 45, "lapsed"),
        earned(told, 3, 7),
    ):
        hq.hear(fact)
        if looks:
            hq.look()
    hq.look(DAY_AFTER)
    assert ([(0, 0)], {ADA: 62}) == (hq.value(), hq.ended())
    assert_sound(hq.ledger)


def test_a_sale_is_no_work_until_the_next_day(hq, told):
    """HQ would reckon everything somebody ever bought with each of their sales."""
    hq.look()
    hq.hear(earned(told, 1))
    assert 0 == hq.look()
    assert 1 == hq.look("2026-11-03T00:00:01.000Z")


def test_any_order_of_arrival_ends_the_same(hq, told):
    """Which line was down would decide how many points customers have left."""
    orders = {f"{ADA[:-1]}{n}": order for n, order in enumerate(ORDERS)}
    facts = {owner: facts_of(told, n, owner) for n, owner in enumerate(orders)}
    for n, owner in enumerate(orders):
        lease = msgspec.structs.replace(LEASE, owner=owner, day="2026-12-01")
        hq.lend(f"lease-{n}", lease)
    for step, now in enumerate((NEXT_DAY, "2027-01-01T05:00:00.000Z", NEXT_DAY)):
        for owner, order in orders.items():
            hq.receive(*facts[owner][order[step]])
        hq.apply()
        hq.look(now)
    hq.hear(
        *(LeaseClosed(f"lease-{n}", *PLACE, told.at(6), 30, "lapsed") for n in range(len(ORDERS)))
    )
    hq.look(DAY_AFTER)
    assert {owner: [(0, 0)] for owner in orders} == {owner: hq.value(owner) for owner in orders}
    assert dict.fromkeys(orders, 20) == hq.ended()
    assert_sound(hq.ledger)


def facts_of(told, n, owner):
    """A sale of two things, one that comes back, and paying with thirty points."""
    draws = (Draw(f"lease-{n}", 30),)
    return [
        (SIDE_J, earned(told, 3 * n, owner=owner)),
        ("c" * 32, told.sale(3 * n + 1, lines=(told.returned(f"sale-{3 * n}"),))),
        (SIDE_J, ValueSpent(f"paid-{n}", *PLACE, told.at(5), owner, "points", 1, 30, draws)),
    ]


@pytest.mark.both_databases
def test_a_merge_ends_what_both_have_and_its_undo_leaves_each_their_own(hq, told, client):
    """Of a person with two records points would end that the other one had spent (P10)."""
    client.headers["Authorization"] = "Bearer right"
    hq.hear(told.enrolled(ADA, name="Ada"), told.enrolled(BOB, name="Ada L"))
    hq.hear(earned(told, 1, 30), earned(told, 2, 70, BOB))
    asked = {"merge_id": "m-1", "party_ids": [ADA, BOB]} | BY
    assert 201 == client.post("/v1/merges", json=asked).status_code
    with writing(hq.ledger) as conn:
        SqlBooks(conn).post(adjusted(BOB, "points", -80, event="spent"), hq.now)
    hq.look(NEXT_DAY)
    assert ([(0, 0)], 20) == (hq.value(ADA, BOB), sum(hq.ended().values()))
    assert 200 == client.post("/v1/merges/m-1/undo", json=BY).status_code
    hq.look()
    assert ([(0, 0)], [(-10, -10)]) == (hq.value(ADA), hq.value(BOB))
    assert (30, 0) == (hq.ended()[ADA], hq.ended().get(BOB, 0))


def test_an_erased_person_is_looked_at_no_more(hq, told):
    """A history would begin anew for somebody whom nobody may know."""
    hq.hear(earned(told, 1))
    with writing(hq.ledger) as conn:
        conn.execute(PARTIES.update().values(state=ERASED))
    assert (1, 0) == (hq.look(NEXT_DAY), hq.look())
    assert [(100, 100)] == hq.value()


def test_somebody_who_cannot_be_looked_at_holds_up_nobody(hq, told):
    """One broken record would keep everybody's points from ending (P6)."""
    hq.hear(earned(told, 1))
    with writing(hq.ledger) as conn:
        wake(conn, ["nobody"])
    assert (2, 0) == (hq.look(NEXT_DAY), hq.look())
    assert [(0, 0)] == hq.value()


def test_more_than_one_lot_of_work_is_done(hq):
    """Of many customers only the first would be looked at."""
    many = [f"{ADA[:-3]}{n:03}" for n in range(MANY + 1)]
    with writing(hq.ledger) as conn:
        for each in many:
            ensure(conn, each, Origin("hq", hq.now))
            SqlBooks(conn).post(adjusted(each, "points", 5, event=f"b/{each}"), hq.now)
    assert [MANY, 1, 0] == [hq.keeper.look() for _ in range(3)]


def test_a_person_is_handed_what_ends(hq, told, client):
    """Nobody could tell a customer which of their points end when."""
    client.headers["Authorization"] = "Bearer right"
    hq.hear(earned(told, 1))
    answer = client.get(f"/v1/parties/{ADA}/value").json()
    assert [{"points": 100, "last_day": LAST_DAY}] == answer["expiring"]
    given = {"booking_id": "goodwill-1", "value": 5} | BY
    answer = client.post(f"/v1/parties/{ADA}/value", json=given).json()
    assert [{"points": 105, "last_day": LAST_DAY}] == answer["expiring"]
