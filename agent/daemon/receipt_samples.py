"""Papers to look at before there is a sale: made with the same functions as real ones."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.entries import facts
from agent.core.entries.bodies import Body, CashMoved, SaleCompleted, TillClosed, TillOpened
from agent.core.identifiers import ActorId, ReceiptNo, SaleId, StoreId, TillId
from agent.core.quantities import BasisPoints, Minor, Thousandths
from agent.core.receipt import ReceiptDocument
from agent.core.sale import (
    NewLine,
    Sale,
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
)
from agent.settings import StoreSettings
from agent.till.documents import Papers

UNSEALED = bytes(32)
"""Stands for a commitment on the code of a paper that is only looked at."""
_DAY = "2026-07-28"
_OPENED = Stamp(f"{_DAY}T06:00:00.000Z", 1, "sample")
_NOW = Stamp(f"{_DAY}T12:03:05.123Z", 2, "sample")
_TILL, _ACTOR = TillId("till-1"), ActorId("anna")
_STANDARD = TaxRate("standard", BasisPoints(1900))
_REDUCED = TaxRate("reduced", BasisPoints(700))
_COFFEE = NewLine(
    "Coffee beans, medium roast, 500 g",
    Thousandths(1000),
    Minor(899),
    (_REDUCED,),
    gtin="04006381333931",
)
_APPLES = NewLine("Apples", Thousandths(345), Minor(299), (_REDUCED,), unit="kg")
_CANDLES = NewLine("Candle", Thousandths(3000), Minor(250), (_STANDARD,))
_BOTTLES = NewLine(
    "Bottle deposit", Thousandths(-2000), Minor(25), (_STANDARD,), reason="empty bottles"
)


def sold(store: StoreSettings) -> SaleCompleted:
    """Give a sale with everything a receipt can show."""
    sale = add_line(_basket(store), _COFFEE)
    sale = override_price(sale, 1, Minor(799), "offer")
    sale = add_line(sale, _APPLES)
    sale = discount_line(add_line(sale, _CANDLES), 3, Minor(100), "damaged")
    sale = discount_sale(add_line(sale, _BOTTLES), Minor(200), "loyalty")
    sale = add_tender(
        sale, "card", Minor(500), reference="TA 4711", cash_rounding=store.cash_rounding
    )
    sale = add_tender(sale, "cash", Minor(2000), cash_rounding=store.cash_rounding)
    return _completed(sale, store, "1")


def returned(store: StoreSettings) -> SaleCompleted:
    """Give a sale in which goods come back and money goes out."""
    sale = add_line(
        _basket(store),
        NewLine("Candle", Thousandths(-1000), Minor(250), (_STANDARD,), reason="broken"),
    )
    back = totals(sale, 1).total
    return _completed(
        add_tender(sale, "card", back, reference="TA 4712", cash_rounding=store.cash_rounding),
        store,
        "2",
    )


def moved(store: StoreSettings) -> CashMoved:
    """Give a pay-out."""
    return CashMoved(
        "sample", store.id, _TILL, _DAY, _NOW, Minor(-2000), store.currency, "Bank", _ACTOR
    )


def closed(store: StoreSettings) -> TillClosed:
    """Give the Z report of the day of the other samples."""
    opened = TillOpened(store.id, _TILL, _DAY, _OPENED, Minor(10_000), store.currency, _ACTOR)
    bodies: list[Body] = [opened, sold(store), returned(store), moved(store)]
    return facts.till_closed(
        bodies,
        store=store.id,
        till=_TILL,
        currency=store.currency,
        business_date=_DAY,
        z_number=1,
        stamp=_NOW,
        counted_cash=Minor(9000),
        actor=_ACTOR,
    )


SAMPLES: dict[str, Callable[[Papers, StoreSettings], ReceiptDocument]] = {
    "sale": lambda papers, store: papers.sale(sold(store), digest=UNSEALED),
    "copy": lambda papers, store: papers.sale(sold(store), copy=True, digest=UNSEALED),
    "return": lambda papers, store: papers.sale(returned(store), digest=UNSEALED),
    "z-report": lambda papers, store: papers.report(closed(store)),
    "cash": lambda papers, store: papers.cash(moved(store)),
}
"""Name of a sample → its paper."""


def sample_store() -> StoreSettings:
    """Give a store, where there are no settings yet."""
    return StoreSettings(
        id=StoreId("store-1"),
        name="Corner Shop",
        address=("1 Market Square", "10115 Berlin"),
        vat_id="DE123456788",
    )


def _basket(store: StoreSettings) -> Sale:
    return open_sale(
        sale_id=SaleId("00000000-0000-7000-8000-000000000001"),
        till=_TILL,
        currency=store.currency,
        prices_include_tax=store.prices_include_tax,
        opened=_OPENED,
        business_date=_DAY,
        actor=_ACTOR,
    )


def _completed(sale: Sale, store: StoreSettings, number: str) -> SaleCompleted:
    unit = store.cash_rounding
    done = complete(sale, ReceiptNo(f"{store.id}-till-1-ab12-{number}"), cash_rounding=unit)
    return facts.completed(done, totals(done, unit), store=store.id, stamp=_NOW)
