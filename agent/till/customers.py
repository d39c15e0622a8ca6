"""Customers at the till: who is this, a first meeting, and what the till may show of a person."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from msgspec.structs import replace

from agent.core.entries.bodies import PartyEnrolled
from agent.core.faults import Fault, InputFault, NotFoundFault, StateFault
from agent.core.history import OPEN, Card, Entry, Order, advance, fold
from agent.core.identifiers import PartyId
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    new_card_number,
    normalise,
    token,
)
from agent.core.space import Work
from agent.journal import Connection, chains
from agent.till.commands import Enrol, ForgetCustomer, Identify
from agent.till.desk import Desk
from agent.till.replies import Enrolled, Identified, PartyView, SignedOn, TimelineView
from agent.till.requests import EnrolRequest
from agent.till.scanning import identified, recognised
from agent.till.telling import customer_event

CARD_RANDOM_BYTES = 6
CONTACTS = ("email", "sms", "post", "phone", "any")
"""The kinds of contact point that somebody can say yes or no to."""

log = structlog.get_logger(__name__)


async def identify(desk: Desk, ask: Identify) -> Identified:
    """Say who presented something, and open their card if it is held here.

    Raises:
        InputFault: neither a scan nor a value, or a value that cannot be of its type.
    """
    request = ask.request
    if (request.scan is None) == (request.value is None):
        raise InputFault(
            "nothing is presented, or two things at once",
            remedy='send either "scan", or "value" with an optional "type"',
            name="nothing-presented",
        )
    if request.scan is not None:
        recognition = (await desk.looking.scanned(request.scan.encode())).recognition
    else:
        recognition = await desk.looking.typed(request.value or "", request.type)
    found = recognised(desk, recognition)
    if found.party_id is None:
        return Identified(answer=found.answer or "unknown", why=found.why, means=found.means)
    await desk.commit(
        lambda _conn: None,
        facts=[identified(desk, found.party_id, found.means, None)],
        tell=[customer_event(found.party_id, "found", why=found.why, means=found.means)],
    )
    desk.met(found.party_id)
    return Identified(
        answer="found",
        why=found.why,
        party_id=found.party_id,
        card=await card_of(desk, found.party_id),
        means=found.means,
        order=desk.directory.order(found.order_no) if found.order_no else None,
    )


async def enrol(desk: Desk, ask: Enrol) -> Enrolled:
    """Keep a person met for the first time; repeated under its id, give the same answer.

    Raises:
        InputFault: a phone number, e-mail address or card that cannot be one.
        StateFault: `already-known`: an identifier belongs to somebody else.
        NoRoom: `disk-full`.
    """
    request = ask.request
    if request.party_id is not None:
        known = await _enrolled_before(desk, request.party_id)
        if known is not None:
            return known
    fact = _fact(desk, request)
    _require_unknown(desk, fact)
    desk.require_room(Work.SIDE, "nobody new is enrolled; sell without")
    await desk.commit(lambda _conn: None, facts=[fact])
    remember(desk, fact)
    desk.met(fact.party_id)
    return Enrolled(fact.party_id, fact.card)


async def party(desk: Desk, party_id: PartyId) -> PartyView:
    """Show a customer who is on a sale or was recognised a moment ago.

    Raises:
        StateFault: `identify-first`.
        NotFoundFault: `no-such-party`.
    """
    _require_met(desk, party_id)
    return PartyView(party_id, await _held_card(desk, party_id))


async def timeline(desk: Desk, party_id: PartyId) -> TimelineView:
    """Show what the till holds of a customer's history.

    Raises:
        StateFault: `identify-first`.
        NotFoundFault: `no-such-party`.
    """
    _require_met(desk, party_id)
    card = await _held_card(desk, party_id)
    return TimelineView(party_id, card.last, card.orders)


async def forget(desk: Desk, _ask: ForgetCustomer) -> SignedOn:
    """Clear the customer who waits for the next sale."""
    if desk.present is not None:
        await desk.commit(lambda _conn: None, tell=[customer_event(None, "none")])
        desk.present = None
    return SignedOn(desk.actor)


async def card_of(desk: Desk, party_id: PartyId) -> Card | None:
    """Fold the agent's own newest entries and orders into what HQ says of a customer."""
    card = desk.directory.card(party_id)
    if card is None:
        return None
    card = replace(card, orders=_open_orders(card, desk.directory.orders_for(party_id)))
    references = desk.own.of(party_id)

    def read(conn: Connection) -> list[Entry]:
        bodies = ((one, chains.body_at(conn, *one)) for one in references)
        return [(journal, seq, body) for (journal, seq), body in bodies if body is not None]

    return fold(card, await desk.journal.read(read)) if references else card


def _open_orders(card: Card, held: Iterable[Order]) -> tuple[Order, ...]:
    """Join the orders of card and directory: either may be the newer."""
    orders = {order.order_no: order for order in card.orders}
    for order in held:
        orders[order.order_no] = advance(orders.get(order.order_no), order)
    return tuple(order for order in orders.values() if order.state in OPEN)


def remember(desk: Desk, fact: PartyEnrolled) -> None:
    """Make an enrolment findable at once, until HQ's feed brings the party.

    The fact is durable already; a directory that takes no writes is filled at the next start.
    """
    card = Card(party_id=fact.party_id, name=fact.name, consents=fact.consents)
    tokens = [token(each) for each in _identifiers(fact, desk.store.country)]
    try:
        desk.directory.put_local(card, tokens)
    except Fault as fault:
        log.warning("enrolment-not-findable", party=fact.party_id, why=fault.detail)


async def _held_card(desk: Desk, party_id: PartyId) -> Card:
    card = await card_of(desk, party_id)
    if card is None:
        raise NotFoundFault(
            f"nothing is held here of party {party_id}",
            remedy="the sale can go on; HQ has the history",
            name="no-such-party",
        )
    return card


def _fact(desk: Desk, request: EnrolRequest) -> PartyEnrolled:
    """Bring everything said into its one form; what cannot be that is refused before it is kept."""
    _require_sense(request)
    region = desk.store.country
    phone = request.phone and normalise(IdentifierType.PHONE, request.phone, region).value
    if request.email is not None:
        normalise(IdentifierType.EMAIL, request.email, region)
    return PartyEnrolled(
        party_id=request.party_id or PartyId(desk.clock.uuid7()),
        store=desk.store.id,
        till=desk.till.id,
        at=desk.clock.stamp(),
        name=request.name.strip(),
        phone=phone,
        email=request.email.strip() if request.email else None,
        card=_card_number(desk, request),
        postcode=request.postcode,
        consents=request.consents,
        actor=desk.actor,
    )


def _require_sense(request: EnrolRequest) -> None:
    if not request.name.strip():
        raise InputFault(
            "the person has no name",
            remedy="ask how they want to be called",
            name="name-missing",
        )
    for consent in request.consents:
        if consent.contact not in CONTACTS or not consent.purpose.strip():
            raise InputFault(
                f"nobody can consent to {consent.purpose!r} over {consent.contact!r}",
                remedy='name a purpose, such as "marketing", and as "contact" one of: '
                + ", ".join(CONTACTS),
                name="consent-unclear",
            )


def _card_number(desk: Desk, request: EnrolRequest) -> str:
    if request.card is not None:
        return normalise(IdentifierType.LOYALTY_CARD, request.card, desk.store.country).value
    prefix = next(iter(desk.settings.barcode.card_prefixes), "")
    return new_card_number(prefix, desk.clock.random(CARD_RANDOM_BYTES))


def _identifiers(fact: PartyEnrolled, region: str) -> list[Identifier]:
    said = (
        (IdentifierType.LOYALTY_CARD, fact.card),
        (IdentifierType.PHONE, fact.phone),
        (IdentifierType.EMAIL, fact.email),
    )
    return [normalise(type_, value, region) for type_, value in said if value]


def _require_unknown(desk: Desk, fact: PartyEnrolled) -> None:
    for identifier in _identifiers(fact, desk.store.country):
        answer = desk.directory.party(identifier)
        taken = isinstance(answer, Found) and answer.party_id != fact.party_id
        if taken or isinstance(answer, KnownElsewhere):
            raise StateFault(
                f"somebody is known by this {identifier.type.value} already",
                remedy="identify them by it instead of enrolling them again",
                name="already-known",
            )


async def _enrolled_before(desk: Desk, party_id: PartyId) -> Enrolled | None:
    """Find the enrolment of this id: by its fact, or at least that the party is known."""

    def read(conn: Connection) -> list[PartyEnrolled]:
        bodies = (chains.body_at(conn, *one) for one in desk.own.of(party_id))
        return [body for body in bodies if isinstance(body, PartyEnrolled)]

    facts = await desk.journal.read(read)
    if facts:
        return Enrolled(party_id, facts[0].card)
    return Enrolled(party_id, None) if desk.directory.card(party_id) else None


def _require_met(desk: Desk, party_id: PartyId) -> None:
    if not desk.may_open(party_id):
        raise StateFault(
            f"party {party_id} was not identified at till {desk.till.id} lately",
            remedy="identify first: scan the card, or POST /v1/identify",
            name="identify-first",
        )
