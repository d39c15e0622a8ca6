"""Which document a fact becomes on this store's paper."""

from __future__ import annotations

from agent.core.entries.bodies import CashMoved, SaleCompleted, TillClosed
from agent.core.receipt import (
    BUILT_IN,
    ReceiptDocument,
    Shop,
    Template,
    cash_receipt,
    report_receipt,
    sale_receipt,
)
from agent.core.receipt.points import PointsShown
from agent.settings import Settings
from agent.till.receipt_codes import ReceiptCodes


def shop_of(settings: Settings, template: Template = BUILT_IN) -> Shop:
    """Give the store as its receipts show it; figures are written as in its country."""
    store = settings.store
    return Shop(
        name=store.name or store.id,
        language=f"{store.language}-{store.country}",
        currency=store.currency,
        timezone=store.timezone,
        address=store.address,
        vat_id=store.vat_id,
        template=template,
    )


class Papers:
    """What every till of an agent prints by; changed while they run, it holds from the next paper.

    A paper is laid out when it is printed, so a copy years later has today's template, and the
    figures of its day.

    Attributes:
        shop: the store's header, language and template.
        codes: signs the codes of receipts; None where there is no key.
    """

    def __init__(
        self,
        settings: Settings,
        template: Template = BUILT_IN,
        codes: ReceiptCodes | None = None,
    ) -> None:
        """Take the store's settings, and the template they name, already loaded."""
        self.shop = shop_of(settings, template)
        self.codes = codes

    def change(self, settings: Settings, template: Template) -> None:
        """Take others from now on."""
        self.shop = shop_of(settings, template)

    def sale(
        self,
        body: SaleCompleted,
        *,
        copy: bool = False,
        digest: bytes | None = None,
        earned: PointsShown | None = None,
    ) -> ReceiptDocument:
        """Lay out the receipt of a completed sale; with its commitment, under a signed code."""
        code = self.codes.code(body, digest) if self.codes and digest else None
        return sale_receipt(body, self.shop, copy=copy, code=code, earned=earned)

    def report(self, report: TillClosed) -> ReceiptDocument:
        """Lay out a Z report."""
        return report_receipt(report, self.shop)

    def cash(self, body: CashMoved) -> ReceiptDocument:
        """Lay out the voucher of a pay-in or pay-out."""
        return cash_receipt(body, self.shop)
