"""Points and gift cards in a whole sale: spent as far as leases here allow, and told where not.

The sale has happened, so it is kept whatever its tenders name (P6): a tender that nothing here pays
stands in the sale as the POS software said it, marked as not spent, and a fact of its own has HQ
list it for a person. The number of a gift card is kept nowhere; the tender names its balance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import structlog

from agent.core.entries.bodies import Body, SaleCompleted
from agent.core.faults import Fault
from agent.core.loyalty import GIFT_TENDER, LoyaltyFault, unit_of
from agent.core.loyalty.facts import ValueUnspent
from agent.core.sale.bounds import money
from agent.core.sale.model import Sale, Stamp, Tender
from agent.journal import purses
from agent.journal.connection import Connection
from agent.till import value
from agent.till.desk import Desk
from agent.till.replies import Unspent
from agent.till.requests import TenderRequest

MARK = "not spent: "
"""What the reference of such a tender begins with; the name of the reason follows."""
log = structlog.get_logger(__name__)


class Claim(NamedTuple):
    """A tender of points or of a gift card, and whose it is."""

    tender: int
    owners: tuple[str, ...] = ()
    fault: Fault | None = None
    """Why it is nobody's as far as this till may know."""


async def claimed(
    desk: Desk, sale: Sale, tenders: Sequence[TenderRequest], sent: Sequence[TenderRequest]
) -> tuple[Sale, tuple[Claim, ...]]:
    """Tell whose points and gift cards a whole sale names, and take the numbers out of it.

    Args:
        desk: the till's.
        sale: as it was rebuilt.
        tenders: that it was rebuilt of, in their order.
        sent: the same with the numbers of gift cards.
    """
    claims: list[Claim] = []
    for tender, reference in zip(sale.tenders, _references(tenders, sent), strict=True):
        if value.is_value(tender.kind):
            claim = await _claim(desk, sale, tender, reference)
            named = claim.owners[0] if tender.kind == GIFT_TENDER and claim.owners else None
            claims.append(claim)
            sale = _referring(sale, tender, named)
    return sale, tuple(claims)


def settled(
    conn: Connection, sale: Sale, stamp: Stamp, desk: Desk, claims: Sequence[Claim]
) -> tuple[Sale, tuple[Body, ...]]:
    """Promise the sale what leases here pay, in its transaction; mark and tell what they do not.

    Returns:
        The sale, and the facts of what is not spent.
    """
    facts: list[Body] = []
    for claim in claims:
        tender = next(each for each in sale.tenders if each.tender == claim.tender)
        fault = claim.fault or _refused(conn, desk, sale, tender, claim)
        if fault is not None:
            log.warning("tender-not-spent", till=desk.till.id, sale=sale.sale_id, why=fault.name)
            sale = _referring(sale, tender, MARK + fault.name)
            facts.append(_unspent(desk, sale, tender, claim, stamp, fault))
    return sale, tuple(facts)


def unspent_in(body: SaleCompleted) -> tuple[Unspent, ...]:
    """List the tenders of a sale for which nothing was spent, each with its reason."""
    return tuple(_told(body, tender) for tender in body.tenders if _is_marked(tender))


async def _claim(desk: Desk, sale: Sale, tender: Tender, reference: str | None) -> Claim:
    if tender.amount < 0:
        return Claim(tender.tender)
    try:
        owners = await value.owners_of(desk, sale, tender.kind, reference)
    except Fault as fault:  # A directory that cannot be read loses no sale, either.
        return Claim(tender.tender, fault=fault)
    return Claim(tender.tender, owners)


def _refused(
    conn: Connection, desk: Desk, sale: Sale, tender: Tender, claim: Claim
) -> LoyaltyFault | None:
    """Promise what a tender is paid with, or what is given back; gives why it cannot be."""
    try:
        if tender.amount < 0:
            promised = value.refund_for(conn, desk, sale, tender)
        else:
            promised = value.promise_for(conn, desk, sale, tender, claim.owners)
    except LoyaltyFault as fault:
        return fault
    purses.promise(conn, desk.till.id, sale.sale_id, promised)
    return None


def _unspent(
    desk: Desk, sale: Sale, tender: Tender, claim: Claim, stamp: Stamp, fault: Fault
) -> ValueUnspent:
    return ValueUnspent(
        sale.sale_id,
        desk.store.id,
        desk.till.id,
        stamp,
        next(iter(claim.owners), str(sale.party_id or "")),
        unit_of(tender.kind, sale.currency) or "",
        tender.tender,
        tender.amount,
        fault.name,
    )


def _referring(sale: Sale, tender: Tender, reference: str | None) -> Sale:
    changed = msgspec.structs.replace(tender, reference=reference)
    tenders = (changed if each.tender == tender.tender else each for each in sale.tenders)
    return msgspec.structs.replace(sale, tenders=tuple(tenders))


def _references(
    tenders: Sequence[TenderRequest], sent: Sequence[TenderRequest]
) -> Iterator[str | None]:
    """Give each reference; what stands there twice under one id is one tender, as in the sale."""
    seen: set[str] = set()
    for tender, as_sent in zip(tenders, sent, strict=True):
        if tender.tender_id not in seen:
            yield as_sent.reference
        seen |= {tender.tender_id} if tender.tender_id else set()


def _is_marked(tender: Tender) -> bool:
    return value.is_value(tender.kind) and (tender.reference or "").startswith(MARK)


def _told(body: SaleCompleted, tender: Tender) -> Unspent:
    amount = money(tender.amount, body.currency)
    return Unspent(
        tender.tender,
        (tender.reference or "").removeprefix(MARK),
        f"{amount} of {tender.kind} stand in the sale, and nothing was spent or given back",
        "settle it with the customer; HQ lists it: till-central loyalty worklist",
    )
