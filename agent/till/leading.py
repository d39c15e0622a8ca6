"""Leads at the till: one of another channel is shown here, or one is begun here.

Shown is shown: the code of a lead is kept with the sale whether or not anything is held of that
lead here. Where the customer's card carries it, what is left of it can be put into the basket
without typing anything again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.core.entries.bodies import Body
from agent.core.faults import Fault, InputFault
from agent.core.history import STORE_CHANNEL
from agent.core.identifiers import DeviceId, ItemId, SaleId
from agent.core.leads import Lead, LeadItem, LeadRedeemed, LeadTold, OpenLead
from agent.core.quantities import Thousandths
from agent.core.recognition import Item, ItemKey, Part, opens
from agent.core.sale.model import Sale
from agent.core.space import Work
from agent.till.adding import added
from agent.till.cards import card_of
from agent.till.commands import RedeemLead, TellLead
from agent.till.consenting import require_met
from agent.till.desk import Desk
from agent.till.lead_replies import LeadItemView, LeadKept, LeadShown
from agent.till.looking import Seen
from agent.till.replies import Recognised
from agent.till.requests import LineRequest
from agent.till.selling import line_events
from agent.till.telling import Event, scan_event

CODE = "lead:"
"""What the code of a lead begins with, in a QR code or typed."""
_CODE = re.compile(rf"{CODE}([\x21-\x7e]{{1,120}})", re.IGNORECASE | re.ASCII)


def lead_in(text: str) -> str | None:
    """Read the id of a lead out of a scanned text; None where it is no lead's code.

    >>> lead_in("lead:web/cart-17"), lead_in("4006381333931")
    ('web/cart-17', None)
    """
    found = _CODE.fullmatch(text.strip())
    return None if found is None else found[1]


async def scanned(desk: Desk, device: DeviceId | None, seen: Seen, lead_id: str) -> Recognised:
    """Keep a scanned code with the open sale; without one it waits for nobody."""
    found = Recognised(kind="lead", why=(f"{lead_id} is a cart, wish list or quote",))
    sale = desk.open_sale() if desk.till.basket == "agent" else None
    if sale is None:
        refused = Recognised(
            kind="lead",
            why=found.why,
            refused="no sale is open that it could be kept with",
            remedy="open the sale, then scan the code again",
        )
        await desk.commit(lambda _conn: None, tell=[scan_event(device, seen.reading, refused)])
        return refused
    kept = Recognised(kind="lead", why=found.why, sale_id=sale.sale_id)
    await desk.commit(
        lambda _conn: None,
        facts=_fact(desk, sale.sale_id, lead_id),
        tell=[scan_event(device, seen.reading, kept)],
    )
    desk.redeemed.add((sale.sale_id, lead_id))
    return kept


async def redeem(desk: Desk, ask: RedeemLead) -> LeadShown:
    """Keep that a lead's code was shown, and put what is left of it into the basket if asked to.

    Raises:
        StateFault: the sale is completed or cancelled.
        NotFoundFault: there is no such sale at this till.
        InputFault: `bad-lead`: that is no id of a lead.
    """
    lead_id = lead_in(f"{CODE}{ask.lead_id}")
    if lead_id is None:
        raise InputFault(
            f"{ask.lead_id[:40]!r} is no id of a lead",
            remedy="send it as it is printed, its channel in front: web/cart-17",
            name="bad-lead",
        )
    sale = await desk.basket(ask.sale_id)
    lead = await _held(desk, sale, lead_id)
    items = [_view(desk, item, left) for item, left in (lead.left or {}).items()] if lead else []
    if not ask.add:
        await desk.commit(lambda _conn: None, facts=_fact(desk, sale.sale_id, lead_id))
        desk.redeemed.add((sale.sale_id, lead_id))
        return LeadShown(desk.view(sale), lead_id, known=lead is not None, items=tuple(items))
    filled = await _filled(desk, sale, lead_id, items, known=lead is not None)
    desk.redeemed.add((sale.sale_id, lead_id))
    return filled


async def tell(desk: Desk, ask: TellLead) -> LeadKept:
    """Begin a lead here: a quote of what is in the basket, or a wish.

    Raises:
        InputFault: `nothing-wished`: neither a basket nor items.
        StateFault: `identify-first`: the customer was not recognised here.
        NoRoom: `disk-full`.
    """
    sale = await desk.basket(ask.sale_id) if ask.sale_id else None
    items = ask.items or (_items(sale) if sale else ())
    if not items:
        raise InputFault(
            "a lead needs something it is about",
            remedy="send items, or the sale_id of a basket with lines",
            name="nothing-wished",
        )
    party_id = ask.party_id or (sale.party_id if sale else None)
    if party_id is not None:
        require_met(desk, party_id)
    desk.require_room(Work.SIDE, "no lead is begun")
    stamp = desk.clock.stamp()
    point = f"{desk.store.id}/{desk.till.id}"
    lead_id = ask.lead_id or f"{desk.store.id}/{desk.clock.uuid7()}"
    lead = Lead(
        lead_id=lead_id,
        kind=ask.kind,
        channel=STORE_CHANNEL,
        at=stamp.wall,
        touch_point=point,
        owner=desk.actor,
        party_id=party_id,
        items=items,
        valid_until=ask.valid_until,
    )
    fact = LeadTold(desk.store.id, desk.till.id, stamp, lead, desk.actor)
    await desk.commit(lambda _conn: None, facts=[fact])
    return LeadKept(lead_id, f"{CODE}{lead_id}")


def _fact(desk: Desk, sale_id: SaleId, lead_id: str) -> Sequence[Body]:
    """Make the fact; shown twice at one sale, it is one."""
    if (sale_id, lead_id) in desk.redeemed:
        return ()
    stamp = desk.clock.stamp()
    return (LeadRedeemed(sale_id, lead_id, desk.store.id, desk.till.id, stamp, desk.actor),)


async def _held(desk: Desk, sale: Sale, lead_id: str) -> OpenLead | None:
    """Find the lead on the card of the sale's customer, as far as that is open here."""
    party_id = sale.party_id
    if party_id is None or not opens(desk.meeting(party_id).strength, Part.HINT):
        return None
    card = await card_of(desk, party_id)
    wished = card.insight.wished if card and card.insight else ()
    return next((lead for lead in wished if lead.told.lead_id == lead_id), None)


def _item(desk: Desk, item: str) -> Item | None:
    by_id = desk.directory.item(ItemKey(item_id=ItemId(item)))
    return by_id or desk.directory.item(ItemKey(gtin=item))


def _view(desk: Desk, item: str, left: int) -> LeadItemView:
    held = _item(desk, item)
    name = held.name if held else item
    return LeadItemView(item, name, Thousandths(left), listed=held is not None)


async def _filled(
    desk: Desk, sale: Sale, lead_id: str, items: Sequence[LeadItemView], *, known: bool
) -> LeadShown:
    """Put what is left of a lead into the basket, in one transaction with the fact."""
    tell: list[Event] = []
    shown: list[LeadItemView] = []
    for each in items:
        request = LineRequest(
            item_id=ItemId(each.item), quantity=each.quantity, line_id=f"{each.item}:{lead_id}"[:64]
        )
        if any(line.line_id == request.line_id for line in sale.lines):
            shown.append(each)
            continue
        try:
            sale = await added(desk, sale, request)
        except Fault as fault:
            shown.append(
                LeadItemView(each.item, each.name, each.quantity, each.listed, fault.detail)
            )
        else:
            shown.append(each)
            tell.extend(line_events(desk, sale))
    await desk.keep(sale, *tell, facts=_fact(desk, sale.sale_id, lead_id))
    return LeadShown(desk.view(sale), lead_id, known=known, items=tuple(shown))


def _items(sale: Sale) -> tuple[LeadItem, ...]:
    return tuple(
        LeadItem(line.item_id or line.gtin or "", line.quantity)
        for line in sale.lines
        if not line.voided and line.quantity > 0 and (line.item_id or line.gtin)
    )
