"""Sales of POS software that keeps its own basket: recorded as they were, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import msgspec
import structlog

from agent.core import sale as rules
from agent.core.card_numbers import CardNumbersMasked, Finding, mask_document
from agent.core.entries.bodies import SaleCompleted
from agent.core.faults import Fault, InputFault, StateFault
from agent.core.identifiers import SaleId
from agent.core.quantities import Minor
from agent.core.sale import NewLine
from agent.core.sale.model import Line, Sale
from agent.journal import sales
from agent.till import accounts, external_gifts, external_value, value
from agent.till.accounts import Judged
from agent.till.commands import AskUnleased, RecordSale
from agent.till.desk import Desk
from agent.till.guarding import without_contacts
from agent.till.lines import tax_rates
from agent.till.paying import finished, seal
from agent.till.replies import Completed
from agent.till.requests import ExternalLine, ExternalSale, TenderRequest
from agent.till.selling import with_customer
from agent.till.value_replies import Lacking

log = structlog.get_logger(__name__)


async def record(desk: Desk, ask: RecordSale) -> Completed:
    """Keep a finished sale; the same again gives the same answer, another under its id is refused.

    A card number in it is masked, and that it was is a fact of its own: HQ has it looked at. So is
    a payment with points or a gift card that no lease here covers. How to reach a customer is
    hidden in its words, and told. A gift card that is sold is charged; one that cannot be is told
    in the answer.

    Raises:
        StateFault: `wrong-basket-mode`, `sale-differs`.
        InputFault: `total-differs`, `unknown-tax`.
        SaleFault: what cannot be a sale, such as one that is not paid.
    """
    desk.require_basket_mode("external")
    found = accounts.told_in(desk, ask.request.tenders)
    request, findings = without_card_numbers(ask.request)
    request, hidden = without_contacts(request, desk.store.country)
    sale = rebuilt(desk, ask.sale_id, request, found)
    held = await desk.journal.read(lambda conn: sales.completed(conn, ask.sale_id))
    done = None
    if held is not None:
        _require_same(held, sale)
        done = await desk.journal.read(lambda conn: finished(conn, ask.sale_id))
    if done is None:
        _require_total(desk, sale, request)
        sale = await external_gifts.charged(desk, sale, ask.request.lines)
        besides = [_put_on_record(desk, sale, findings)] if findings else []
        sale, claims = await external_value.claimed(
            desk, sale, request.tenders, ask.request.tenders
        )
        settling = partial(external_value.settled, desk=desk, claims=claims)
        done = await seal(
            desk, sale, print_receipt=request.print, besides=besides, settling=settling
        )
    left_out = tuple(one for each in found for one in each.left_out)
    return msgspec.structs.replace(done, left_out=(*left_out, *hidden))


async def unleased(desk: Desk, ask: AskUnleased) -> tuple[Lacking, ...]:
    """Tell what HQ would have to give for the points and gift cards of a whole sale.

    Nothing of a sale that is recorded already. What cannot be asked for is told with the sale.

    Raises:
        StateFault: `wrong-basket-mode`.
        InputFault, SaleFault: as `record`.
    """
    desk.require_basket_mode("external")
    paying = [each for each in ask.request.tenders if value.is_value(each.kind) and each.amount > 0]
    held = await desk.journal.read(lambda conn: sales.completed(conn, ask.sale_id))
    if held is not None:
        return ()
    request, _ = without_card_numbers(ask.request)
    sale = rebuilt(desk, ask.sale_id, request, [Judged()] * len(request.tenders))
    found = []
    for kind, reference in dict.fromkeys((each.kind, each.reference) for each in paying):
        amounts = [
            each.amount for each in paying if (each.kind, each.reference) == (kind, reference)
        ]
        with suppress(Fault):
            found.append(await value.lacking_for(desk, sale, kind, reference, amounts))
    return tuple(each for each in found if each is not None)


def without_card_numbers(request: ExternalSale) -> tuple[ExternalSale, tuple[Finding, ...]]:
    """Mask card numbers in a sale that has happened already: it is kept whatever stands in it.

    Payment accounts are read apart, since those of some issuers have digits like a card's.

    Returns:
        The sale without accounts, and what was masked where.
    """
    found = accounts.card_numbers_in(request.tenders)
    tenders = map(_unnumbered, accounts.without_accounts(request.tenders))
    # A gift card's number is no payment card's, whatever it looks like, and is kept nowhere.
    lines = (msgspec.structs.replace(each, gift_card=None) for each in request.lines)
    request = msgspec.structs.replace(request, tenders=tuple(tenders), lines=tuple(lines))
    cleaned = mask_document(msgspec.to_builtins(request))
    if not cleaned.findings:
        return request, found
    for tender in cleaned.value["tenders"]:
        # A kind is a word; a masked one still tells what it was of.
        tender["kind"] = tender["kind"].replace("*", "x")
    return msgspec.convert(cleaned.value, ExternalSale), (*cleaned.findings, *found)


def _unnumbered(tender: TenderRequest) -> TenderRequest:
    """Leave a gift card's number out: it is no payment card's, whatever it looks like."""
    return (
        msgspec.structs.replace(tender, reference=None) if value.is_value(tender.kind) else tender
    )


def _put_on_record(desk: Desk, sale: Sale, findings: tuple[Finding, ...]) -> CardNumbersMasked:
    log.warning("card-number-masked", till=desk.till.id, sale=sale.sale_id, count=len(findings))
    return CardNumbersMasked(
        sale_id=sale.sale_id,
        store=desk.store.id,
        till=desk.till.id,
        at=desk.clock.stamp().wall,
        findings=findings,
    )


def rebuilt(desk: Desk, sale_id: SaleId, request: ExternalSale, found: Sequence[Judged]) -> Sale:
    """Make the basket the POS software had, with its own arithmetic where it says so.

    Args:
        desk: the till's.
        sale_id: of the sale.
        request: without card numbers.
        found: the accounts its tenders came from, in their order.
    """
    stamp = desk.clock.stamp()
    sale = rules.open_sale(
        sale_id=sale_id,
        till=desk.till.id,
        currency=desk.store.currency,
        prices_include_tax=desk.store.prices_include_tax,
        opened=stamp,
        business_date=desk.business_date(stamp),
        actor=desk.actor,
    )
    for line in request.lines:
        sale = rules.record_line(sale, _line(desk, line))
    sale = with_customer(desk, sale, request.party_id)
    if request.discount:
        sale = rules.discount_sale(sale, request.discount, request.discount_reason or "POS")
    for tender, account in zip(request.tenders, found, strict=True):
        sale = _with_tender(desk, sale, tender, account)
    return msgspec.structs.replace(sale, external_receipt_no=request.external_receipt_no)


def _with_tender(desk: Desk, sale: Sale, tender: TenderRequest, account: Judged) -> Sale:
    changed = rules.record_tender(
        sale, tender.kind, tender.amount, tender.reference, tender_id=tender.tender_id
    )
    return changed if changed is sale else accounts.with_account(desk, changed, account)


def _line(desk: Desk, line: ExternalLine) -> NewLine:
    _require_sign(line)
    return NewLine(
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        taxes=tax_rates(desk.settings, line.taxes),
        unit=line.unit,
        item_id=line.item_id,
        gtin=line.gtin,
        reason=line.reason,
        returns=line.returns.as_recorded() if line.returns else None,
        extension=None if line.extension is None else Minor(abs(line.extension)),
        discount=line.discount,
    )


def _require_sign(line: ExternalLine) -> None:
    if line.extension is not None and line.extension * line.quantity < 0:
        raise InputFault(
            f"{line.name} has the quantity {line.quantity} and the extension {line.extension}: "
            "one sells, the other gives back",
            remedy='give both the same sign; send a coupon as "discount" of its line or of the '
            "sale, or as a tender",
            name="extension-sign",
        )


def _require_total(desk: Desk, sale: Sale, request: ExternalSale) -> None:
    total = desk.totals(sale).total
    if request.total is not None and request.total != total:
        raise InputFault(
            f"the lines add up to {total}, the request says {request.total} (minor units)",
            remedy='send each line\'s own "extension" and the "discount" as they were charged, '
            "or leave the total out",
            name="total-differs",
        )


def _require_same(held: SaleCompleted, sale: Sale) -> None:
    if _told(held) != _told(sale):
        raise StateFault(
            f"sale {sale.sale_id} is recorded already, as receipt {held.receipt_no}, "
            "and not with these lines, discounts and tenders",
            remedy="make a new id (UUIDv7) for each sale; correct a sale by a return",
            name="sale-differs",
        )


def _told(sale: SaleCompleted | Sale) -> tuple[object, ...]:
    """Reduce a sale to what its caller said, without what the settings add."""
    return (
        sale.external_receipt_no,
        sale.discount,
        [_told_line(line) for line in sale.lines],
        [(tender.kind, tender.amount) for tender in sale.tenders],
    )


def _told_line(line: Line) -> tuple[object, ...]:
    taxes = [rate.name for rate in line.taxes]
    return (line.name, line.quantity, line.unit_price, line.extension, taxes, line.returns)
