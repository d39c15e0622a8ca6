"""Customers at the till: who is this, a first meeting, and what the till may show of a person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import structlog
from msgspec.structs import replace

from agent.core.entries.bodies import PartyEnrolled
from agent.core.faults import Fault, InputFault, NotFoundFault, StateFault
from agent.core.history import Card, enter
from agent.core.history.readings import of_enrolment
from agent.core.identifiers import PartyId
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    Strength,
    name_postcode,
    new_card_number,
    new_pass_id,
    normalise,
    strength_of,
)
from agent.core.recognition.signed_text import to_base32
from agent.core.recognition.wallet import PASS_BYTES, code_pattern
from agent.core.space import Work
from agent.till.asking import ENROL, IDENTIFY, asking
from agent.till.cards import ShownCard, closed, own_bodies, shown
from agent.till.closing import closed as closed_for_hq
from agent.till.closing import draws
from agent.till.commands import Enrol, ForgetCustomer, Identify
from agent.till.consenting import require_met
from agent.till.desk import Desk
from agent.till.replies import (
    Enrolled,
    Identified,
    PartyView,
    Recognised,
    SignedOn,
    TimelineView,
    WalletPass,
)
from agent.till.requests import EnrolRequest, IdentifyRequest
from agent.till.scanning import identified, once_taken, presented, recognised, taken
from agent.till.telling import customer_event

CARD_RANDOM_BYTES = 6
CARD_DRAWS = 16
"""One number in 28,000 has digits alone, and would pass for a weak one of an older programme."""
PASS_SECRET_BYTES = 20
"""160 bits, as RFC 4226, section 4 (R6), recommends."""
CONTACTS = ("email", "sms", "post", "phone", "any")
"""The kinds of contact point that somebody can say yes or no to."""

_UNPLACED = ("enrolled", 1)
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
    return await once_taken(lambda: _identify(desk, request))


async def _identify(desk: Desk, request: IdentifyRequest) -> Identified:
    if request.scan is not None:
        recognition = (await desk.looking.scanned(request.scan.encode())).recognition
    else:
        recognition = await desk.looking.typed(request.value or "", request.type)
    found = recognised(desk, recognition)
    party_id = presented(found)
    if party_id is None:
        return _unopened(desk, found)
    met = desk.meet(party_id, found.strength or Strength.WEAK, found.ask)
    asked = await asking(desk, party_id, met, IDENTIFY)
    told = customer_event(party_id, "found", why=found.why, means=found.means)
    await desk.commit(
        lambda conn: taken(conn, recognition),
        facts=[identified(desk, party_id, found, None), *asked.facts],
        tell=[told, *asked.tell],
    )
    desk.met(party_id, asked.met)
    return await _opened(desk, party_id, found)


async def enrol(desk: Desk, ask: Enrol) -> Enrolled:
    """Keep a person met for the first time; repeated under its id, give the same answer.

    Raises:
        InputFault: a phone number, e-mail address or card that cannot be one.
        StateFault: `already-known`: an identifier belongs to somebody else.
        NoRoom: `disk-full`.
    """
    request = ask.request
    if request.party_id is not None:
        known = await _enrolled_before(desk, request, request.party_id)
        if known is not None:
            return known
    fact = _fact(desk, request)
    await desk.directory.prepare(_identifiers(fact, desk.store.country))
    elsewhere = _known_elsewhere(desk, fact, drawn=request.card is None)
    desk.require_room(Work.SIDE, "nobody new is enrolled; sell without")
    await desk.commit(lambda _conn: None, facts=[closed_for_hq(desk, fact)])
    remember(desk, fact)
    asked = await asking(desk, fact.party_id, desk.meet(fact.party_id, Strength.STRONG), ENROL)
    if asked.facts:
        await desk.commit(lambda _conn: None, facts=asked.facts, tell=asked.tell)
    desk.met(fact.party_id, asked.met)
    return replace(_enrolled(fact), known_elsewhere=elsewhere)


async def party(desk: Desk, party_id: PartyId) -> PartyView:
    """Show a customer who is on a sale or was recognised a moment ago.

    Raises:
        StateFault: `identify-first`.
        NotFoundFault: `no-such-party`.
    """
    require_met(desk, party_id)
    held = await _held(desk, party_id)
    return PartyView(party_id, held.card, held.strength, held.ask, held.lines, held.prompt)


async def timeline(desk: Desk, party_id: PartyId) -> TimelineView:
    """Show what the till holds of a customer's history.

    Raises:
        StateFault: `identify-first`.
        NotFoundFault: `no-such-party`.
    """
    require_met(desk, party_id)
    card = (await _held(desk, party_id)).card
    return TimelineView(party_id, card.last, card.orders)


async def _opened(desk: Desk, party_id: PartyId, found: Recognised) -> Identified:
    """Answer with as much of the card as was opened; the directory may hold none of it."""
    card = await shown(desk, party_id)
    return Identified(
        answer="found",
        why=found.why,
        party_id=party_id,
        card=card.card if card else None,
        means=found.means,
        strength=found.strength,
        ask=found.ask,
        lines=card.lines if card else (),
        prompt=card.prompt if card else None,
    )


def _unopened(desk: Desk, found: Recognised) -> Identified:
    """Answer where no card is opened: by an order its transaction, and what else to ask for."""
    order = desk.directory.order(found.order_no) if found.order_no else None
    return Identified(
        answer=found.answer or ("found" if found.party_id else "unknown"),
        why=found.why,
        party_id=found.party_id,
        means=found.means,
        order=order,
        receipt_no=found.receipt_no,
        sale_id=found.sale_id if found.kind == "receipt" else None,
        paper=found.paper,
        strength=found.strength,
        ask=found.ask,
        lines=closed(desk, found.ask),
    )


async def forget(desk: Desk, _ask: ForgetCustomer) -> SignedOn:
    """Clear the customer who waits for the next sale."""
    if desk.present is not None:
        await desk.commit(lambda _conn: None, tell=[customer_event(None, "none")])
        desk.present = None
    return SignedOn(desk.actor)


async def lapse(desk: Desk) -> None:
    """Let a customer go who waited for a sale for longer than their card stays open.

    Else whoever buys next, an hour later, would buy in their name, before their card on the screen.
    """
    if desk.present is None or desk.is_fresh(desk.present):
        return
    desk.present = None
    await desk.commit(lambda _conn: None, tell=[customer_event(None, "none")])


def remember(desk: Desk, fact: PartyEnrolled) -> None:
    """Make an enrolment findable at once, until HQ's feed brings the party.

    The fact is durable already; a directory that takes no writes is filled at the next start.
    """
    told = enter(Card(party_id=fact.party_id, name=""), [of_enrolment(_UNPLACED, fact)])
    # The journal may tell it again, and HQ will: nothing is counted as told yet.
    card = replace(told, through={})
    identifiers = _identifiers(fact, desk.store.country)
    if shared := name_postcode.key(fact.name, fact.postcode or ""):
        identifiers.append(shared)
    try:
        desk.directory.put_local(card, identifiers, desk.looking.rules)
    except Fault as fault:
        log.warning("enrolment-not-findable", party=fact.party_id, why=fault.detail)


async def _held(desk: Desk, party_id: PartyId) -> ShownCard:
    card = await shown(desk, party_id)
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
    party_id = request.party_id or PartyId(desk.clock.uuid7())
    random = draws(desk, party_id)
    phone = request.phone and normalise(IdentifierType.PHONE, request.phone, region).value
    if request.email is not None:
        normalise(IdentifierType.EMAIL, request.email, region)
    return PartyEnrolled(
        party_id=party_id,
        store=desk.store.id,
        till=desk.till.id,
        at=desk.clock.stamp(),
        name=request.name.strip(),
        phone=phone,
        email=request.email.strip() if request.email else None,
        card=_card_number(desk, request, random),
        postcode=request.postcode,
        consents=request.consents,
        actor=desk.actor,
        pass_id=new_pass_id(random(PASS_BYTES)) if request.wallet else None,
        pass_secret=random(PASS_SECRET_BYTES).hex() if request.wallet else None,
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


def _card_number(desk: Desk, request: EnrolRequest, random: Callable[[int], bytes]) -> str:
    if request.card is not None:
        return normalise(IdentifierType.LOYALTY_CARD, request.card, desk.store.country).value
    prefix = next(iter(desk.settings.barcode.card_prefixes), "")
    number = ""
    for _ in range(CARD_DRAWS):
        number = new_card_number(prefix, random(CARD_RANDOM_BYTES))
        drawn = Identifier(IdentifierType.LOYALTY_CARD, number)
        if strength_of(drawn, desk.looking.rules) is Strength.STRONG:
            break
    return number


def _identifiers(fact: PartyEnrolled, region: str) -> list[Identifier]:
    """Give what a person can be found by; an entry of a broken program must not stop the till."""
    said = (
        (IdentifierType.LOYALTY_CARD, fact.card),
        (IdentifierType.PHONE, fact.phone),
        (IdentifierType.EMAIL, fact.email),
        (IdentifierType.WALLET, fact.pass_id),
    )
    found = []
    for type_, value in said:
        with suppress(InputFault):
            found += [normalise(type_, value, region)] if value else []
    return found


def _known_elsewhere(desk: Desk, fact: PartyEnrolled, *, drawn: bool) -> tuple[str, ...]:
    """Give the types of the identifiers that somebody has whom this till cannot open.

    They hinder nobody: HQ joins the two on proof, and now and then it is only the filter that errs.

    Raises:
        StateFault: `already-known`: one belongs to somebody whose card is here.
    """
    # A number that was just drawn is nobody's, whatever the filter says.
    ours = {IdentifierType.WALLET, *([IdentifierType.LOYALTY_CARD] if drawn else [])}
    known = []
    for identifier in _identifiers(fact, desk.store.country):
        answer = desk.directory.party(identifier)
        if isinstance(answer, Found) and answer.party_id != fact.party_id:
            raise StateFault(
                f"somebody is known by this {identifier.type.value} already",
                remedy="identify them by it instead of enrolling them again",
                name="already-known",
            )
        if isinstance(answer, KnownElsewhere) and identifier.type not in ours:
            known.append(identifier.type.value)
    return tuple(known)


def _enrolled(fact: PartyEnrolled) -> Enrolled:
    if not fact.pass_id:
        return Enrolled(fact.party_id, fact.card)
    secret = to_base32(bytes.fromhex(fact.pass_secret or ""))
    made = WalletPass(fact.pass_id, code_pattern(fact.pass_id), secret)
    return Enrolled(fact.party_id, fact.card, made)


async def _enrolled_before(desk: Desk, request: EnrolRequest, party_id: PartyId) -> Enrolled | None:
    """Find the enrolment of this id: by its fact, or at least that the party is known."""
    bodies = await own_bodies(desk, party_id)
    facts = [body for body in bodies if isinstance(body, PartyEnrolled)]
    if facts:
        # A closed one is answered by what is asked again: its numbers are drawn of its id.
        return _enrolled(facts[0] if facts[0].sealed is None else _fact(desk, request))
    return Enrolled(party_id, None) if desk.directory.holds(party_id) else None
