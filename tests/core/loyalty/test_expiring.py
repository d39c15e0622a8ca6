"""Points that end: the first that end are spent first, and it is the same whoever looks when."""

from __future__ import annotations

from random import Random

import pytest

from agent.core.days import FOREVER, plus_days, plus_months
from agent.core.faults import InputFault
from agent.core.loyalty import (
    LEASED,
    Account,
    Dated,
    Draw,
    EarnedLine,
    Earning,
    Expiring,
    Expiry,
    Lease,
    Posting,
    Term,
    ValueRestored,
    ValueSpent,
    at_of,
    balances,
    corrections,
    ended,
    last_day,
    left_of,
    owned,
    schedule,
)
from agent.core.loyalty.bookings import (
    adjusted,
    earned,
    forfeited,
    goods,
    granted,
    payment,
    released,
    restored,
    spent,
)
from agent.core.loyalty.lots import BACK_DAYS
from agent.core.loyalty.reversing import reverse
from agent.core.loyalty.rules import require_expiry
from agent.core.sale import Stamp

ADA, BOB = "ada", "bob"
FIRST = "2026-01-01"
YEAR = (Term(FIRST, Expiry(12, FIRST)),)
AT = Stamp("2026-01-01T10:00:00.000Z", 1, "boot")


class Books:
    """What HQ has booked of one person, and what it books as ended when it looks."""

    def __init__(self, terms=YEAR):
        self.terms, self.rows, self.days = terms, [], {}

    def post(self, day, postings):
        self.rows += [Dated(each, f"{day}T10:00:00.000Z") for each in postings]

    def of(self, source):
        return [each.posting for each in self.rows if each.posting.source == source]

    def earn(self, day, sale, points, owner=ADA, quantity=1000):
        line = EarnedLine(1, points, quantity)
        self.post(day, earned(sale, [Earning("points", (line,), ())], owner=owner))

    def bring_back(self, day, sale, quantity, event):
        standing = self.of(goods(sale, 1))
        self.post(day, reverse(standing, event=event, line="line-1", measure=quantity).postings)

    def lend(self, day, lease_id, points, owner=ADA):
        lease = Lease(owner, "points", points, "s", "t", "j", day)
        self.days[lease_id] = day
        self.post(day, granted(lease_id, lease))
        return lease

    def pay(self, day, lease_id, lease, sale, points):
        fact = ValueSpent(
            sale, "s", "t", AT, lease.owner, "points", 1, points, (Draw(lease_id, points),)
        )
        self.post(day, spent(fact, {lease_id: lease}))

    def refund(self, day, sale, amount, event):
        fact = ValueRestored(event, "s", "t", AT, 1, sale, 1, amount)
        self.post(day, restored(fact, self.of(payment(sale, 1))).postings)

    def close(self, day, lease_id, lease, taken):
        standing = [each.posting for each in self.rows if each.posting.account.lease == lease_id]
        event = f"{lease_id}/closed"
        self.post(day, released(lease_id, lease, spent=taken, event=event, standing=standing))

    def spend(self, day, sale, points, owner=ADA):
        """Lend, pay and close on one day."""
        lease = self.lend(day, f"of-{sale}", points, owner)
        self.pay(day, f"of-{sale}", lease, sale, points)
        self.close(day, f"of-{sale}", lease, points)

    def left(self):
        return left_of(self.rows, self.days, self.terms)

    def look(self, today):
        meant = ended(self.left(), today)
        for each in list(corrections(meant, self.rows, "points")):
            assert 0 == sum(posting.amount for posting in each)
            self.post(today, each)
        return meant

    def value(self, *owners):
        changes = owned(each.posting for each in self.rows)
        return sum(changes.get((each, "points"), 0) for each in owners or (ADA,))


@pytest.fixture
def books():
    return Books()


def test_points_end_after_their_last_day(books):
    """Points would be gone on a day on which the customer was told they still had them."""
    books.earn("2026-01-31", "s1", 40)
    books.look("2027-01-31")
    assert 40 == books.value()
    books.look("2027-02-01")
    assert 0 == books.value()


def test_what_ends_first_is_spent_first(books):
    """A customer would lose old points although they had spent as many."""
    books.earn("2026-01-10", "s1", 40)
    books.earn("2026-03-10", "s2", 40)
    books.spend("2026-04-01", "s3", 50)
    assert (Expiring(30, "2027-03-10"),) == schedule(books.left(), "2026-05-01")
    assert {} == books.look("2027-02-01")
    assert {(ADA, "2026-03-10"): 30} == books.look("2028-01-01")
    assert 0 == books.value()


def test_what_was_spent_in_time_and_told_late_is_given_back(books):
    """A till that was cut off for long would cost its customers the points they had paid with."""
    books.earn("2026-01-10", "s1", 100)
    books.look("2027-01-11")
    assert 0 == books.value()
    books.spend("2026-12-01", "s2", 60)
    books.look("2027-01-12")
    assert 0 == books.value()
    assert {(ADA, "2026-01-10"): 40} == ended(books.left(), "2027-01-12")


def test_goods_that_come_back_after_their_points_have_ended_cost_nothing_more(books):
    """The points of one sale would be taken twice: once as ended, once with the goods."""
    books.earn("2026-01-10", "s1", 100, quantity=2000)
    books.look("2027-01-11")
    books.bring_back("2027-02-01", "s1", 1000, "r1")
    assert -50 == books.value()
    books.look("2027-02-01")
    assert (0, {(ADA, "2026-01-10"): 50}) == (books.value(), books.look("2027-02-02"))
    books.bring_back("2027-02-03", "s1", 1000, "r2")
    books.look("2027-02-03")
    assert (0, {}) == (books.value(), books.look("2027-02-03"))


def test_points_spent_of_goods_that_come_back_are_still_owed(books):
    """Whoever spends points and gives the goods back would keep what they had bought with them."""
    books.earn("2026-01-10", "s1", 100)
    books.spend("2026-02-01", "s2", 60)
    books.look("2027-01-11")
    books.bring_back("2027-02-01", "s1", 1000, "r1")
    books.look("2027-02-01")
    assert -60 == books.value()
    books.earn("2027-03-01", "s3", 70)
    assert (Expiring(10, "2028-03-01"),) == schedule(books.left(), "2027-03-02")


def test_points_given_back_for_a_payment_end_when_they_would_have(books):
    """Wrong: whoever pays with old points, and gives the goods back, has them for a year more."""
    books.earn("2026-01-10", "s1", 60)
    books.earn("2026-03-10", "s2", 60)
    books.spend("2026-04-01", "s3", 100)
    books.refund("2026-05-01", "s3", 70, "r1")
    assert (Expiring(30, "2027-01-10"), Expiring(60, "2027-03-10")) == schedule(
        books.left(), "2026-05-02"
    )
    books.refund("2026-05-02", "s3", 30, "r2")
    assert {(ADA, "2026-01-10"): 60} == books.look("2027-01-11")


def test_points_that_come_back_after_their_end_can_be_spent_once_more(books):
    """With goods that were paid with points a customer would get back what ends at once."""
    books.earn("2026-01-10", "s1", 100)
    books.spend("2027-01-09", "s2", 40)
    books.look("2027-01-11")
    books.refund("2027-02-01", "s2", 30, "r1")
    books.look("2027-02-02")
    assert 30 == books.value()
    assert (Expiring(30, "2027-03-03"),) == schedule(books.left(), "2027-02-02")
    books.spend("2027-02-20", "s3", 10)
    assert {(ADA, "2026-01-10"): 80} == books.look("2027-03-04")
    assert 0 == books.value()


def test_points_given_back_pay_what_is_owed(books):
    """Wrong: who owes points has them given back, and lets them end besides."""
    books.earn("2026-01-10", "s1", 60)
    books.spend("2026-02-01", "s2", 60)
    books.bring_back("2026-02-02", "s1", 1000, "r1")
    books.refund("2026-02-03", "s2", 60, "r2")
    assert (0, ()) == (books.value(), books.left())
    books.spend("2026-02-04", "s3", 50)
    books.refund("2026-02-05", "s3", 50, "r3")
    assert (0, ()) == (books.value(), books.left())


def test_points_given_back_of_a_payment_that_found_none_are_of_that_day(books):
    """Wrong: what is given back for a payment that was owed, and paid since, ends never."""
    books.spend("2026-02-01", "s1", 50)
    books.earn("2026-03-01", "s2", 50)
    books.refund("2026-04-01", "s1", 50, "r1")
    assert (Expiring(50, "2027-04-01"),) == schedule(books.left(), "2026-04-02")


def test_a_clock_that_was_behind_gives_nothing_back_before_it_was_paid(books):
    """Wrong: a till whose clock lost its battery makes a payment's points end never."""
    books.earn("2026-01-10", "s1", 100)
    books.spend("2026-02-01", "s2", 40)
    books.refund("2026-01-20", "s2", 40, "r1")
    assert (Expiring(100, "2027-01-10"),) == schedule(books.left(), "2026-02-02")


def test_nothing_ends_that_a_till_was_promised(books):
    """A till that is cut off could pay with points that HQ has ended: less than nothing is left."""
    books.earn("2026-01-10", "s1", 100)
    lease = books.lend("2027-01-05", "l1", 60)
    books.look("2027-02-01")
    assert (60, 0) == (books.value(), _free(books))
    books.pay("2027-03-01", "l1", lease, "s2", 45)
    books.look("2027-03-01")
    assert 15 == books.value()
    books.close("2027-03-02", "l1", lease, 45)
    assert 15 == _free(books)
    books.look("2027-03-02")
    assert (0, {(ADA, "2026-01-10"): 55}) == (books.value(), books.look("2027-03-03"))


def test_a_customer_is_told_of_what_a_till_may_still_pay(books):
    """Whoever has points lying with a till would never hear that they are about to end."""
    books.earn("2026-01-10", "s1", 100)
    lease = books.lend("2026-12-01", "l1", 60)

    def told():
        return schedule(left_of(books.rows, books.days, YEAR, lent=False), "2026-12-02")

    assert (Expiring(100, "2027-01-10"),) == told()
    books.pay("2026-12-01", "l1", lease, "s2", 25)
    assert (Expiring(75, "2027-01-10"),) == told()
    books.close("2026-12-01", "l1", lease, 25)
    assert (Expiring(75, "2027-01-10"),) == told() == schedule(books.left(), "2026-12-02")


def test_a_lease_that_paid_too_much_took_all_it_paid(books):
    """The same points would be spent by a copied till, and end besides."""
    books.earn("2026-01-10", "s1", 100)
    lease = books.lend("2026-02-01", "l1", 20)
    books.pay("2026-02-02", "l1", lease, "s2", 80)
    assert {(ADA, "2026-01-10"): 20} == books.look("2027-02-01")
    assert 0 == books.value()


def test_a_lease_nobody_knows_is_as_old_as_its_bookings():
    """What an HQ knows of no more would stop the points of a customer from ending for ever."""
    account = Account(ADA, "points", LEASED, "l1")
    books = Books()
    books.earn("2026-01-10", "s1", 100)
    books.post("2026-05-01", [Posting(account, "s2", "tender-1", -30)])
    [left] = books.left()
    assert 70 == left.points


def test_a_person_loses_no_points_of_one_id_that_another_one_spent(books):
    """After a merge old points would end although the person had spent them all."""
    books.earn("2026-01-10", "s1", 30, ADA)
    books.earn("2026-06-10", "s2", 70, BOB)
    books.spend("2026-07-01", "s3", 50, BOB)
    assert {} == books.look("2027-01-11")
    assert {(BOB, "2026-06-10"): 50} == books.look("2027-06-11")
    assert 0 == books.value(ADA, BOB)


def test_what_was_brought_along_is_as_old_as_the_books(books):
    """An opening balance would last longer, the later the first sale is heard of."""
    books.post("2026-09-01", adjusted(ADA, "points", 50, event="opening/ada"))
    books.earn("2026-08-01", "s1", 5)
    assert {(ADA, "2026-08-01"): 55} == books.look("2027-08-02")


def test_what_is_taken_by_hand_takes_what_ends_first(books):
    """Points that a desk took away would be taken once more as ended."""
    books.earn("2026-01-10", "s1", 100)
    books.post("2026-02-01", adjusted(ADA, "points", -40, event="booking/1"))
    books.post("2026-03-01", forfeited(ADA, "points", 10, event="erased/1/ada"))
    assert {(ADA, "2026-01-10"): 50} == books.look("2027-01-11")
    assert 0 == books.value()


def test_a_day_that_is_none_ends_nothing(books):
    """A customer would lose points to a time that nobody can read."""
    books.rows = []
    books.post("someday", earned("s1", [Earning("points", (EarnedLine(1, 9, 1),), ())], owner=ADA))
    assert {} == books.look("9999-12-30")
    assert () == schedule(books.left(), FIRST)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), FOREVER),
        ((Term(FIRST, None),), FOREVER),
        ((Term(FIRST, Expiry(12, FIRST)),), "2027-02-03"),
        # Counted from the day the period began to hold.
        ((Term("2026-06-01", Expiry(12, "2026-06-01")),), "2027-06-01"),
        # A longer period, and none at all, give back nothing that has ended.
        ((Term(FIRST, Expiry(1, FIRST)), Term("2026-04-01", Expiry(24, FIRST))), "2026-03-03"),
        ((Term(FIRST, Expiry(1, FIRST)), Term("2026-04-01", None)), "2026-03-03"),
        # What has not ended yet goes by what holds now, overdue or not.
        ((Term(FIRST, Expiry(6, FIRST)), Term("2026-04-01", Expiry(24, FIRST))), "2028-02-03"),
        ((Term(FIRST, Expiry(24, FIRST)), Term("2026-08-01", Expiry(3, FIRST))), "2026-08-01"),
        ((Term(FIRST, Expiry(6, FIRST)), Term("2026-04-01", None)), FOREVER),
    ],
)
def test_a_change_of_the_period_moves_nothing_that_has_ended(terms, expected):
    """Points that ended years ago would come back by a change of the rule, or end overnight."""
    assert expected == last_day("2026-02-03", terms)


@pytest.mark.parametrize("expiry", [Expiry(0), Expiry(1201), Expiry(12, "soon")])
def test_a_period_that_cannot_be_meant_is_refused(expiry):
    """A slip in a file would end the points of all customers."""
    with pytest.raises(InputFault) as caught:
        require_expiry(expiry)
    assert "expiry" == caught.value.name


def test_points_are_gone_from_the_first_moment_of_the_next_day():
    """A history would tell that points ended on the day a job ran."""
    assert "2027-01-01T00:00:00.000Z" == at_of("2026-12-31")


# Whole lives at random, beside an oracle that goes from day to day.

DAYS, MONTHS = 150, 1
IN_SUITE, PROOF = 10, 1000
LIFE = (Term(FIRST, Expiry(MONTHS, FIRST)),)


def life(seed):
    """Make up what happens to a customer: (day, what is done, how)."""
    random, deeds, free = Random(seed), [], 0
    for number in range(random.randint(5, 40)):
        day, points = random.randrange(DAYS), random.randint(1, 90)
        deeds.append((day, "earn", f"s{number}", points))
        if random.random() < 0.5:
            deeds.append((min(DAYS, day + random.randrange(40)), "spend", f"p{number}", points))
            if random.random() < 0.4:
                later, part = min(DAYS, deeds[-1][0] + random.randrange(60)), points * 2 // 3
                deeds.append((later, "refund", f"p{number}", part))
        if random.random() < 0.2:
            deeds.append((min(DAYS, day + random.randrange(60)), "back", f"s{number}", points))
        free += points
    return deeds


def day_by_day(deeds):
    """Give what has ended of each day's earnings: what a clerk with a ledger card would do."""
    back = {sale for _, deed, sale, _ in deeds if deed == "back"}
    clerk = Clerk()
    for number in range(DAYS + 1):
        clerk.begin(plus_days(FIRST, number))
        of_day = sorted((deed, name, points) for day, deed, name, points in deeds if day == number)
        for deed, name, points in of_day:
            if deed == "earn" and name not in back:
                clerk.put(clerk.day, plus_months(clerk.day, MONTHS), points)
        for deed, name, points in of_day:
            if deed == "spend":
                clerk.pay(name, points)
        for deed, name, points in of_day:
            if deed == "refund":
                clerk.give_back(name, points)
    return clerk.gone


class Clerk:
    """A ledger card with a line for every point, so that nothing is clever about it."""

    def __init__(self):
        self.day, self.points, self.owed, self.gone, self.paid = "", [], 0, {}, {}

    def begin(self, day):
        self.day = day
        for _, lot in [each for each in self.points if each[0] < day]:
            self.gone[ADA, lot] = self.gone.get((ADA, lot), 0) + 1
        self.points = sorted(each for each in self.points if each[0] >= day)

    def put(self, earned, last, points):
        kept = max(0, points - self.owed)
        self.owed -= points - kept
        self.points = sorted(self.points + [(last, earned)] * kept)

    def pay(self, name, points):
        self.paid[name], self.points = self.points[:points], self.points[points:]
        self.owed += points - len(self.paid[name])

    def give_back(self, name, points):
        for _ in range(points):
            fresh = plus_months(self.day, MONTHS), self.day
            last, earned = self.paid[name].pop() if self.paid[name] else fresh
            self.put(earned, max(last, plus_days(self.day, BACK_DAYS)), 1)


def tell(books, deed, told):
    """Let HQ hear one thing, what came back only after the sale it came back from."""
    number, what, name, points = deed
    day = plus_days(FIRST, number)
    if what in {"earn", "spend"}:
        {"earn": books.earn, "spend": books.spend}[what](day, name, points)
        told.add(name)
        for late in [each for each in books.waiting if each[2] == name]:
            books.waiting.remove(late)
            tell(books, late, told)
    elif name in told and what == "back":
        books.bring_back(day, name, 1000, f"back-{name}")
    elif name in told:
        books.refund(day, name, points, f"back-{name}")
    else:
        books.waiting.append(deed)


def lived(deeds, looks):
    books, told = Books(LIFE), set()
    books.waiting = []
    for deed, look in zip(deeds, looks, strict=True):
        tell(books, deed, told)
        if look is not None:
            books.look(plus_days(FIRST, look))
    books.look(plus_days(FIRST, DAYS))
    return books


def assert_same(many):
    some = 0
    for seed in range(many):
        random, deeds = Random(seed), life(seed)
        expected = day_by_day(deeds)
        some += len(expected)
        shuffled = random.sample(deeds, len(deeds))
        daily = lived(sorted(deeds), [number for number, *_ in sorted(deeds)])
        once = lived(shuffled, [None] * len(deeds))
        anyhow = lived(shuffled, [random.randrange(DAYS) for _ in deeds])
        for books in (daily, once, anyhow):
            assert expected == ended(books.left(), plus_days(FIRST, DAYS)), seed
        sums = [balances(each.posting for each in books.rows) for books in (daily, once, anyhow)]
        assert [_said(sums[0])] * 2 == [_said(sums[1]), _said(sums[2])], seed
    assert some > many


def test_it_is_the_same_in_any_order_and_however_often_one_looks():
    """A customer's points would hang on which line was down, or on when a job ran."""
    assert_same(IN_SUITE)


@pytest.mark.long
@pytest.mark.untraced
@pytest.mark.timeout(900)
def test_it_is_the_same_in_a_thousand_lives():
    """A rare order of earning, spending and giving back would end other points than another one."""
    assert_same(PROOF)


def test_never_more_ends_than_was_earned_and_not_spent():
    """A customer would owe points because points have ended."""
    for seed in range(IN_SUITE):
        deeds = within_means(seed)
        books = lived(Random(seed).sample(deeds, len(deeds)), [None] * len(deeds))
        rows = len(books.rows)
        gone = books.look(plus_days(FIRST, DAYS))
        assert rows == len(books.rows), "a second look books again"
        got = sum(points for _, what, _, points in deeds if what == "earn")
        spent_of = sum(points for _, what, _, points in deeds if what == "spend")
        assert sum(gone.values()) <= got - spent_of, seed
        assert 0 <= books.value() == sum(each.points for each in books.left()) - sum(gone.values())


def within_means(seed):
    """Make up a life in which nobody spends what has ended or is not there yet."""
    random, lots, deeds = Random(seed), {}, []
    for number in range(0, DAYS, 2):
        day = plus_days(FIRST, number)
        lots = {lot: left for lot, left in lots.items() if left and plus_months(lot, MONTHS) >= day}
        if random.random() < 0.4:
            lots[day] = random.randint(1, 90)
            deeds.append((number, "earn", f"s{number}", lots[day]))
        wanted = random.randint(0, 2 * sum(lots.values())) if random.random() < 0.3 else 0
        paying = min(wanted, sum(lots.values()))
        if paying:
            deeds.append((number, "spend", f"p{number}", paying))
        for lot in sorted(lots):
            taken = min(paying, lots[lot])
            lots[lot], paying = lots[lot] - taken, paying - taken
    return deeds


def _said(sums):
    return {account: amount for account, amount in sums.items() if amount}


def _free(books):
    held = balances(each.posting for each in books.rows)
    return held[Account(ADA, "points", "held")]
