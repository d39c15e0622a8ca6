"""A completed sale as the paper the customer takes home.

Made from the sealed fact alone, so that a copy years later shows the same figures. It carries ids
only: who the customer is stands on no paper and in no stored document (P9).
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import SaleCompleted
from agent.core.receipt.document import Barcode, Block, Cut, Feed, ReceiptDocument, Row, Rule, Text
from agent.core.receipt.formats import quantity_text, rate_text
from agent.core.receipt.shop import Shop, copy_mark, heading, made_at
from agent.core.receipt.taxes import rate_letters, tax_table
from agent.core.sale.bounds import live
from agent.core.sale.lines import EACH
from agent.core.sale.model import Line, TaxRate, Tender

INDENT = "  "
"""Before what belongs to the line above."""


def sale_receipt(body: SaleCompleted, shop: Shop, *, copy: bool = False) -> ReceiptDocument:
    """Lay a completed sale out as a receipt, in the sale's own currency.

    Args:
        body: the fact.
        shop: the store's header and language.
        copy: whether to mark it as a copy; the first print of a sale is none.
    """
    shop = msgspec.structs.replace(shop, currency=body.currency)
    blocks = [
        *heading(shop, copy=copy),
        *_identity(body, shop),
        Rule(),
        *_lines(body, shop),
        Rule(),
        *_totals(body, shop),
        *_tenders(body, shop),
        *tax_table(body.taxes, shop),
        *_end(body, shop, copy=copy),
    ]
    return ReceiptDocument(language=shop.language, blocks=tuple(blocks))


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
    name = f"{shop.words.returned}: {line.name}" if line.quantity < 0 else line.name
    base = line.extension + line.discount
    marks = "".join(letters.get(rate, "") for rate in line.taxes)
    blocks: list[Block] = [Row(name, _marked(base, marks, shop))]
    if line.unit != EACH or abs(line.quantity) != 1000:
        quantity = quantity_text(line.quantity, line.unit, shop.language)
        blocks.append(Text(f"{INDENT}{quantity} × {shop.amount(line.unit_price)}"))
    if line.list_price is not None:
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
    if tender.reference:
        blocks.append(Text(f"{INDENT}{shop.words.reference} {tender.reference}"))
    return blocks


def _end(body: SaleCompleted, shop: Shop, *, copy: bool) -> list[Block]:
    """Thank, and close with the number to scan for a return or a copy."""
    thanks: list[Block] = [Feed(), Text(shop.words.thanks, align="center"), Feed()]
    mark = copy_mark(shop) if copy else []
    return [*thanks, Barcode(body.receipt_no), *mark, Feed(), Cut()]
