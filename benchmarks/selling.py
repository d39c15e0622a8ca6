"""Sales as shops make them, for benchmarks: baskets of the sample catalogue, few goods often."""

from __future__ import annotations

import csv
import random
from importlib import resources

import msgspec

from agent.core.entries.bodies import SaleCompleted
from agent.core.identifiers import ItemId, ReceiptNo, SaleId
from agent.core.quantities import BasisPoints, Minor, Thousandths
from agent.core.sale.model import Line, Stamp, TaxAmount, TaxRate, Tender
from benchmarks.commit import CLOCK, TEMPLATE

ITEMS = resources.files("agent.daemon.demo") / "data" / "items.csv"
LINES_MEAN = 3
LINES_MAX = 20
POPULARITY = 0.8
"""Exponent of the Pareto distribution that goods are drawn by."""
_TAX = BasisPoints(700)


class Shop:
    """Makes sales, the same ones for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        """Open with the sample catalogue."""
        self._rng = random.Random(seed)
        self._items = list(csv.DictReader(ITEMS.read_text("utf-8").splitlines()))

    def sale(self, receipt_no: str) -> SaleCompleted:
        """Make the body of a completed sale."""
        count = min(1 + int(self._rng.expovariate(1 / (LINES_MEAN - 1))), LINES_MAX)
        lines = tuple(self._line(number) for number in range(1, count + 1))
        total = sum(line.extension for line in lines)
        net = total * 10_000 // (10_000 + _TAX)
        return msgspec.structs.replace(
            TEMPLATE,
            sale_id=SaleId(CLOCK.uuid7()),
            receipt_no=ReceiptNo(receipt_no),
            lines=lines,
            tenders=(Tender(1, "cash", Minor(total)),),
            taxes=(TaxAmount("reduced", _TAX, Minor(net), Minor(total - net), Minor(total)),),
            total=Minor(total),
            net=Minor(net),
            change=Minor(0),
            opened=self._stamp(),
            completed=self._stamp(),
        )

    def _line(self, number: int) -> Line:
        at = min(int(self._rng.paretovariate(POPULARITY)), len(self._items)) - 1
        item = self._items[at]
        whole, _, cents = (item["price"] or "1.00").partition(".")
        price = Minor(int(whole) * 100 + int(cents))
        return Line(
            line=number,
            name=item["name"],
            quantity=Thousandths(1000),
            unit_price=price,
            extension=price,
            taxes=(TaxRate("reduced", _TAX),),
            item_id=ItemId(item["item_id"]),
            gtin=item["gtin"],
            scanned="]E0" + item["gtin"],
        )

    def _stamp(self) -> Stamp:
        at = self._rng.randrange(86_400_000)
        minutes, ms = divmod(at, 60_000)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"
        return Stamp(
            wall=f"2026-05-04T{clock}Z",
            mono_ns=at * 1_000_000 + self._rng.randrange(10**6),
            boot_id="0f9c1d53a2b74e16",
            offset_ms=self._rng.randrange(-50, 50),
        )
