"""A shop, its sales and its reports, for the tests of what is printed."""

from __future__ import annotations

from agent.core.entries import facts
from agent.core.entries.bodies import CashMoved, TillOpened
from agent.core.receipt import Shop
from agent.core.sale import (
    NewLine,
    Stamp,
    TaxRate,
    add_line,
    add_tender,
    complete,
    discount_line,
    discount_sale,
    open_sale,
    override_price,
    totals,
    void_line,
)

OPENED = Stamp("2026-07-28T05:58:00.000Z", 1, "boot")
NOW = Stamp("2026-07-28T12:03:05.123Z", 2, "boot")
STANDARD, REDUCED = TaxRate("standard", 1900), TaxRate("reduced", 700)

BERLIN = Shop(
    name="Tee & Kaffee",
    language="de",
    currency="EUR",
    timezone="Europe/Berlin",
    address=("Hauptstraße 1", "10115 Berlin"),
    vat_id="DE123456788",
)
DUBLIN = Shop("Tea House", "en", "EUR", "Europe/Dublin")


def basket(**fields):
    values = {
        "sale_id": "sale-1",
        "till": "till-1",
        "currency": "EUR",
        "prices_include_tax": True,
        "opened": OPENED,
        "business_date": "2026-07-28",
        "actor": "anna",
    }
    return open_sale(**{**values, **fields})


def add(sale, name, price, *, quantity=1000, taxes=(STANDARD,), **fields):
    return add_line(sale, NewLine(name, quantity, price, taxes, **fields))


def settled(sale, *tenders, number="store-1-till-1-ab12-7", unit=1):
    for tender in tenders:
        sale = add_tender(sale, *tender, cash_rounding=unit)
    done = complete(sale, number, cash_rounding=unit)
    return facts.completed(done, totals(done, unit), store="store-1", stamp=NOW)


def everything():
    """One sale with all that a receipt can show."""
    sale = add(basket(), "Kaffee Äthiopien, kräftig geröstet 250 g", 499, taxes=(REDUCED,))
    sale = override_price(sale, 1, 450, "Aktion")
    sale = add(sale, "Äpfel Boskoop", 299, quantity=345, taxes=(REDUCED,), unit="kg")
    sale = add(sale, "Kerze", 250, quantity=3000)
    sale = discount_line(sale, 3, 100, "Bruch")
    sale = add(sale, "Käse", 1990, taxes=(REDUCED,), unit="kg", extension=412)
    sale = void_line(add(sale, "Irrtum", 999), 5, "verscannt")
    sale = add(sale, "Pfand", 25, quantity=-2000, reason="leer")
    sale = discount_sale(sale, 200, "Treue")
    return settled(sale, ("card", 500, "TA 4711"), ("cash", 2000))


def simple(amount=1000, *, tender="cash", currency="EUR", **fields):
    number = fields.pop("number", "s-t-ab12-7")
    sale = add(basket(currency=currency, **fields), "Tea", amount)
    return settled(sale, (tender, totals(sale).total), number=number)


def a_day():
    return [
        TillOpened("store-1", "till-1", "2026-07-28", OPENED, 10_000, "EUR", "anna"),
        everything(),
        moved(-2000),
    ]


def closed(counted=8000, bodies=None):
    return facts.till_closed(
        a_day() if bodies is None else bodies,
        store="store-1",
        till="till-1",
        currency="EUR",
        business_date="2026-07-28",
        z_number=3,
        stamp=NOW,
        counted_cash=counted,
        actor="anna",
    )


def moved(amount):
    return CashMoved("c-1", "store-1", "till-1", "2026-07-28", NOW, amount, "EUR", "Bank", "anna")
