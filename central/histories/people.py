"""Parties in entries: enrolments, and the bridge from a sale's pseudonym to who made it."""

from __future__ import annotations

from sqlalchemy import BindParameter, Connection, bindparam, select

from agent.core.entries.bodies import PartyEnrolled, SaleAttributed
from agent.core.entries.payments import AccountSeen, account_of
from agent.core.faults import StateFault
from agent.core.history import Pass, interaction_of
from agent.core.history.times import shown_at
from central.histories.enrolments import identifiers_of, require_somebody
from central.histories.entry import Entry
from central.histories.parking import park
from central.histories.sold import sale_body
from central.identity.attributes import consent, observe
from central.identity.cards import reached
from central.identity.holding import hold
from central.identity.interactions import record
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.identity.wallets import keep_pass
from central.ledger.customer_tables import PSEUDONYMS, SALES
from central.ledger.due import PARTY, note_due
from central.ledger.upserts import upsert

_OF_REF: BindParameter[str] = bindparam("of_ref")
_TIE = select(PSEUDONYMS).where(PSEUDONYMS.c.customer_ref == _OF_REF)
_SALE = select(SALES.c.journal_id, SALES.c.seq, SALES.c.sale_id).where(
    SALES.c.customer_ref == _OF_REF
)
_INSERT_TIE = upsert(PSEUDONYMS).on_conflict_do_nothing()


def enrolled(conn: Connection, entry: Entry, body: PartyEnrolled) -> frozenset[str]:
    """Make the party under the id the till gave it, and keep what the person said.

    Raises:
        InputFault: `customer-unreadable`: it is of nobody.
    """
    require_somebody(body)
    event = f"{entry.journal_id}/{entry.seq}"
    origin = Origin(f"{body.store}/{body.till}", shown_at(body.at), event, entry.now)
    ensure(conn, body.party_id, origin)
    said = {"name": body.name, "phone": body.phone, "email": body.email, "postcode": body.postcode}
    observe(conn, body.party_id, said, origin)
    consent(conn, body.party_id, body.consents, origin)
    hold(conn, body.party_id, identifiers_of(body), origin)
    if body.pass_id:
        keep_pass(conn, body.party_id, Pass(body.pass_id, body.pass_secret or ""), origin)
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


def paid_from(conn: Connection, entry: Entry, body: AccountSeen) -> frozenset[str]:
    """Note which account a customer paid from: seen with them, and no more than that.

    Who they are was known by something else, so it is more than the candidate that an account
    presented by itself would be. It serves a household, so no rule joins two parties by it; that
    two paid from one is a question for a steward. It is observed with each of them, whoever came
    first: a till then finds two customers by it, and shows neither.
    """
    event = f"{entry.journal_id}/{entry.seq}"
    origin = Origin(f"{body.store}/{body.till}", shown_at(body.at), event, entry.now)
    ensure(conn, body.party_id, origin, state=PROVISIONAL)
    hold(conn, body.party_id, [account_of(body.reference)], origin)
    return frozenset({body.party_id})


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
    note_due(conn, PARTY, [tie.party_id])
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
