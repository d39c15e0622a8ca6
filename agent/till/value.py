"""Points and gift cards at the till: earned offline always, paid with under HQ's signed leases.

What a tender takes out of leases is decided when it is added, kept beside the basket, and sealed
with the sale: a till that dies in between has promised nothing twice. Whether HQ is asked for a
lease first is not decided here: the till itself never waits for the network (P1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from agent.core.entries.bodies import Body, SaleCompleted
from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import JournalId, SaleId
from agent.core.loyalty import (
    GIFT_TENDER,
    POINTS_TENDER,
    LoyaltyFault,
    Programme,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    Worth,
    gift_owner,
    unit_of,
)
from agent.core.loyalty.programme import GIFT_PREFIX
from agent.core.loyalty.purse import Wish, sale_ended, spend, till_closed
from agent.core.quantities import ONE, Minor
from agent.core.recognition import Part, opens
from agent.core.sale.bounds import line_numbered, money, pieces
from agent.core.sale.model import Line, Sale, Stamp, Tender
from agent.journal import purses, sales
from agent.journal.chains import Appended
from agent.journal.connection import Connection
from agent.journal.purses import Promise
from agent.till.commands import AskLacking, ChargeGift
from agent.till.desk import Desk
from agent.till.reckoning import Reckoning, earned, is_gift
from agent.till.replies import SaleView
from agent.till.telling import sale_event
from agent.till.value_replies import Lacking


def is_value(kind: str) -> bool:
    """Tell whether a kind of tender pays with points or a gift card."""
    return unit_of(kind, "") is not None


async def owners_of(desk: Desk, sale: Sale, kind: str, reference: str | None) -> tuple[str, ...]:
    """Tell whose value a tender pays with: the customer's, by all their ids, or a gift card's.

    Raises:
        LoyaltyFault: `no-customer`: points are somebody's, and nobody is on the sale;
            `identify-better`: what they presented does not even show their points.
        InputFault: `gift-number`: no gift card is named, or what cannot be one.
    """
    if unit_of(kind, "") == "":
        return (await asyncio.to_thread(gift_owner, reference or ""),)
    if sale.party_id is None:
        raise LoyaltyFault(
            "nobody is on the sale whose points could pay for it",
            remedy="identify the customer first: scan their card",
            name="no-customer",
        )
    if not opens(desk.meeting(sale.party_id).strength, Part.POINTS):
        raise LoyaltyFault(
            "what the customer presented does not open their points: a number that can be guessed "
            "would pay with a neighbour's",
            remedy="scan a card of theirs with a number of this chain, or their wallet pass, or "
            "ask for their phone number or e-mail address; then take the points again",
            name="identify-better",
        )
    card = desk.directory.card(sale.party_id)
    others = (card.party_id, *card.members) if card else ()
    return tuple(dict.fromkeys((str(sale.party_id), *others)))


async def lacking(desk: Desk, ask: AskLacking) -> Lacking | None:
    """Tell what HQ would have to give before a payment can be taken; None: nothing.

    Raises:
        LoyaltyFault: `no-worth`, and as `owners_of` says.
        InputFault: as `owners_of` says.
    """
    asked, sale = ask.request, await desk.basket(ask.sale_id)
    known = asked.tender_id and any(each.tender_id == asked.tender_id for each in sale.tenders)
    if asked.amount <= 0 or known or not is_value(asked.kind):
        return None
    return await lacking_for(desk, sale, asked.kind, asked.reference, [asked.amount])


async def lacking_for(
    desk: Desk, sale: Sale, kind: str, reference: str | None, amounts: Sequence[Minor]
) -> Lacking | None:
    """Do what `lacking` does for payments of one kind, each of which is rounded by itself."""
    owners = await owners_of(desk, sale, kind, reference)
    unit = unit_of(kind, sale.currency) or ""
    worth = desk.value.programme().worth_of(unit)
    if worth is None:
        raise LoyaltyFault(
            f"nothing can be paid with {unit}: HQ has not said what they are worth",
            remedy="take another tender",
            name="no-worth",
        )
    left = await desk.journal.read(lambda conn: _left(conn, desk, sale, unit, worth))
    owner = max(owners, key=lambda each: left.get(each, 0))
    wanted = sum(worth.points_for(amount) for amount in amounts) - left.get(owner, 0)
    return Lacking(owner, unit, wanted) if wanted > 0 else None


def _left(conn: Connection, desk: Desk, sale: Sale, unit: str, worth: Worth) -> dict[str, int]:
    """Add up, by owner, what leases of one worth can still pay of this sale."""
    journal = purses.side_journal(conn, desk.till.id)
    held, promised = purses.purse(conn, journal), purses.promised(conn, journal)
    left: dict[str, int] = {}
    for key, lease in held.leases.items():
        is_same = (lease.unit, lease.worth) == (unit, worth)
        if is_same and lease.sale_id in {None, sale.sale_id}:
            there = max(0, held.left(key) - promised.get(key, 0))
            left[lease.owner] = left.get(lease.owner, 0) + there
    return left


def promise_for(
    conn: Connection, desk: Desk, sale: Sale, tender: Tender, owners: Sequence[str]
) -> Promise:
    """Decide which leases pay a tender.

    Raises:
        LoyaltyFault: `more-than-leased`.
    """
    journal = purses.side_journal(conn, desk.till.id)
    wish = _wish(sale, tuple(owners), tender.kind, tender.amount)
    held = purses.purse(conn, journal)
    spending = spend(held, wish, purses.promised(conn, journal))
    return Promise(tender.tender, tender.amount, spending.owner, wish.unit, spending.draws)


def refund_for(conn: Connection, desk: Desk, sale: Sale, tender: Tender) -> Promise:
    """Find the payment that is given back to points or a gift card, as far as it was not yet.

    Raises:
        LoyaltyFault: `not-paid-so`: the goods that come back were not paid so, as far as is known
            here.
    """
    back = Minor(-tender.amount)
    others = [each for each in purses.promises_of(conn, sale.sale_id) if each.of_sale]
    for of_sale in _returned_sales(sale):
        original = sales.completed(conn, of_sale)
        for paid in original.tenders if original else ():
            key = of_sale, paid.tender
            here = sum(each.amount for each in others if (each.of_sale, each.of_tender) == key)
            gone = here + desk.own.restored(*key)
            if paid.kind == tender.kind and paid.amount - gone >= back:
                return Promise(tender.tender, back, of_sale=of_sale, of_tender=paid.tender)
    raise LoyaltyFault(
        f"{money(back, sale.currency)} cannot be given back by {tender.kind}: no sale that is "
        "returned here was paid so with as much that was not given back yet",
        remedy="give it back by another tender",
        name="not-paid-so",
    )


def facts_of(
    conn: Connection, desk: Desk, sale: Sale, body: SaleCompleted, stamp: Stamp, by: Reckoning
) -> tuple[Body, ...]:
    """Say what a completed sale means for points and gift cards, in the transaction of the sale.

    The leases are charged here, too.
    """
    promises = purses.promises_of(conn, sale.sale_id)
    paid = tuple(_settled(desk, sale, each, stamp) for each in promises)
    journal = purses.side_journal(conn, desk.till.id)
    for fact in paid:
        if isinstance(fact, ValueSpent):
            purses.note_paid(conn, journal, fact)
    purses.take_back(conn, sale.sale_id)
    return (*earned(desk, sale, body, stamp, by), *_loaded(desk, body, stamp), *paid)


def leases_over(conn: Connection, desk: Desk, sale: Sale, by: Reckoning) -> bool:
    """End the leases that were for a completed sale alone, whatever it was paid with in the end.

    Returns:
        Whether there were any.
    """
    if by.programme == Programme():
        return False
    journal = purses.side_journal(conn, desk.till.id)
    if sale.sale_id not in _leased_to(conn, journal):
        return False
    purses.change(conn, journal, partial(sale_ended, sale_id=sale.sale_id))
    return True


def given_up(conn: Connection, desk: Desk, sale_id: SaleId, stamp: Stamp) -> None:
    """Let go of what a basket was being paid with that is given up."""
    purses.take_back(conn, sale_id)
    journal = purses.side_journal(conn, desk.till.id)
    purses.change(conn, journal, lambda held: sale_ended(held, sale_id))
    close_due(conn, desk, stamp)


def day_closed(conn: Connection, desk: Desk, closing: str, stamp: Stamp) -> None:
    """Count a closing of the till for its leases, and close those that have seen enough of them."""
    journal = purses.side_journal(conn, desk.till.id)
    purses.change(conn, journal, lambda held: till_closed(held, closing))
    # HQ's answer may have come after the sale was over, which then did not wait for it.
    for sale_id in _leased_to(conn, journal) - desk.baskets.keys():
        purses.change(conn, journal, partial(sale_ended, sale_id=sale_id))
    close_due(conn, desk, stamp)


def _leased_to(conn: Connection, journal: JournalId) -> set[SaleId]:
    """Name the sales that leases are for which can still be spent."""
    return {lease.sale_id for lease in purses.purse(conn, journal).leases.values() if lease.sale_id}


def close_due(conn: Connection, desk: Desk, stamp: Stamp) -> list[tuple[Appended, Body]]:
    """Seal the end of every lease that is over."""
    return purses.close_due(conn, desk.till.id, desk.store.id, stamp, lambda: desk.clock.random(16))


async def gift_sold(desk: Desk, sale: Sale, number: str) -> Sale:
    """Have the line that was added last, of a gift card, name the card it charges.

    Raises:
        InputFault: `gift-number`, `no-gift-card`: the item is none.
    """
    return await _charging(desk, sale, sale.lines[-1], number)


async def charge(desk: Desk, ask: ChargeGift) -> SaleView:
    """Have a line that sells a gift card name the card it charges: it was scanned by itself.

    Raises:
        NotFoundFault: `no-such-line`.
        InputFault: `gift-number`, `no-gift-card`.
    """
    sale = await desk.basket(ask.sale_id)
    line = line_numbered(sale, ask.line)
    changed = await _charging(desk, sale, line, ask.gift_card)
    if changed != sale:
        event = sale_event(changed, desk.totals(changed), "line-changed", line=ask.line)
        await desk.keep(changed, event)
    return desk.view(changed, ask.line)


async def _charging(desk: Desk, sale: Sale, line: Line, number: str) -> Sale:
    charged = await naming(desk, line, number)
    lines = tuple(charged if each.line == line.line else each for each in sale.lines)
    return msgspec.structs.replace(sale, lines=lines)


async def naming(desk: Desk, line: Line, number: str) -> Line:
    """Have a line name the gift card it charges; the number itself is not kept.

    Raises:
        InputFault: `gift-number`, `no-gift-card`.
    """
    if not is_gift(desk.value.programme(), line) or line.quantity != ONE:
        raise InputFault(
            f"{pieces(line.quantity)} of {line.name} charge no gift card",
            remedy="sell one piece of an item that the loyalty programme names as a gift card",
            name="no-gift-card",
        )
    owner = await asyncio.to_thread(gift_owner, number)
    return msgspec.structs.replace(line, serial=owner)


def require_charged(desk: Desk, sale: Sale) -> None:
    """Refuse what leaves a gift card's money nowhere, or on the card and paid out as well.

    Raises:
        StateFault: `gift-card-missing`, `gift-card-return`.
    """
    for line in sale.lines:
        if not line.voided:
            require_named(desk, line)


def require_named(desk: Desk, line: Line) -> None:
    """Do of one line what `require_charged` does of a sale.

    Raises:
        StateFault: `gift-card-missing`, `gift-card-return`.
    """
    if not is_gift(desk.value.programme(), line):
        return
    if line.quantity < 0:
        raise StateFault(
            f"line {line.line} takes a gift card back, and what is on it would stay on it",
            remedy="void it; what is left on a gift card is spent, or paid out by HQ",
            name="gift-card-return",
        )
    if not _charges(line):
        raise StateFault(
            f"line {line.line} sells a gift card, and nobody said which",
            remedy="scan or type the number on the card: PUT …/lines/{line}/gift-card",
            name="gift-card-missing",
        )


def _wish(sale: Sale, owners: tuple[str, ...], kind: str, amount: Minor) -> Wish:
    unit = unit_of(kind, sale.currency) or kind
    return Wish(owners, unit, amount, sale.currency, sale.sale_id)


def _returned_sales(sale: Sale) -> Iterable[SaleId]:
    named = (line.returns.sale_id for line in sale.lines if line.returns and not line.voided)
    return dict.fromkeys(named)


def _settled(desk: Desk, sale: Sale, each: Promise, stamp: Stamp) -> ValueSpent | ValueRestored:
    store, till = desk.store.id, desk.till.id
    if each.of_sale is not None:
        of = each.of_sale, each.of_tender
        return ValueRestored(sale.sale_id, store, till, stamp, each.tender, *of, each.amount)
    return ValueSpent(
        sale.sale_id,
        store,
        till,
        stamp,
        each.owner,
        each.unit,
        each.tender,
        each.amount,
        each.draws,
    )


def _loaded(desk: Desk, body: SaleCompleted, stamp: Stamp) -> Iterable[ValueLoaded]:
    for line in body.lines:
        owner = _charges(line)
        if owner and not line.voided and line.extension > 0 and line.returns is None:
            place = desk.store.id, desk.till.id, stamp
            yield ValueLoaded(body.sale_id, *place, owner, body.currency, line.line, line.extension)


def takes(desk: Desk) -> tuple[str, ...]:
    """List the kinds of value tender that this shop takes."""
    programme = desk.value.programme()
    points = (POINTS_TENDER,) if programme.worth is not None else ()
    return points + ((GIFT_TENDER,) if programme.gift_items else ())


def _charges(line: Line) -> str:
    return line.serial if line.serial and line.serial.startswith(GIFT_PREFIX) else ""
