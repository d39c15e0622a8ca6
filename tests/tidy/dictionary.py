"""Writes `agent/core/exchange/batch.dict`: what a compressor knows of batches before it sees one.

`python -m tests.tidy.dictionary` makes batches up (no shop's, no customer's, and nothing of the
sample catalogue), trains on them, and writes the file. Both sides must have the very same bytes:
the file is written once per name of the coding, and a test holds its hash. A better one gets a new
name, beside the old one.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from agent.core.entries.bodies import (
    CashierSigned,
    CashMoved,
    DayTotals,
    PartyIdentified,
    SaleAttributed,
    SaleCancelled,
    SaleCompleted,
    TenderTotal,
    TillClosed,
    TillOpened,
)
from agent.core.entries.canonical import encode
from agent.core.entries.kinds import kind_of
from agent.core.exchange.coding import encode_batch
from agent.core.exchange.dictionary import DICTIONARY_ID
from agent.core.exchange.wire import Batch, LastAck, WireRecord
from agent.core.sale.model import Line, Stamp, TaxAmount, TaxRate, Tender

TARGET = Path(__file__).parents[2] / "agent/core/exchange/batch.dict"
SIZE = 16 << 10
SAMPLES = 6_000
SEED = 1
_WORDS = (
    "Apple Apples Banana Bananas Bread Brown Butter Cheese Cheddar Chicken Chocolate Coffee",
    "Cream Cucumber Egg Eggs Flour Fresh Garlic Ham Honey Jam Juice Lemon Milk Mineral Water",
    "Natural Oil Olive Onion Orange Organic Pasta Pepper Pizza Potato Potatoes Rice Salad Salt",
    "Sauce Sausage Soap Soup Spaghetti Sparkling Strawberry Sugar Tea Toast Tomato Tomatoes",
    "Vanilla White Wine Yoghurt Yogurt Shampoo Toothpaste Tissues Battery Candle Notebook Pen",
    "Socks Shirt Bag Gift Card Newspaper Beer Cola Cereal Apfel Bio Brot Brötchen Butter Eier",
    "Frisch Gouda Gurke Joghurt Kaffee Kartoffeln Käse Mehl Milch Mineralwasser Nudeln Öl",
    "Orangensaft Reis Salz Schinken Schokolade Seife Tomaten Vollkorn Wurst Zucker Pain Lait",
    "Beurre Fromage Oeufs Eau Pomme Jambon Café Thé Sucre Farine Huile Jus Riz Vin Rouge Blanc",
    "Leche Queso Pan Agua Aceite Arroz Azúcar Huevos Manzana Naranja Latte Formaggio Acqua",
    "Zucchero Uova Mlieko Chlieb Maslo Syr Brood Kaas Melk Boter Mleko Chleb Masło Ser Mjölk",
    "Bröd Ost Ekmek Süt Peynir",
)
_WHAT = [word for line in _WORDS for word in line.split()]
_SIZES = ("250 g", "500 g", "100 g", "1 kg", "1 l", "0.5 l", "330 ml", "750 ml", "6 pcs", "10 x 1")
_SIZES += ("200 g", "400 g", "1.5 l", "2 kg", "125 g", "classic", "natural", "3 pack", "XL", "bio")
_RATES = (("standard", 1900), ("reduced", 700), ("standard", 2000), ("zero", 0), ("reduced", 1000))
_CURRENCIES = ("EUR", "EUR", "EUR", "CHF", "GBP", "USD", "PLN")
_KINDS = ("cash", "cash", "card", "card", "voucher")


class Shop:
    """Makes batches up; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        """Draw what stays the same of a shop."""
        self._rng = random.Random(seed)
        self._hex = lambda size: self._rng.randbytes(size).hex()
        number = self._rng.randrange(1, 400)
        self._store, self._till = f"store-{number:04}", f"till-{self._rng.randrange(1, 9)}"
        self._journal, self._boot = self._hex(16), self._hex(8)
        self._currency = self._rng.choice(_CURRENCIES)
        self._day = f"2026-{self._rng.randrange(1, 13):02}-{self._rng.randrange(1, 29):02}"

    def batch(self) -> Batch:
        """Make one: mostly a single sale, now and then several entries, or a heartbeat."""
        count = self._rng.choice((1, 1, 1, 1, 1, 2, 3, 0))
        base = self._rng.randrange(1, 30_000)
        before = self._rng.randbytes(32)
        epoch = f"{self._rng.randrange(1, 4)}-{self._hex(8)}"
        cursor = f"{epoch}.{self._rng.randrange(9_999)}.{self._hex(8)}"
        return Batch(
            version=1,
            journal_id=self._journal,
            incarnation=self._hex(16),
            base=base,
            prev_hash=before,
            tail_seq=base + max(count - 1, 0),
            records=tuple(self._record(base + offset) for offset in range(count)),
            last_ack=LastAck(epoch, base - 1, before, self._rng.randbytes(64)),
            oldest_unacked_age_s=self._rng.choice((0, 0, 0, 1, 30)),
            backlog_bytes=self._rng.randrange(400, 1_500) * count,
            agent_version=f"0.{self._rng.randrange(1, 4)}.0",
            feed_cursors={} if count else {"global": cursor, f"store:{self._store}": cursor},
            wall=self._stamp().wall,
        )

    def _record(self, seq: int) -> WireRecord:
        body = self._rng.choice(self._bodies)(self)
        kind = kind_of(body)
        return WireRecord(seq, kind.kind, kind.version, self._rng.randbytes(16), encode(body))

    def _sale(self) -> SaleCompleted:
        lines = self._lines()
        total = sum(line.extension for line in lines)
        rate = lines[0].taxes[0]
        net = total * 10_000 // (10_000 + rate.basis_points)
        kind = self._rng.choice(_KINDS)
        given = total if kind != "cash" else -(-total // 500) * 500
        reference = f"T{self._rng.randrange(10**6)}" if kind == "card" else None
        return SaleCompleted(
            **self._place(),
            sale_id=self._uuid(),
            receipt_no=f"{self._store}-{self._till}-{self._journal[:4]}-{self._rng.randrange(9_999)}",
            currency=self._currency,
            prices_include_tax=True,
            opened=self._stamp(),
            completed=self._stamp(),
            lines=lines,
            tenders=(Tender(1, kind, given, reference),),
            taxes=(TaxAmount(rate.name, rate.basis_points, net, total - net, total),),
            total=total,
            net=net,
            change=given - total,
            actor=self._rng.choice((None, f"cashier-{self._rng.randrange(1, 9)}", "actor-1")),
            customer_ref=self._rng.choice((None, None, self._uuid())),
        )

    def _lines(self) -> tuple[Line, ...]:
        count = min(1 + int(self._rng.expovariate(0.5)), 9)
        return tuple(self._line(number) for number in range(1, count + 1))

    def _line(self, number: int) -> Line:
        words = self._rng.sample(_WHAT, self._rng.choice((1, 2, 2, 3)))
        price = self._rng.choice((99, 149, 199, 249, 299, 349, 399, 449, 499, 599, 799, 999, 1299))
        pieces = self._rng.choice((1, 1, 1, 1, 2, 3))
        name, points = self._rng.choice(_RATES)
        gtin = self._rng.choice(("400", "401", "500", "301", "871", "200", "590", "76")) + "".join(
            self._rng.choices("0123456789", k=10)
        )
        gtin = gtin[:13].ljust(13, "7")
        return Line(
            line=number,
            name=" ".join([*words, self._rng.choice(_SIZES)]),
            quantity=pieces * 1000,
            unit_price=price,
            extension=price * pieces,
            taxes=(TaxRate(name, points),),
            item_id=f"{self._rng.choice(('item', 'art', 'sku'))}-{self._rng.randrange(10_000):04}",
            gtin=gtin,
            scanned=f"]E0{gtin}",
        )

    def _cancelled(self) -> SaleCancelled:
        lines = self._lines()
        return SaleCancelled(
            **self._place(),
            sale_id=self._uuid(),
            opened=self._stamp(),
            cancelled=self._stamp(),
            lines=lines,
            total=sum(line.extension for line in lines),
            reason="customer changed their mind",
        )

    def _moved(self) -> CashMoved:
        return CashMoved(
            **self._place(),
            cash_id=self._uuid(),
            at=self._stamp(),
            amount=self._rng.choice((-5_000, 10_000, -20_000)),
            currency=self._currency,
            reason=self._rng.choice(("float", "to the bank", "change", "petty cash")),
        )

    def _opened(self) -> TillOpened:
        return TillOpened(
            **self._place(), at=self._stamp(), float_amount=20_000, currency=self._currency
        )

    def _closed(self) -> TillClosed:
        gross = self._rng.randrange(10**6)
        totals = DayTotals(
            sales=self._rng.randrange(300),
            cancelled=1,
            items=self._rng.randrange(900),
            gross=gross,
            net=gross * 84 // 100,
            returns=0,
            discounts=0,
            taxes=(TaxAmount("standard", 1900, gross * 84 // 100, gross * 16 // 100, gross),),
            tenders=(TenderTotal("cash", gross, 50), TenderTotal("card", 0, 0)),
            float_amount=20_000,
            paid_in=0,
            paid_out=0,
            expected_cash=gross,
            first_receipt=f"{self._store}-{self._till}-{self._journal[:4]}-1",
            last_receipt=f"{self._store}-{self._till}-{self._journal[:4]}-90",
        )
        return TillClosed(
            **self._place(),
            z_number=self._rng.randrange(900),
            opened=self._stamp(),
            at=self._stamp(),
            currency=self._currency,
            totals=totals,
            counted_cash=gross,
            difference=0,
        )

    def _signed(self) -> CashierSigned:
        return CashierSigned("cashier-1", self._store, self._till, self._stamp())

    def _attributed(self) -> SaleAttributed:
        return SaleAttributed(self._uuid(), self._uuid(), self._uuid(), self._stamp())

    def _identified(self) -> PartyIdentified:
        means = self._rng.choice(("loyalty_card", "phone", "email", "app_code"))
        place = (self._store, self._till)
        return PartyIdentified(self._uuid(), *place, self._stamp(), means, self._uuid())

    def _place(self) -> dict[str, str]:
        return {"store": self._store, "till": self._till, "business_date": self._day}

    def _stamp(self) -> Stamp:
        clock = f"{self._rng.randrange(7, 21):02}:{self._rng.randrange(60):02}"
        wall = f"{self._day}T{clock}:{self._rng.randrange(60):02}.{self._rng.randrange(1000):03}Z"
        offset = self._rng.choice((None, self._rng.randrange(-99, 99)))
        return Stamp(wall, self._rng.randrange(10**12, 10**15), self._boot, offset)

    def _uuid(self) -> str:
        tail = self._hex(10)
        return f"019{self._hex(6)[:5]}-{self._hex(2)}-7{tail[:3]}-{tail[4:8]}-{tail[8:]}"

    _bodies = (_sale,) * 20 + (
        _cancelled,
        _moved,
        _opened,
        _closed,
        _signed,
        _attributed,
        _attributed,
        _identified,
    )


def samples(count: int = SAMPLES, seed: int = SEED) -> Iterator[bytes]:
    """Make batches as they travel, before they are compressed."""
    for number in range(count):
        yield encode_batch(msgspec.structs.replace(Shop(seed * 10**6 + number).batch()))


def made(size: int = SIZE) -> bytes:
    """Train the dictionary; the same bytes for the same release of zstd."""
    trained = zstandard.train_dictionary(
        size, list(samples()), dict_id=DICTIONARY_ID, k=256, d=8, f=20, split_point=1.0
    )
    return trained.as_bytes()


if __name__ == "__main__":
    TARGET.write_bytes(made())
    sys.stdout.write(f"{TARGET}: {TARGET.stat().st_size} bytes\n")
