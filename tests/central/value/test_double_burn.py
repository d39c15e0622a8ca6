"""One account at twenty tills whose line to HQ is down: what HQ leased is all that is ever paid."""

from __future__ import annotations

import random

from sqlalchemy import func, select

from agent.core.loyalty import (
    Ask,
    EarnedLine,
    Earning,
    EarnRule,
    LoyaltyFault,
    Programme,
    ValueEarned,
    ValueSpent,
    Worth,
)
from agent.core.loyalty.purse import Purse, Wish, paid, receive, spend
from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.value_tables import VALUE_FINDINGS
from central.value import leasing
from central.value.balances import view_of

ADA = "01999999-0000-7000-8000-00000000ada0"
NOW = "2026-11-02T12:00:00.000Z"
TODAY = "2026-11-02"
TILLS, DAY_CAP = 20, 2000
"""The cap in cents: 20 EUR of one account at all tills together, on one day."""
HELD = 9000
WANTED = 400
PROGRAMME = Programme(rules=(EarnRule("base", 1, points=1, per=100),), worth=Worth(1, 1))


class Till:
    """A till that is cut off: what it was leased, and what it was paid with."""

    def __init__(self, number):
        self.place = (f"store-{number:04d}", "till-1")
        self.purse = Purse(f"{number:032x}")
        self.facts = []

    def pay(self, told, amount):
        """Take so much of the account, if the till may."""
        number = len(self.facts) + 1
        sale = f"sale-{self.place[0]}-{number}"
        try:
            spending = spend(self.purse, Wish((ADA,), "points", amount, "EUR", sale), {})
        except LoyaltyFault:
            return 0
        at = told.at(number)
        fact = ValueSpent(sale, *self.place, at, ADA, "points", 1, amount, spending.draws)
        self.purse = paid(self.purse, fact)
        self.facts.append(fact)
        return amount


def leased(ledger, tills, day):
    """Ask HQ for a lease at each till; gives what it set aside."""
    caps = 0
    for till in tills:
        ask = Ask(ADA, "points", WANTED, *till.place, till.purse.journal, day)
        with writing(ledger) as conn:
            try:
                lease = leasing.decide(conn, ask, [ADA], PROGRAMME)
            except LoyaltyFault:
                continue
            lease_id = f"lease-{day}-{till.place[0]}"
            leasing.book(conn, lease_id, lease, f"{day}T12:00:00.000Z")
        till.purse = receive(till.purse, lease_id, lease)
        caps += lease.cap
    return caps


def left(ledger):
    with reading(ledger) as conn:
        [points] = view_of(conn, [ADA]).units
        findings = conn.execute(select(func.count()).select_from(VALUE_FINDINGS)).scalar_one()
    assert findings == 0
    return points.value


def test_twenty_tills_cut_off_pay_no_more_than_hq_has_leased(ledger, receive, told):
    """A stolen card would be emptied at every till of a chain whose line is down (G13)."""
    applier, draw = Applier(ledger, lambda: NOW), random.Random(13)
    line = EarnedLine(1, HELD, 1000)
    earning = Earning("points", (line,), (("base", 1),))
    earned = ValueEarned("sale-0", "store-0000", "till-1", told.at(1), ADA, (earning,))
    receive("e" * 32, earned)
    applier.apply_pending()
    tills = [Till(number) for number in range(1, TILLS + 1)]
    caps = leased(ledger, tills, TODAY)
    assert caps == DAY_CAP
    # The line is down: each till is paid with all it was leased, and with all it was not.
    tries = [till for till in tills for _ in range(9)]
    draw.shuffle(tries)
    spent = sum(till.pay(told, draw.choice((130, 70, 400))) for till in tries)
    assert 0 < spent <= caps
    assert [till for till in tills if not till.facts], "some till was refused"
    # It comes back: the tills' journals arrive in any order, and each payment is told twice.
    for journal, till in enumerate(draw.sample(tills, TILLS)):
        receive(f"{journal:032x}", *till.facts, *till.facts)
        applier.apply_pending()
    assert HELD - spent == left(ledger)
    # What is not spent of the day's leases still counts: nowhere is more leased today.
    assert 0 == leased(ledger, [Till(number + TILLS) for number in range(1, TILLS + 1)], TODAY)
