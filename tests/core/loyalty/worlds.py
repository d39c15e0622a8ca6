"""A chain made of nothing but values: HQ's books, tills that are mostly cut off, and an oracle.

Tills seal facts in their own journals; news of them reaches HQ late, repeated and in any order, and
HQ's signed leases reach every till, also those they are not for. The oracle knows what everybody
should have by adding up what really happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import msgspec

from agent.core.loyalty import (
    HELD,
    LEASED,
    POINTS_CAPS,
    Ask,
    EarnedLine,
    Earning,
    EarnRule,
    Given,
    GoodsBack,
    LeaseClosed,
    LoyaltyFault,
    Posting,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    Worth,
    balances,
    grant,
    missing,
    owned,
    standing,
)
from agent.core.loyalty.applying import Applied, GoodsReturned, apply
from agent.core.loyalty.bookings import granted, released
from agent.core.loyalty.purse import (
    Purse,
    Wish,
    due,
    lease_closed,
    paid,
    recall,
    receive,
    sale_ended,
    spend,
    till_closed,
)
from agent.core.quantities import divide_half_away
from agent.core.sale import ReturnOf, Stamp

AT = Stamp("2026-07-28T12:03:05.123Z", 1, "boot")
RULES = (EarnRule("base", 1, points=1, per=100),)
WORTH = Worth(3, 2)
OWNERS = ("ada", "bob", "cyd", "dan")
POINTS, GIFT = "points", "EUR"


@dataclass
class ToyBooks:
    """HQ's ledger with its leases, as tables would hold them."""

    rows: dict = field(default_factory=dict)
    leases: dict = field(default_factory=dict)
    waiting: list = field(default_factory=list)
    by_source: dict = field(default_factory=dict)
    by_lease: dict = field(default_factory=dict)
    over: int = 0

    def lease(self, lease_id):
        return self.leases.get(lease_id)

    def of(self, source):
        return self.by_source.get(source, [])

    def releases(self, lease_id):
        return self.by_lease.get(lease_id, [])

    def at(self, keys):
        return {key: self.rows[key] for key in keys if key in self.rows}

    def write(self, postings):
        for posting in postings:
            assert posting.key not in self.rows
            self.rows[posting.key] = posting
            self.by_source.setdefault(posting.source, []).append(posting)
            if posting.account.lease:
                self.by_lease.setdefault(posting.account.lease, []).append(posting)

    def know(self, lease_id, lease):
        """Take up a lease, as HQ signs it or gets it back with a till's evidence."""
        self.leases[lease_id] = lease
        rows = granted(lease_id, lease)
        self.write(missing(self.at(row.key for row in rows), rows))
        self._again()

    def take(self, fact):
        """Apply what a till says; gives what was decided."""
        applied = self._take(fact)
        if applied.postings:
            self._again()
        return applied

    def _take(self, fact) -> Applied:
        applied = apply(self, fact)
        if applied.waits_for is not None:
            self.waiting.append(fact)
        self.write(applied.postings)
        self.over += applied.over
        return applied

    def _again(self):
        before = -1
        while before != len(self.waiting):
            before, waiting, self.waiting = len(self.waiting), self.waiting, []
            for fact in waiting:
                self._take(fact)

    def sums(self):
        return balances(self.rows.values())

    def assert_sound(self):
        """No event and no owner adds up to anything, in any unit."""
        sums: dict = {}
        for row in self.rows.values():
            for key in ((row.event, row.account.unit), (row.account.owner, row.account.unit)):
                sums[key] = sums.get(key, 0) + row.amount
        assert {0} >= set(sums.values())


@dataclass
class Till:
    """A till: its purse, and its journal of facts."""

    name: str
    purse: Purse
    facts: list = field(default_factory=list)

    def where(self):
        return "s1", self.name, AT

    def seal(self, fact):
        self.facts.append(fact)
        match fact:
            case ValueSpent():
                self.purse = paid(self.purse, fact)
            case LeaseClosed():
                self.purse = lease_closed(self.purse, fact)

    def close_due(self):
        for each in due(self.purse):
            self.seal(LeaseClosed(each.lease_id, *self.where(), each.spent, each.reason))


@dataclass
class World:
    """HQ, tills, customers, and what the oracle knows of them."""

    seed: int
    tills: int = 4
    unread: dict = field(default_factory=dict)
    """Till → how many of its facts reached HQ at least once."""

    def __post_init__(self):
        self.random = Random(self.seed)
        self.hq = ToyBooks()
        names = [f"t{number}" for number in range(self.tills)]
        self.shop = [Till(name, Purse(f"journal-{name}")) for name in names]
        self.orders: list = []
        self.given: dict = {}
        self.parts = [{owner} for owner in OWNERS]
        self.sold: list = []
        self.paid: list = []
        self.issued: dict = {}
        self.back: dict = {}
        self.money_back: dict = {}
        self.count = 0

    def number(self, word):
        self.count += 1
        return f"{word}-{self.count}"

    # What happens at a till.

    def sale(self):
        """Sell, and promise points for it."""
        till, owner = self.random.choice(self.shop), self.random.choice(OWNERS)
        sale = self.number("sale")
        lines = [
            EarnedLine(line, self.random.randint(1, 400), self.random.randint(1, 5000))
            for line in range(1, self.random.randint(2, 4))
        ]
        earnings = (Earning(POINTS, tuple(lines), (("base", 1),)),)
        till.seal(ValueEarned(sale, *till.where(), owner, earnings))
        for line in lines:
            self.sold.append((sale, owner, line))

    def load(self):
        """Charge a gift card."""
        till, value = self.random.choice(self.shop), self.random.randint(1, 5000)
        card = f"gift-{self.random.randint(1, 3)}"
        till.seal(ValueLoaded(self.number("sale"), *till.where(), card, GIFT, 1, value))
        self.issued[card] = self.issued.get(card, 0) + value

    def bring_back(self):
        """Give a part of some line back at any till, often more than is left of it."""
        if not self.sold:
            return
        till = self.random.choice(self.shop)
        sale, _, line = self.random.choice(self.sold)
        back = GoodsBack(1, ReturnOf(sale, line.line), self.random.randint(1, line.quantity))
        till.seal(GoodsReturned(self.number("return"), back))
        key = (sale, line.line)
        self.back[key] = self.back.get(key, 0) + back.quantity

    def pay(self):
        """Try to pay with points, as much as comes to the customer's mind."""
        till = self.random.choice(self.shop)
        owners = [lease.owner for lease in till.purse.leases.values()]
        owner = self.random.choice([*owners, *OWNERS])
        self.pay_at(till, owner, self.random.randint(1, 300), self.number("sale"))

    def pay_at(self, till, owner, amount, sale, unit=POINTS):
        try:
            spending = spend(till.purse, Wish((owner,), unit, amount, "EUR", sale), {})
        except LoyaltyFault:
            return False
        draws = spending.draws
        till.seal(ValueSpent(sale, *till.where(), owner, unit, 1, amount, draws))
        self.paid.append((sale, owner, unit, amount, sum(draw.value for draw in draws)))
        return True

    def spree(self):
        """Pay online with all there is of somebody and those merged with them."""
        till, owner, sale = self.random.choice(self.shop), *self._next()
        part = next(each for each in self.parts if owner in each)
        free = standing(self.hq.sums(), part, POINTS).free
        lease_id = self.lease_to(till, owner, max(1, free), sale=sale)
        if lease_id is not None:
            till.purse = receive(till.purse, lease_id, self.hq.lease(lease_id))
            self.pay_at(till, owner, max(1, WORTH.money_for(free)), sale)
            till.purse = sale_ended(till.purse, sale)
            till.close_due()

    def _next(self):
        return self.random.choice(OWNERS), self.number("sale")

    def refund(self):
        """Give a part of a payment back to the points or the card it was made with."""
        if not self.paid:
            return
        till = self.random.choice(self.shop)
        sale, _, _, amount, _ = self.random.choice(self.paid)
        money = self.random.randint(1, amount)
        till.seal(ValueRestored(self.number("return"), *till.where(), 1, sale, 1, money))
        self.money_back[sale] = self.money_back.get(sale, 0) + money

    def close_till(self):
        till = self.random.choice(self.shop)
        till.purse = till_closed(till.purse, self.number("closing"))
        till.close_due()

    # What happens at HQ.

    def lease(self):
        """Decide a lease in advance, if one can be given, and sign it."""
        till, owner = self.random.choice(self.shop), self.random.choice(OWNERS)
        self.lease_to(till, owner, self.random.randint(1, 800))

    def lease_to(self, till, owner, value, unit=POINTS, *, sale=None, caps=POINTS_CAPS):
        part = next((each for each in self.parts if owner in each), {owner})
        ask = Ask(owner, unit, value, "s1", till.name, till.purse.journal, "d1", sale, 2)
        given = [
            Given(lease.cap, lease.day, self.given[key][0], self.given[key][1])
            for key, lease in self.hq.leases.items()
            if lease.owner in part and lease.sale_id is None
        ]
        free = standing(self.hq.sums(), part, unit).free
        worth = WORTH if unit == POINTS else Worth(1, 1)
        try:
            lease = grant(ask, free=free, worth=worth, caps=caps, given=given)
        except LoyaltyFault:
            return None
        lease_id = self.number("lease")
        assert lease.cap <= free
        self.given[lease_id] = (0, None)
        self.hq.know(lease_id, lease)
        self.orders.append((lease_id, lease))
        return lease_id

    def recall(self):
        if self.orders:
            self.deliver_recall(self.random.choice(self.orders)[0])

    def deliver_recall(self, lease_id):
        for till in self.shop:
            till.purse = recall(till.purse, [lease_id])
            till.close_due()

    def merge(self):
        if len(self.parts) > 1:
            one, other = self.random.sample(self.parts, 2)
            self.parts = [part for part in self.parts if part not in (one, other)] + [one | other]

    def undo(self):
        self.parts = [{owner} for owner in OWNERS]

    def write_off(self):
        """Give up a lease that does not come back, as far as HQ has seen it spent."""
        if self.orders:
            lease_id, lease = self.random.choice(self.orders)
            rows = self.hq.releases(lease_id)
            seen = sum(-row.amount for row in rows if row.line.startswith("tender"))
            event = self.number("lost")
            off = released(lease_id, lease, spent=seen, event=event, standing=rows)
            self.hq.write(off)

    # The wire.

    def news(self):
        """One fact of some till reaches HQ: the next, or one that did before."""
        till = self.random.choice(self.shop)
        read = self.unread.get(till.name, 0)
        if till.facts:
            at = min(self.random.randint(0, read), len(till.facts) - 1)
            self.hq.take(till.facts[at])
            self.unread[till.name] = max(read, at + 1)

    def order(self):
        """A lease reaches all tills, the one it is for and the others, maybe once more."""
        for lease_id, lease in self.random.sample(self.orders, min(4, len(self.orders))):
            for till in self.random.sample(self.shop, self.random.randint(1, len(self.shop))):
                till.purse = receive(till.purse, lease_id, lease)

    def run(self, steps, deeds):
        for _ in range(steps):
            getattr(self, self.random.choice(deeds))()

    def settle(self, shuffled=True):
        """End all leases everywhere, and let HQ hear everything, in any order."""
        for till in self.shop:
            for lease_id, lease in self.orders:
                till.purse = receive(till.purse, lease_id, lease)
            till.purse = recall(till.purse, [lease_id for lease_id, _ in self.orders])
            till.close_due()
        facts = [fact for till in self.shop for fact in till.facts]
        if shuffled:
            self.random.shuffle(facts)
        for fact in facts:
            self.hq.take(fact)

    # The oracle.

    def expected(self):
        """Owner → what they have, by unit, from what really happened."""
        have: dict = {}
        for sale, owner, line in self.sold:
            back = min(line.quantity, self.back.get((sale, line.line), 0))
            kept = line.value - divide_half_away(line.value * back, line.quantity)
            have[owner, POINTS] = have.get((owner, POINTS), 0) + kept
        for card, value in self.issued.items():
            have[card, GIFT] = have.get((card, GIFT), 0) + value
        for sale, owner, unit, amount, value in self.paid:
            back = min(amount, self.money_back.get(sale, 0))
            spent = value - divide_half_away(value * back, amount)
            have[owner, unit] = have.get((owner, unit), 0) - spent
        return {key: value for key, value in have.items() if value}

    def shown(self):
        """Owner → what HQ shows they have, by unit."""
        return owned(self.hq.rows.values())

    def leased(self):
        return {
            account.lease: amount
            for account, amount in self.hq.sums().items()
            if account.kind == LEASED and amount
        }

    def held(self):
        return {
            account.owner: amount
            for account, amount in self.hq.sums().items()
            if account.kind == HELD
        }

    def spent_under(self):
        """Lease id → what all tills together have spent under it."""
        spent: dict = {}
        for till in self.shop:
            for fact in till.facts:
                for draw in fact.draws if isinstance(fact, ValueSpent) else ():
                    spent[draw.lease_id] = spent.get(draw.lease_id, 0) + draw.value
        return spent


def digest(postings: list[Posting]) -> bytes:
    """Tell ledgers apart, whatever order their rows were written in."""
    return b"\n".join(sorted(map(msgspec.json.encode, postings)))
