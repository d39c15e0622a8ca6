"""What is shown of a till: read from memory and journal, changing nothing."""

from __future__ import annotations

from agent.core.faults import NotFoundFault
from agent.core.identifiers import SaleId
from agent.core.sale.model import Sale
from agent.core.space import Level
from agent.journal import Connection, days, events, prints, sales
from agent.till.cash_day import day_view
from agent.till.desk import Desk
from agent.till.numbers import print_id_for
from agent.till.paying import finished, sale_of
from agent.till.replies import Completed, DayView, DiskView, ParkedSale, SaleView, TillView
from agent.till.value import takes


async def till_view(desk: Desk) -> TillView:
    """Show everything a till page needs to draw itself after a reload."""

    def read(conn: Connection) -> tuple[int, Completed | None]:
        latest = sales.recent(conn, desk.till.id, 1)
        last = finished(conn, latest[0].sale_id) if latest else None
        return events.newest(conn), last

    cursor, last = await desk.journal.read(read)
    current = desk.open_sale()
    store, till = desk.store, desk.till
    return TillView(
        till=till.id,
        store=store.id,
        store_name=store.name or store.id,
        basket=till.basket,
        currency=store.currency,
        prices_include_tax=store.prices_include_tax,
        cash_rounding=store.cash_rounding,
        taxes=desk.settings.tax,
        language=store.language,
        business_date=desk.business_date(desk.clock.stamp()),
        opened=desk.opened,
        require_sign_on=till.require_sign_on,
        cursor=cursor,
        actor=desk.actor,
        sale=desk.view(current) if current else None,
        parked=tuple(
            _parked(desk, sale) for sale in desk.baskets.values() if sale.state == "parked"
        ),
        party_id=current.party_id if current else desk.present,
        last=last,
        printer=till.printer,
        drawer=till.drawer,
        display=till.display,
        scale=till.scale,
        scanners=till.scanners,
        disk=_disk(desk),
        takes=takes(desk),
        gift_items=desk.value.programme().gift_items,
    )


async def sale_view(desk: Desk, sale_id: SaleId) -> SaleView:
    """Show a basket or a completed sale.

    Raises:
        NotFoundFault: `no-such-sale`.
    """
    basket = desk.baskets.get(sale_id)
    if basket is not None:
        return desk.view(basket)

    def read(conn: Connection) -> SaleView | None:
        body = sales.completed(conn, sale_id)
        if body is None:
            return None
        job = prints.get(conn, print_id_for("receipt", sale_id))
        sale = sale_of(body)
        return SaleView(sale, desk.totals(sale), job.print_id if job else None)

    found = await desk.journal.read(read)
    if found is None:
        raise NotFoundFault(
            f"no sale {sale_id} is held here",
            remedy="check the id; sales of other stores are at HQ",
            name="no-such-sale",
        )
    return found


async def report(desk: Desk) -> DayView:
    """Show the figures since the till was closed last."""
    bodies = await desk.journal.read(lambda conn: days.since_opened(conn, desk.till.id))
    return day_view(desk, bodies, desk.clock.stamp())


def _disk(desk: Desk) -> DiskView:
    space = desk.journal.space
    verdict = space.verdict()
    if verdict.level is Level.OK:
        return DiskView(verdict.level)
    return DiskView(verdict.level, space.said(verdict), space.remedy())


def _parked(desk: Desk, sale: Sale) -> ParkedSale:
    return ParkedSale(
        sale_id=sale.sale_id,
        opened_at=sale.opened.wall,
        lines=sum(not line.voided for line in sale.lines),
        total=desk.totals(sale).total,
        party_id=sale.party_id,
    )
