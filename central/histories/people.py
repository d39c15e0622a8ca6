"""Parties in entries: enrolments, and the bridge from a sale's pseudonym to who made it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BindParameter, Connection, bindparam, select

from agent.core.entries.bodies import PartyEnrolled, SaleAttributed
from agent.core.faults import InputFault, StateFault
from agent.core.history import interaction_of
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from central.histories.entry import Entry
from central.histories.parking import park
from central.histories.sold import sale_body
from central.identity.attributes import consent, observe
from central.identity.cards import reached
from central.identity.interactions import record
from central.identity.parties import PROVISIONAL, Origin, ensure, hold
from central.ledger.customer_tables import PSEUDONYMS, SALES
from central.ledger.upserts import upsert

_OF_REF: BindParameter[str] = bindparam("of_ref")
_TIE = select(PSEUDONYMS).where(PSEUDONYMS.c.customer_ref == _OF_REF)
_SALE = select(SALES.c.journal_id, SALES.c.seq, SALES.c.sale_id).where(
    SALES.c.customer_ref == _OF_REF
)
_INSERT_TIE = upsert(PSEUDONYMS).on_conflict_do_nothing()
_NO_REGION = "ZZ"
"""A till writes phones as E.164: no region is needed to read them."""


def enrolled(conn: Connection, entry: Entry, body: PartyEnrolled) -> frozenset[str]:
    """Make the party under the id the till gave it, and keep what the person said."""
    origin = Origin(f"{body.store}/{body.till}", body.at.wall)
    ensure(conn, body.party_id, origin)
    hold(conn, body.party_id, _identifiers(body), origin)
    said = {"name": body.name, "phone": body.phone, "email": body.email, "postcode": body.postcode}
    observe(conn, body.party_id, said, origin)
    consent(conn, body.party_id, body.consents, origin)
    reached(conn, body.party_id, entry.journal_id, entry.seq)
    return frozenset({body.party_id})


def attributed(conn: Connection, entry: Entry, body: SaleAttributed) -> frozenset[str]:
    """Tie a pseudonym to its party; the sale enters the history once both are here.

    Raises:
        StateFault: the pseudonym was tied to another party before.
    """
    _tie(conn, entry, body)
    ensure(conn, body.party_id, Origin("store", body.at.wall), state=PROVISIONAL)
    touched = bridge(conn, body.customer_ref, entry.now)
    if not touched:
        park(conn, entry, body.customer_ref)
    return touched


def bridge(conn: Connection, customer_ref: str, now: str) -> frozenset[str]:
    """Bring a sale into its party's history; nobody is touched while one of the two is missing.

    A pseudonym is meant for one sale; a till that used it twice had one customer in both.
    """
    of_ref = {"of_ref": customer_ref}
    tie = conn.execute(_TIE, of_ref).one_or_none()
    made = conn.execute(_SALE, of_ref).all() if tie else []
    if tie is None or not made:
        return frozenset()
    for sale in made:
        body = sale_body(conn, sale.journal_id, sale.seq, sale.sale_id)
        if body is not None:
            record(conn, tie.party_id, interaction_of(body), now)
    for half in (*made, tie):
        reached(conn, tie.party_id, half.journal_id, half.seq)
    return frozenset({tie.party_id})


def _tie(conn: Connection, entry: Entry, body: SaleAttributed) -> None:
    row = {
        "customer_ref": body.customer_ref,
        "sale_id": body.sale_id,
        "party_id": body.party_id,
        "journal_id": entry.journal_id,
        "seq": entry.seq,
    }
    conn.execute(_INSERT_TIE, row)
    held = conn.execute(_TIE, {"of_ref": body.customer_ref}).one()
    if held.party_id != body.party_id:
        raise StateFault(
            f"the customer of sale {body.sale_id} is already known as party {held.party_id}",
            remedy="look at both entries of the side journal; one sale has one customer",
            name="attributed-twice",
        )


def _identifiers(body: PartyEnrolled) -> Iterator[Identifier]:
    """Give what can be compared; what cannot stays readable as an attribute, and blocks nothing."""
    for kind, text in (
        (IdentifierType.LOYALTY_CARD, body.card),
        (IdentifierType.PHONE, body.phone),
        (IdentifierType.EMAIL, body.email),
    ):
        try:
            if text:
                yield normalise(kind, text, _NO_REGION)
        except InputFault:
            continue
