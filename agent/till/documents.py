"""Which document a fact becomes on this store's paper."""

from __future__ import annotations

from agent.core.entries.bodies import CashMoved, SaleCompleted, TillClosed
from agent.core.receipt import (
    ReceiptDocument,
    Shop,
    cash_receipt,
    report_receipt,
    sale_receipt,
)
from agent.settings import Settings


def shop_of(settings: Settings) -> Shop:
    """Give the store as its receipts show it; figures are written as in its country."""
    store = settings.store
    return Shop(
        name=store.name or store.id,
        language=f"{store.language}-{store.country}",
        currency=store.currency,
        timezone=store.timezone,
        address=store.address,
        vat_id=store.vat_id,
    )


def sale_document(
    settings: Settings, body: SaleCompleted, *, copy: bool = False
) -> ReceiptDocument:
    """Lay out the receipt of a completed sale."""
    return sale_receipt(body, shop_of(settings), copy=copy)


def report_document(settings: Settings, report: TillClosed) -> ReceiptDocument:
    """Lay out a Z report."""
    return report_receipt(report, shop_of(settings))


def cash_document(settings: Settings, body: CashMoved) -> ReceiptDocument:
    """Lay out the voucher of a pay-in or pay-out."""
    return cash_receipt(body, shop_of(settings))
