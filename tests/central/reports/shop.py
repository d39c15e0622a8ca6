"""A till's sales journal as the core writes it: sales with true taxes, closings that add up."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import CashMoved, SaleCompleted, TillClosed, TillOpened
from agent.core.entries.facts import completed, till_closed
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Line, ReturnOf, Sale, Stamp, TaxRate, Tender
from agent.core.sale.totals import totals

STANDARD = (TaxRate("standard", 1900),)
REDUCED = (TaxRate("reduced", 700),)


class Journal:
    """Writes bodies in order; `bodies` has all of them, `new()` those not taken yet."""

    def __init__(self, journal_id, till="till-1", store="store-0001", currency="EUR"):
        self.id, self.till, self.store, self.currency = journal_id, till, store, currency
        self.bodies, self.taken, self.receipts, self.z = [], 0, 0, 0
        self.day = []

    def stamp(self):
        n = len(self.bodies)
        return Stamp(f"2026-11-02T{n // 60 % 24:02d}:{n % 60:02d}:00.000Z", n, "boot")

    def new(self):
        found, self.taken = self.bodies[self.taken :], len(self.bodies)
        return found

    def add(self, body):
        self.bodies.append(body)
        self.day.append(body)
        return body

    def open(self, date="2026-11-02", amount=10_000):
        return self.add(
            TillOpened(self.store, self.till, date, self.stamp(), amount, self.currency, "eva")
        )

    def line(self, price=250, quantity=1000, taxes=STANDARD, n=1, **fields):
        discount = fields.pop("discount", 0)
        extension = price * quantity // 1000 - discount
        name = fields.pop("name", f"Thing {n}")
        return Line(n, name, quantity, price, extension, taxes, discount=discount, **fields)

    def returned(self, sale_id, price=250, n=1):
        return self.line(price, -1000, n=n, returns=ReturnOf(sale_id, 1))

    def sell(self, *lines, date="2026-11-02", tenders=None, included=True, **fields):
        self.receipts += 1
        sale_id = fields.pop("sale_id", f"{self.id[:4]}-{self.till}-sale-{self.receipts}")
        ref = fields.pop("ref", None)
        sale = Sale(
            sale_id=sale_id,
            till=self.till,
            currency=self.currency,
            prices_include_tax=included,
            opened=self.stamp(),
            business_date=date,
            state="completed",
            actor=fields.pop("actor", "eva"),
            customer_ref=ref,
            lines=lines or (self.line(),),
            receipt_no=receipt_number(self.store, self.till, self.id, self.receipts),
            **fields,
        )
        due = totals(sale).total
        paid = (Tender(1, "cash", due),) if tenders is None else tenders
        sale = msgspec.structs.replace(sale, tenders=paid)
        body = completed(sale, totals(sale), store=self.store, stamp=self.stamp())
        assert isinstance(body, SaleCompleted)
        return self.add(body)

    def cash(self, amount, date="2026-11-02"):
        cash_id = f"cash-{len(self.bodies)}"
        return self.add(
            CashMoved(
                cash_id, self.store, self.till, date, self.stamp(), amount, self.currency, "stamps"
            )
        )

    def close(self, date="2026-11-02"):
        self.z += 1
        body = till_closed(
            self.day,
            store=self.store,
            till=self.till,
            currency=self.currency,
            business_date=date,
            z_number=self.z,
            stamp=self.stamp(),
            counted_cash=0,
            actor="eva",
        )
        assert isinstance(body, TillClosed)
        self.bodies.append(body)
        self.day = []
        return body
