"""A scanned item: sold where the agent keeps the basket, told where POS software does.

Two symbols of one pack are one item. The second adds what it knows to the line of the first: a
lot, a serial number, a date, and perhaps that the pack must not be sold, which takes the line out.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from agent.core import sale as rules
from agent.core.barcode import Offered, Passed, TradeItem
from agent.core.faults import Fault
from agent.core.identifiers import DeviceId
from agent.core.recognition import Item, ItemKey
from agent.core.sale import NewLine
from agent.core.sale.model import Line, Sale
from agent.core.space import Work
from agent.journal import Connection
from agent.till.desk import Desk
from agent.till.lines import Measured, item_line, measured, measured_item
from agent.till.looking import Seen
from agent.till.packing import Place, item_of
from agent.till.replies import Recognised
from agent.till.requests import LineRequest
from agent.till.selling import line_events, new_sale, opening_events
from agent.till.shelving import over, past_its_date, refuses, require_sellable
from agent.till.telling import Event, item_event, sale_event, scan_event
from agent.till.weighing import weighed

_MEASURES = ("weight", "count", "price")


class Scan(NamedTuple):
    """One scan that names an item the shop lists."""

    device: DeviceId | None
    seen: Seen
    item: Item
    key: ItemKey
    mono_ns: int
    """When the scan came."""
    pack: Offered | None = None
    """None of a code without a GTIN: in-store labels are never the second symbol of a pack."""

    @property
    def said(self) -> TradeItem | None:
        """Give what all symbols of the pack say together."""
        return None if self.pack is None else self.pack.pack.item


async def item_scan(desk: Desk, scan: Scan, found: Recognised) -> Recognised:
    """Do what follows from a scanned item, in one transaction with its events."""
    reading = scan.seen.reading
    read = item_of(reading, scan.key)
    if read is not None:
        offered = desk.packs.offered(scan.device, reading, read, scan.mono_ns)
        scan = scan._replace(pack=offered)
        where = desk.packs.place(offered.pack.number)
        if offered.merged and where is not None:
            return await _merge(desk, scan, _described(desk, scan, found), offered, where)
    keep_basket = desk.till.basket == "agent"
    return await (_sell if keep_basket else _offer)(desk, scan, _described(desk, scan, found))


def _described(desk: Desk, scan: Scan, found: Recognised) -> Recognised:
    """Add what the pack's symbols say: its number, and whether its date is over."""
    what = over(desk, scan.said)
    return replace(
        found,
        pack=None if scan.pack is None else scan.pack.pack.number,
        merged=scan.pack is not None and scan.pack.merged,
        expired=what is Passed.USE_BY,
        best_before_passed=what is Passed.BEST_BEFORE,
        sell_by_passed=what is Passed.SELL_BY,
    )


async def _sell(desk: Desk, scan: Scan, found: Recognised) -> Recognised:
    """Add the scanned item to the till's sale; a refusal is told, never swallowed."""
    current = desk.open_sale()
    try:
        desk.require_cashier()
        desk.require_room(Work.SALES, "nothing is sold")
        require_sellable(desk, scan.said, scan.item.name, LineRequest())
        sale = current or new_sale(desk)
        changed = rules.add_line(sale, await _new_line(desk, sale, scan))
    except Fault as fault:
        return await _refuse(desk, scan, found, fault)
    number = changed.lines[-1].line
    sold = replace(found, sale_id=changed.sale_id, line=number)
    opening = [] if current else opening_events(desk, sale)
    item, added = line_events(desk, changed)
    await desk.keep(changed, _told(scan, sold), *opening, _flagged(item, sold), added)
    if current is None:
        desk.present = None
    _keep(desk, scan, Place(changed.sale_id, number))
    return sold


async def _offer(desk: Desk, scan: Scan, found: Recognised) -> Recognised:
    """Tell POS software what was scanned, with weight and price, in a line of no sale.

    A pack past its date is told as such and no more: POS software decides what it sells. What could
    not be recorded for lack of room is refused here, since the sale itself comes when it is paid.
    """
    try:
        desk.require_room(Work.SALES, "nothing is to be sold")
        scratch = new_sale(desk)
        line = rules.add_line(scratch, await _new_line(desk, scratch, scan)).lines[-1]
    except Fault as fault:
        return await _refuse(desk, scan, found, fault)
    tell = [_told(scan, found), _flagged(item_event(None, line), found)]
    await desk.commit(_nothing, tell=tell)
    _keep(desk, scan, Place())
    return found


async def _merge(
    desk: Desk, scan: Scan, found: Recognised, offered: Offered, where: Place
) -> Recognised:
    """Add what another symbol of a pack says to the line the pack became."""
    sale = desk.baskets.get(where.sale_id) if where.sale_id else None
    line = _line_of(sale, where.line)
    merged = replace(found, merged_into=where.line, sale_id=where.sale_id)
    if sale is None or line is None or offered.pack.item == desk.packs.before(offered.pack.number):
        await desk.commit(_nothing, tell=[_told(scan, merged)])
        _keep(desk, scan, where)
        return merged
    what = over(desk, offered.pack.item)
    if what is not None and refuses(desk, what) and not line.reason:
        return await _take_out(desk, scan, merged, sale, line, what)
    try:
        changed = await _relabelled(desk, scan, sale, line)
    except Fault as fault:
        return await _refuse(desk, scan, merged, fault, where)
    event = sale_event(changed, desk.totals(changed), "line-changed", line=line.line)
    await desk.keep(changed, _told(scan, merged), event)
    _keep(desk, scan, where)
    return merged


async def _take_out(
    desk: Desk, scan: Scan, found: Recognised, sale: Sale, line: Line, what: Passed
) -> Recognised:
    """Void the line of a pack whose other symbol says that its date is over."""
    why = past_its_date(desk, scan.said, line.name, what)
    try:
        changed = rules.void_line(sale, line.line, why.detail, desk.actor)
    except Fault as fault:
        # The receipt discount is more than what is left: a person has to take the line out.
        return await _refuse(desk, scan, found, fault)
    refused = replace(found, refused=why.detail, remedy=why.remedy)
    event = sale_event(changed, desk.totals(changed), "line-voided", line=line.line)
    await desk.keep(changed, _told(scan, refused), event)
    _keep(desk, scan, None)
    return refused


async def _relabelled(desk: Desk, scan: Scan, sale: Sale, line: Line) -> Sale:
    before = desk.packs.before(scan.pack.pack.number) if scan.pack else None
    priced = any(
        getattr(before, name, None) != getattr(scan.said, name, None) for name in _MEASURES
    )
    if priced:
        new = await _new_line(desk, sale, scan)
    else:
        said = _measured(scan)
        new = NewLine(
            name=line.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            taxes=line.taxes,
            scanned=said.scanned,
            lot=said.lot,
            expiry=said.expiry,
            serial=said.serial,
        )
    return rules.relabel_line(sale, line.line, new, priced=priced)


async def _refuse(
    desk: Desk, scan: Scan, found: Recognised, fault: Fault, where: Place | None = None
) -> Recognised:
    refused = replace(found, refused=fault.detail, remedy=fault.remedy)
    await desk.commit(_nothing, tell=[_told(scan, refused)])
    _keep(desk, scan, where)
    return refused


async def _new_line(desk: Desk, sale: Sale, scan: Scan) -> NewLine:
    request = LineRequest()
    said = await weighed(desk, scan.item, _measured(scan), request)
    return item_line(desk.settings, sale, scan.item, said, request)


def _measured(scan: Scan) -> Measured:
    if scan.said is None:
        return measured(scan.seen.reading, scan.key, scan.item.unit)
    return measured_item(scan.said, scan.item.unit, scan.seen.reading.raw)


def _line_of(sale: Sale | None, number: int | None) -> Line | None:
    if sale is None or sale.state != rules.OPEN:
        return None
    return next((one for one in sale.lines if one.line == number and not one.voided), None)


def _keep(desk: Desk, scan: Scan, where: Place | None) -> None:
    if scan.pack is not None:
        desk.packs.keep(scan.pack, where)


def _told(scan: Scan, found: Recognised) -> Event:
    return scan_event(scan.device, scan.seen.reading, found)


def _flagged(event: Event, found: Recognised) -> Event:
    """Mark the event of an item past its date, for whoever watches items alone."""
    flags = {
        name: True
        for name in ("expired", "best_before_passed", "sell_by_passed")
        if getattr(found, name)
    }
    return replace(event, data={**event.data, "pack": found.pack, **flags})


def _nothing(_conn: Connection) -> None:
    """Change nothing but what is told."""
