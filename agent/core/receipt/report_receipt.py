"""X and Z reports, and the slip of a pay-in or pay-out.

An X report shows the day's figures so far and changes nothing; a Z report is the fact that closed
the day, with the cash that was counted.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import CashMoved, DayTotals, TenderTotal, TillClosed
from agent.core.identifiers import ActorId, TillId
from agent.core.receipt.document import Block, Feed, ReceiptDocument, Row, Rule, Text
from agent.core.receipt.formats import date_text
from agent.core.receipt.sections import assemble
from agent.core.receipt.shop import Shop, made_at, title
from agent.core.receipt.taxes import tax_table
from agent.core.sale.model import Stamp
from agent.core.sale.totals import CASH


def report_receipt(
    report: DayTotals | TillClosed,
    shop: Shop,
    *,
    till: TillId | None = None,
    at: Stamp | None = None,
    business_date: str | None = None,
    actor: ActorId | None = None,
    copy: bool = False,
) -> ReceiptDocument:
    """Lay the figures of a day out: `DayTotals` make an X report, `TillClosed` a Z report.

    Args:
        report: the figures.
        shop: the store's header and language.
        till: of an X report; a Z report says it itself, as it does the following three.
        at: when the X report was asked for.
        business_date: of the X report, ISO 8601.
        actor: who asked for the X report.
        copy: whether to mark it as a copy.
    """
    if isinstance(report, TillClosed):
        return _z_report(report, shop, copy=copy)
    blocks = [
        *title(shop.words.x_report),
        *(made_at(shop, till, at, actor) if till and at else []),
        *_business_date(business_date, shop),
        *_figures(report, shop),
        *_cash(report, shop),
    ]
    values = shop.values(till, at, actor, business_date)
    return _document(blocks, shop, values, copy=copy)


def cash_receipt(body: CashMoved, shop: Shop, *, copy: bool = False) -> ReceiptDocument:
    """Lay a pay-in or pay-out out as a slip to be signed and put into the drawer."""
    shop = msgspec.structs.replace(shop, currency=body.currency)
    words = shop.words
    blocks = [
        *title(words.pay_in if body.amount >= 0 else words.pay_out),
        *made_at(shop, body.till, body.at, body.actor),
        Row(words.reason, body.reason),
        Row(words.total, shop.money(body.amount), bold=True, double=True),
        Feed(3),
        Rule(),
        Text(words.signature),
    ]
    values = shop.values(body.till, body.at, body.actor, body.business_date)
    return _document(blocks, shop, values, copy=copy)


def _z_report(closed: TillClosed, shop: Shop, *, copy: bool) -> ReceiptDocument:
    shop = msgspec.structs.replace(shop, currency=closed.currency)
    words = shop.words
    opened = [Row(words.opened, shop.when(closed.opened))] if closed.opened else []
    blocks = [
        *title(f"{words.z_report} {closed.z_number}"),
        *made_at(shop, closed.till, closed.at, closed.actor),
        *_business_date(closed.business_date, shop),
        *opened,
        *_figures(closed.totals, shop),
        *_cash(closed.totals, shop),
        Row(words.counted, shop.amount(closed.counted_cash)),
        Row(words.difference, shop.amount(closed.difference), bold=True),
    ]
    values = shop.values(closed.till, closed.at, closed.actor, closed.business_date)
    return _document(blocks, shop, values, copy=copy)


def _document(
    blocks: list[Block], shop: Shop, values: dict[str, str], *, copy: bool
) -> ReceiptDocument:
    sections = shop.template.settings.report.sections
    return assemble(sections, {"report": lambda: blocks}, shop, values, copy=copy)


def _business_date(business_date: str | None, shop: Shop) -> list[Block]:
    if business_date is None:
        return []
    return [Row(shop.words.business_date, date_text(business_date, shop.language))]


def _figures(totals: DayTotals, shop: Shop) -> list[Block]:
    words = shop.words
    receipts = [
        Row(label, number)
        for label, number in (
            (words.first_receipt, totals.first_receipt),
            (words.last_receipt, totals.last_receipt),
        )
        if number
    ]
    return [
        Rule(),
        Row(words.sales, str(totals.sales)),
        Row(words.cancelled, str(totals.cancelled)),
        Row(words.items, str(totals.items)),
        *receipts,
        Rule(),
        Row(words.gross, shop.money(totals.gross), bold=True, double=True),
        Row(words.net, shop.amount(totals.net)),
        Row(words.returns, shop.amount(totals.returns)),
        Row(words.discounts, shop.amount(-totals.discounts)),
        *([Row(words.rounding, shop.amount(totals.cash_rounding))] if totals.cash_rounding else []),
        *tax_table(totals.taxes, shop),
        *_tenders(totals.tenders, shop),
    ]


def _tenders(tenders: tuple[TenderTotal, ...], shop: Shop) -> list[Block]:
    if not tenders:
        return []
    return [Rule(), *(_tender(tender, shop) for tender in tenders)]


def _tender(tender: TenderTotal, shop: Shop) -> Row:
    kind = shop.words.tenders.get(tender.kind, tender.kind.capitalize())
    return Row(f"{kind} ({tender.count})", shop.amount(tender.amount))


def _cash(totals: DayTotals, shop: Shop) -> list[Block]:
    """Show how the cash that should be in the drawer comes about."""
    words = shop.words
    cash = sum(tender.amount for tender in totals.tenders if tender.kind == CASH)
    return [
        Rule(),
        Text(words.cash_in_drawer, bold=True),
        Row(words.float_amount, shop.amount(totals.float_amount)),
        Row(words.cash_tenders, shop.amount(cash)),
        Row(words.paid_in, shop.amount(totals.paid_in)),
        Row(words.paid_out, shop.amount(-totals.paid_out)),
        Row(words.expected, shop.amount(totals.expected_cash), bold=True),
    ]
