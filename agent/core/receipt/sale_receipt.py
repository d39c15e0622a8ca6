"""A completed sale as the paper the customer takes home.

Made from the sealed fact alone, so that a copy years later shows the same figures. It carries ids
only: who the customer is stands on no paper and in no stored document (P9).
"""

from __future__ import annotations

from functools import partial

import msgspec

from agent.core.entries.bodies import SaleCompleted
from agent.core.loyalty import GIFT_TENDER
from agent.core.quantities import ONE
from agent.core.receipt.document import Barcode, Block, Qr, ReceiptDocument, Row, Text
from agent.core.receipt.formats import quantity_text, rate_text
from agent.core.receipt.points import PointsShown, points
from agent.core.receipt.sections import assemble
from agent.core.receipt.shop import Shop, made_at
from agent.core.receipt.taxes import rate_letters, tax_table
from agent.core.sale.bounds import live
from agent.core.sale.lines import EACH
from agent.core.sale.model import Line, TaxRate, Tender

INDENT = "  "
"""Before what belongs to the line above."""


def sale_receipt(
    body: SaleCompleted,
    shop: Shop,
    *,
    copy: bool = False,
    code: str | None = None,
    earned: PointsShown | None = None,
) -> ReceiptDocument:
    """Lay a completed sale out as a receipt, in the sale's own currency.

    Args:
        body: the fact.
        shop: the store's header, language and template.
        copy: whether to mark it as a copy; the first print of a sale is none.
        code: signed by the till (`recognition.receipt_seal`); None where there is no key to sign.
        earned: what the paper says of points; None of a copy.
    """
    shop = msgspec.structs.replace(shop, currency=body.currency)
    parts = {
        "identity": partial(_identity, body, shop),
        "lines": partial(_lines, body, shop),
        "totals": partial(_totals, body, shop),
        "tenders": partial(_tenders, body, shop),
        "taxes": partial(tax_table, body.taxes, shop),
        "points": partial(points, earned, shop),
        "return_code": partial(_return_code, body, shop, code),
    }
    sections = shop.template.settings.receipt.sections
    return assemble(sections, parts, shop, _values(body, shop), copy=copy)


def _values(body: SaleCompleted, shop: Shop) -> dict[str, str]:
    return {
        **shop.values(body.till, body.completed, body.actor, body.business_date),
        "receipt_no": body.receipt_no,
        "external_receipt_no": body.external_receipt_no or "",
        "sale_id": body.sale_id,
        "total": shop.money(body.total),
    }


def _identity(body: SaleCompleted, shop: Shop) -> list[Block]:
    blocks: list[Block] = [Row(shop.words.receipt, body.receipt_no)]
    if body.external_receipt_no:
        blocks.append(Row(shop.words.external_receipt, body.external_receipt_no))
    return blocks + made_at(shop, body.till, body.completed, body.actor)


def _lines(body: SaleCompleted, shop: Shop) -> list[Block]:
    letters = rate_letters(body.taxes)
    return [block for line in live(body.lines) for block in _line(line, letters, shop)]


def _line(line: Line, letters: dict[TaxRate, str], shop: Shop) -> list[Block]:
    """Print name and price; below it how the price came about, where that is not plain."""
    style = shop.template.settings.lines
    name = f"{shop.words.returned}: {line.name}" if line.quantity < 0 else line.name
    base = line.extension + line.discount
    marks = "".join(letters.get(rate, "") for rate in line.taxes) if style.tax_letters else ""
    blocks: list[Block] = [Row(name, _marked(base, marks, shop))]
    if style.gtin and line.gtin:
        blocks.append(Text(f"{INDENT}{line.gtin}"))
    if style.quantity == "always" or line.unit != EACH or abs(line.quantity) != ONE:
        quantity = quantity_text(line.quantity, line.unit, shop.language)
        blocks.append(Text(f"{INDENT}{quantity} × {shop.amount(line.unit_price)}"))
    if style.list_price and line.list_price is not None:
        was = f"{shop.words.instead_of} {shop.amount(line.list_price)}"
        blocks.append(Text(f"{INDENT}{was}"))
    if line.discount:
        less = _marked(-line.discount, marks, shop)
        blocks.append(Row(f"{INDENT}{shop.words.discount}", less))
    return blocks


def _marked(amount: int, marks: str, shop: Shop) -> str:
    return f"{shop.amount(amount)} {marks}".rstrip()


def _totals(body: SaleCompleted, shop: Shop) -> list[Block]:
    blocks = _discount(body, shop) + _tax_on_top(body, shop)
    blocks.append(Row(shop.words.total, shop.money(body.total), bold=True, double=True))
    if body.cash_rounding:
        payable = body.total + body.cash_rounding
        label = shop.words.to_pay if payable >= 0 else shop.words.to_refund
        blocks.append(Row(shop.words.rounding, shop.amount(body.cash_rounding)))
        blocks.append(Row(label, shop.money(payable), bold=True))
    return blocks


def _discount(body: SaleCompleted, shop: Shop) -> list[Block]:
    if not body.discount:
        return []
    before = sum(line.extension for line in live(body.lines))
    return [
        Row(shop.words.subtotal, shop.amount(before)),
        Row(shop.words.discount, shop.amount(-body.discount)),
    ]


def _tax_on_top(body: SaleCompleted, shop: Shop) -> list[Block]:
    """Add the tax where prices are without it."""
    if body.prices_include_tax or not body.taxes:
        return []
    return [
        Row(shop.words.net_subtotal, shop.amount(body.net)),
        *(
            Row(
                f"{shop.words.tax} {rate_text(tax.basis_points, shop.language)}",
                shop.amount(tax.tax),
            )
            for tax in body.taxes
        ),
    ]


def _tenders(body: SaleCompleted, shop: Shop) -> list[Block]:
    blocks = [block for tender in body.tenders for block in _tender(tender, shop)]
    if body.change:
        blocks.append(Row(shop.words.change, shop.money(body.change), bold=True))
    return blocks


def _tender(tender: Tender, shop: Shop) -> list[Block]:
    kind = shop.words.tenders.get(tender.kind, tender.kind.capitalize())
    name = f"{shop.words.refund} {kind}" if tender.amount < 0 else kind
    blocks: list[Block] = [Row(name, shop.amount(tender.amount))]
    # What names a gift card's balance is made of the card's number, and whoever has the paper could
    # try numbers against it.
    if tender.reference and tender.kind != GIFT_TENDER:
        blocks.append(Text(f"{INDENT}{shop.words.reference} {tender.reference}"))
    return blocks


def _return_code(body: SaleCompleted, shop: Shop, code: str | None) -> list[Block]:
    """Give what is scanned for a return or a copy: the signed code, or the number alone."""
    wanted = shop.template.settings.receipt.return_code
    if wanted == "none":
        return []
    if wanted == "qr" or (wanted == "signed" and code is not None):
        shown = code if code is not None and wanted == "signed" else body.receipt_no
        return [Qr(shown), Text(body.receipt_no, align="center")]
    return [Barcode(body.receipt_no)]
