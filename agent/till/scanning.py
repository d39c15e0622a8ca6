"""A scan: what it is, what follows from it, and what is told of it. Nothing scanned is silent.

Where the agent keeps the basket, an item becomes a line (`item_scans`) and a customer goes onto
the sale; where POS software does, a scan is an event alone. Either way an event says what was
recognised, or why nothing was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec.structs import replace

from agent.core.barcode import Reading
from agent.core.entries.bodies import PartyIdentified
from agent.core.faults import Fault
from agent.core.identifiers import DeviceId, PartyId
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    ItemKey,
    KnownElsewhere,
    Recognition,
    RecognitionKind,
    Strength,
    Unknown,
)
from agent.core.sale.model import Sale
from agent.journal import Connection, proofs
from agent.till import leading
from agent.till.asking import IDENTIFY, asking
from agent.till.commands import DeviceScan, TypedScan
from agent.till.desk import Desk
from agent.till.item_scans import Scan, item_scan
from agent.till.looking import Seen
from agent.till.replies import Paper, Recognised
from agent.till.selling import with_customer
from agent.till.telling import Event, customer_event, sale_event, scan_event

_T = TypeVar("_T")
_REMEDIES = {
    RecognitionKind.UNKNOWN: "scan again, or type the number below the bars; an item that is not "
    "listed can be sold by its name and price",
    RecognitionKind.CUSTOMER: "ask for another card, phone number or e-mail address, or enrol them",
    RecognitionKind.ORDER: "check the number; an order for another store is at HQ",
    RecognitionKind.RECEIPT: "take the goods back without the receipt, with a reason, or ask HQ",
}
"""Kind of what is not held here → what a cashier does about it."""
KNOWN_ELSEWHERE = "sell on: the purchase finds its way into their history; do not enrol them again"
ASK_WHO = "ask for their card or phone number: an order number alone opens the order, and no card"
ASK_BUYER = "ask for their card or phone number: a receipt alone opens the sale, and no card"
GENUINE = "the receipt is genuine: take its goods back by the sale it names; HQ compares the lines"
_ASKS = {IdentifierType.ORDER_NO.value: ASK_WHO, IdentifierType.RECEIPT_NO.value: ASK_BUYER}
"""By which paper somebody is proposed → what to ask for."""
_ANSWERS = {Found: "found", KnownElsewhere: "known_elsewhere", Unknown: "unknown"}
SHOWN_OF_NOISE = 64
"""Characters of unreadable bytes an event carries: enough to see what kind of noise it is."""


class TakenMeanwhile(Exception):
    """Two tills checked one proof at the same time, and the other one was quicker."""


async def device_scan(desk: Desk, ask: DeviceScan) -> Recognised:
    """Take a scanner's frame: a scan, or noise with its reason."""
    if ask.frame.noise is not None:
        return await _noise(desk, ask.device, ask.frame.data, ask.frame.noise)
    try:
        return await scan(desk, ask.device, ask.frame.data, ask.frame.mono_ns)
    except Fault as fault:
        return await _refused(desk, ask.device, fault)


async def typed_scan(desk: Desk, ask: TypedScan) -> Recognised:
    """Take a scan typed at the page: it goes the way of a device's."""
    return await scan(desk, None, ask.text.encode(), desk.clock.stamp().mono_ns)


async def scan(desk: Desk, device: DeviceId | None, raw: bytes, mono_ns: int) -> Recognised:
    """Recognise a scan and do what follows from it, in one transaction with its events.

    Args:
        desk: the till's.
        device: the scanner; None where the scan was typed.
        raw: the bytes without framing.
        mono_ns: when the last of them came.
    """
    return await once_taken(lambda: _scan(desk, device, raw, mono_ns))


async def once_taken(handle: Callable[[], Awaitable[_T]]) -> _T:
    """Handle what may show a proof, and again if another till took that very proof meanwhile.

    The second time it is seen as taken, so there is no third.
    """
    try:
        return await handle()
    except TakenMeanwhile:
        return await handle()


async def _scan(desk: Desk, device: DeviceId | None, raw: bytes, mono_ns: int) -> Recognised:
    seen = await desk.looking.scanned(raw)
    lead_id = leading.lead_in(seen.reading.text)
    if lead_id is not None:
        return await leading.scanned(desk, device, seen, lead_id)
    found = recognised(desk, seen.recognition)
    item, key = seen.recognition.item, seen.recognition.means
    if item is not None and isinstance(key, ItemKey):
        return await item_scan(desk, Scan(device, seen, item, key, mono_ns), found)
    party_id = presented(found)
    if party_id is not None:
        return await _meet(desk, device, seen, found, party_id)
    tell = [scan_event(device, seen.reading, found)]
    if found.kind == "customer":
        tell.append(_unmet(found))
    await desk.commit(lambda conn: taken(conn, seen.recognition), tell=tell)
    return found


def taken(conn: Connection, recognition: Recognition) -> None:
    """Remember the proof of a wallet pass, so that it is taken once.

    Raises:
        TakenMeanwhile: another till of this agent took it since it was checked.
    """
    mark = recognition.mark
    if mark is None:
        return
    if proofs.used(conn).has(mark):
        raise TakenMeanwhile
    proofs.remember(conn, mark)


def presented(found: Recognised) -> PartyId | None:
    """Tell who presented themselves; nobody did who brought a paper that anybody may hold."""
    return None if found.strength is Strength.BEARER else found.party_id


def recognised(desk: Desk, recognition: Recognition) -> Recognised:
    """Say what was recognised, in ids; an order proposes the party who placed it."""
    answer = recognition.answer
    means = recognition.means
    party_id, proposed = _whose(desk, recognition)
    ask = None if _is_here(desk, party_id) else _ASKS.get(proposed or "")
    return Recognised(
        kind=recognition.kind.value,
        why=recognition.why,
        answer=_ANSWERS[type(answer)] if answer is not None else None,
        means=means.type.value if isinstance(means, Identifier) else proposed,
        party_id=party_id,
        item=recognition.item,
        gtin=means.gtin if isinstance(means, ItemKey) else None,
        order_no=recognition.order_no,
        receipt_no=recognition.receipt_no,
        sale_id=recognition.sale_id,
        paper=_paper(recognition),
        remedy=_remedy(recognition),
        strength=recognition.strength,
        ask=recognition.ask or ask,
    )


def _whose(desk: Desk, recognition: Recognition) -> tuple[PartyId | None, str | None]:
    """Tell who is named, and by which paper that is only proposed."""
    if isinstance(recognition.answer, Found):
        return recognition.answer.party_id, None
    order = desk.directory.order(recognition.order_no) if recognition.order_no else None
    if order is not None and order.party_id is not None:
        return order.party_id, IdentifierType.ORDER_NO.value
    buyer = desk.own.buyer(recognition.sale_id) if recognition.sale_id else None
    return buyer, IdentifierType.RECEIPT_NO.value if buyer else None


def _paper(recognition: Recognition) -> Paper | None:
    seal = recognition.seal
    if seal is None:
        return None
    return Paper(seal.sale_id, seal.receipt_no, seal.business_date, seal.currency, seal.total)


def _remedy(recognition: Recognition) -> str | None:
    """Say what to do about something that is not held here."""
    if recognition.held:
        return None
    if isinstance(recognition.answer, KnownElsewhere):
        return recognition.ask or KNOWN_ELSEWHERE
    if recognition.seal is not None:
        return GENUINE
    return _REMEDIES.get(recognition.kind)


def _is_here(desk: Desk, party_id: PartyId | None) -> bool:
    """Tell whether there is nobody to ask for, or whether they have been asked already."""
    return party_id is None or desk.may_open(party_id)


async def _meet(
    desk: Desk, device: DeviceId | None, seen: Seen, found: Recognised, party_id: PartyId
) -> Recognised:
    """Put a recognised customer on the open sale, or keep them for the next one."""
    sale = desk.open_sale() if desk.till.basket == "agent" else None
    sale_id = sale.sale_id if sale else None
    met = replace(found, sale_id=sale_id)
    tell = [
        scan_event(device, seen.reading, met),
        customer_event(party_id, "found", why=met.why, sale_id=sale_id, means=met.means),
    ]
    meeting = desk.meet(party_id, met.strength or Strength.WEAK, met.ask)
    asked = await asking(desk, party_id, meeting, IDENTIFY)
    facts = [identified(desk, party_id, met, sale), *asked.facts]
    tell += asked.tell

    def take(conn: Connection) -> None:
        taken(conn, seen.recognition)

    if sale is not None and sale.party_id != party_id:
        changed = with_customer(desk, sale, party_id)
        tell.append(sale_event(changed, desk.totals(changed), "customer-changed"))
        await desk.keep(changed, *tell, facts=facts, also=take)
    else:
        await desk.commit(take, tell=tell, facts=facts)
    desk.met(party_id, asked.met)
    if sale is None and desk.till.basket == "agent":
        desk.present = party_id
    return met


def identified(
    desk: Desk, party_id: PartyId, found: Recognised, sale: Sale | None
) -> PartyIdentified:
    """Make the fact that somebody was recognised: by which means, never by which value."""
    return PartyIdentified(
        party_id=party_id,
        store=desk.store.id,
        till=desk.till.id,
        at=desk.clock.stamp(),
        means=found.means or "unknown",
        sale_id=sale.sale_id if sale else None,
        strength=found.strength or "",
    )


async def _noise(desk: Desk, device: DeviceId, data: bytes, noise: str) -> Recognised:
    found = Recognised(
        kind="noise",
        why=(noise,),
        refused="the scanner sent bytes that are no scan",
        remedy="scan again; if it stays, check the cable and the scanner's baud rate",
    )
    shown = data[:SHOWN_OF_NOISE].decode("latin-1")
    nothing = Reading(shown, shown, None, None, (), ())
    await desk.commit(_nothing, tell=[scan_event(device, nothing, found)])
    return found


async def _refused(desk: Desk, device: DeviceId, fault: Fault) -> Recognised:
    """Tell that a scan came to nothing: nobody waits for its answer, and the cashier must know."""
    found = Recognised(kind="unknown", why=(), refused=fault.detail, remedy=fault.remedy)
    nothing = Reading("", "", None, None, (), ())
    await desk.commit(_nothing, tell=[scan_event(device, nothing, found)])
    return found


def _unmet(found: Recognised) -> Event:
    return customer_event(None, found.answer or "unknown", why=found.why, means=found.means)


def _nothing(_conn: Connection) -> None:
    """Change nothing but what is told."""
