"""Paying: tenders, and the one transaction in which a basket becomes a sale."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agent.core import sale as rules
from agent.core.entries import facts
from agent.core.entries.bodies import Body, SaleAttributed, SaleCompleted
from agent.core.identifiers import PrintId, ReceiptNo, SaleId
from agent.core.loyalty import GIFT_TENDER
from agent.core.sale import CASH
from agent.core.sale.model import Sale, Stamp
from agent.core.space import Work
from agent.journal import chains, prints, purses, sales
from agent.journal.chains import Appended
from agent.journal.connection import Connection
from agent.till import accounts, earning, value
from agent.till.accounts import Judged
from agent.till.asking import TENDER, keep_asking
from agent.till.commands import AddTender, CompleteSale, RemoveTender
from agent.till.desk import Desk, require_unused
from agent.till.ended import ended
from agent.till.external_gifts import uncharged_in
from agent.till.external_value import unspent_in
from agent.till.numbers import print_id_for
from agent.till.ordered import noted_in
from agent.till.printing import put_drawer, put_receipt
from agent.till.reckoning import reckoning
from agent.till.replies import Completed, SaleView
from agent.till.requests import TenderRequest
from agent.till.returning import require_returnable
from agent.till.telling import Event, sale_event

Written = list[tuple[Appended, Body]]
Settling = Callable[[Connection, Sale, Stamp], tuple[Sale, tuple[Body, ...]]]
"""Says in the transaction of a sale as what it is sealed, and what is a fact besides."""


async def add_tender(desk: Desk, ask: AddTender) -> SaleView:
    """Take money; a tender id that is there already takes nothing.

    Raises:
        NoRoom: `disk-full`: the first money of a sale; what was begun to be paid is finished.
        SaleFault: the sale does not allow it.
    """
    sale = await desk.basket(ask.sale_id)
    if not sale.tenders:
        desk.require_room(Work.SALES, "no money is taken")
    found = accounts.judged(desk, ask.request)
    if value.is_value(ask.request.kind):
        shown = await _add_value(desk, sale, ask.request)
    else:
        shown = await _add_money(desk, sale, ask.request, found)
    return msgspec.structs.replace(shown, left_out=found.left_out)


async def _add_money(desk: Desk, sale: Sale, asked: TenderRequest, found: Judged) -> SaleView:
    changed = _with_tender(desk, sale, asked, asked.reference)
    if changed is not sale:
        changed = accounts.with_account(desk, changed, found)
        event = sale_event(changed, desk.totals(changed), "tender-added")
        await keep_asking(desk, changed, event, moment="" if sale.tenders else TENDER)
    return desk.view(changed)


async def _add_value(desk: Desk, sale: Sale, asked: TenderRequest) -> SaleView:
    """Take points or a gift card, or give a payment back to them.

    Raises:
        LoyaltyFault: `more-than-leased`, `not-paid-so`, `no-customer`.
        InputFault: `gift-number`.
    """
    is_refund = asked.amount < 0
    owners = () if is_refund else await value.owners_of(desk, sale, asked.kind, asked.reference)
    # The number of a gift card is nowhere kept: the sale names its balance, and points nobody.
    named = owners[0] if asked.kind == GIFT_TENDER and owners else None
    changed = _with_tender(desk, sale, asked, named)
    if changed is sale:
        return desk.view(changed)
    tender = changed.tenders[-1]

    def promise(conn: Connection) -> None:
        if is_refund:
            promised = value.refund_for(conn, desk, changed, tender)
        else:
            promised = value.promise_for(conn, desk, changed, tender, owners)
        purses.promise(conn, desk.till.id, sale.sale_id, promised)

    event = sale_event(changed, desk.totals(changed), "tender-added")
    await desk.keep(changed, event, also=promise)
    return desk.view(changed)


def _with_tender(desk: Desk, sale: Sale, asked: TenderRequest, reference: str | None) -> Sale:
    return rules.add_tender(
        sale,
        asked.kind,
        asked.amount,
        reference,
        tender_id=asked.tender_id,
        cash_rounding=desk.store.cash_rounding,
    )


async def remove_tender(desk: Desk, ask: RemoveTender) -> SaleView:
    """Give money back before the sale is completed."""
    sale = await desk.basket(ask.sale_id)
    changed = rules.remove_tender(sale, ask.tender)
    await desk.keep(
        changed,
        sale_event(changed, desk.totals(changed), "tender-removed"),
        also=lambda conn: purses.take_back(conn, sale.sale_id, ask.tender),
    )
    return desk.view(changed)


async def complete(desk: Desk, ask: CompleteSale) -> Completed:
    """Make the basket a sale; asked for again, give the same answer from the journal."""
    done = await desk.journal.read(lambda conn: finished(conn, ask.sale_id))
    if done is not None:
        return done
    sale = await desk.basket(ask.sale_id)
    desk.require_cashier()
    value.require_charged(desk, sale)
    return await seal(desk, sale)


def as_it_is(_conn: Connection, sale: Sale, _stamp: Stamp) -> tuple[Sale, tuple[Body, ...]]:
    """Seal a basket as it stands; the `Settling` of one that this till kept itself."""
    return sale, ()


async def seal(
    desk: Desk,
    sale: Sale,
    *,
    print_receipt: bool = True,
    besides: Sequence[Body] = (),
    settling: Settling = as_it_is,
) -> Completed:
    """Write receipt number, sale, customer link, print job and event in one transaction.

    Args:
        desk: the till's.
        sale: the paid basket.
        print_receipt: whether the agent prints it.
        besides: further facts of this sale.
        settling: see `Settling`.

    Raises:
        SaleFault: `not-paid`, `sale-empty`, `more-than-sold` …; the basket stays as it was.
    """
    stamp, before = desk.clock.stamp(), await earning.balance_before(desk, sale)
    by = reckoning(desk, sale)

    def write(conn: Connection) -> tuple[Completed, Written]:
        if sale.sale_id not in desk.baskets:
            require_unused(conn, sale.sale_id)
        require_returnable(conn, sale)
        meant, unsettled = settling(conn, sale, stamp)
        tail = chains.sales_tail(conn, desk.till.id)
        body = _numbered(desk, meant, stamp, tail.next_receipt())
        written: Written = [(desk.append(conn, body, tail), body)]
        of_orders = noted_in(sale, desk.store.id, stamp)
        of_value = value.facts_of(conn, desk, sale, body, stamp, by)
        of_person: list[Body] = [*_ties(sale, stamp), *accounts.seen(desk, sale, stamp)]
        # What the goods of an order have earned is told before that they are out of it.
        more: tuple[Body, ...] = (*of_person, *of_value, *of_orders, *unsettled, *besides)
        written += [(desk.append(conn, fact), fact) for fact in more]
        if value.leases_over(conn, desk, sale, by) or of_value:
            written += value.close_due(conn, desk, stamp)
        points = earning.shown_on(desk, before, of_value)
        answer = _print(desk, conn, body, stamp, points) if print_receipt else _answer(body, None)
        desk.tell(conn, _completed_event(desk, sale, answer), stamp.wall)
        return answer, written

    answer, written = await desk.commit(write)
    for appended, body in written:
        desk.note(appended, body)
    desk.baskets.pop(sale.sale_id, None)
    if sale.party_id is not None and desk.value.programme().in_advance:
        desk.lease_wanted(sale.party_id)
    desk.ended = ended(sale, desk.totals(sale), stamp.mono_ns)
    return answer


def finished(conn: Connection, sale_id: SaleId) -> Completed | None:
    """Read the answer a completed sale was given."""
    body = sales.completed(conn, sale_id)
    if body is None:
        return None
    job = prints.get(conn, print_id_for("receipt", sale_id))
    return _answer(body, None if job is None else job.print_id)


def sale_of(body: SaleCompleted) -> Sale:
    """Show a completed sale in the shape of a basket; who bought stays in the `side` journal."""
    return Sale(
        sale_id=body.sale_id,
        till=body.till,
        currency=body.currency,
        prices_include_tax=body.prices_include_tax,
        opened=body.opened,
        business_date=body.business_date,
        state=rules.COMPLETED,
        actor=body.actor,
        customer_ref=body.customer_ref,
        lines=body.lines,
        tenders=body.tenders,
        discount=body.discount,
        discount_reason=body.discount_reason,
        receipt_no=body.receipt_no,
        external_receipt_no=body.external_receipt_no,
    )


def _numbered(desk: Desk, sale: Sale, stamp: Stamp, receipt_no: ReceiptNo) -> SaleCompleted:
    dated = msgspec.structs.replace(sale, business_date=desk.business_date(stamp))
    done = rules.complete(dated, receipt_no, cash_rounding=desk.store.cash_rounding)
    return facts.completed(done, desk.totals(done), store=desk.store.id, stamp=stamp)


def _ties(sale: Sale, stamp: Stamp) -> list[SaleAttributed]:
    if sale.party_id is None or sale.customer_ref is None:
        return []
    return [SaleAttributed(sale.sale_id, sale.customer_ref, sale.party_id, stamp)]


def _print(
    desk: Desk, conn: Connection, body: SaleCompleted, stamp: Stamp, points: bytes | None
) -> Completed:
    if desk.till.drawer and any(tender.kind == CASH for tender in body.tenders):
        put_drawer(desk, conn, print_id_for("drawer", body.sale_id), stamp, body.sale_id)
    print_id = print_id_for("receipt", body.sale_id)
    queued = put_receipt(desk, conn, print_id, stamp, body.sale_id, points=points)
    return _answer(body, queued)


def _answer(body: SaleCompleted, print_id: PrintId | None) -> Completed:
    return Completed(
        body.sale_id,
        body.receipt_no,
        body.total,
        body.change,
        print_id,
        unspent=unspent_in(body),
        uncharged=uncharged_in(body),
    )


def _completed_event(desk: Desk, sale: Sale, answer: Completed) -> Event:
    done = msgspec.structs.replace(sale, state=rules.COMPLETED)
    more = {"receipt_no": answer.receipt_no, "print_id": answer.print_id}
    return sale_event(done, desk.totals(sale), "completed", **more)
