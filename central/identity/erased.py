"""Persons who were erased: what still comes of them is known again, and not kept.

A till that was away may bring a sale, a recognition, even an enrolment of somebody who is erased by
now. The entry stays in its chain, as every entry does; what it would have written here goes at
once, and the next look at the erasure orders its text erased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, select, update

from agent.core.consent.retention import DataClass
from agent.core.entries.bodies import Body, OrderReceived, SaleAttributed
from agent.core.entries.classes import CLASSES
from agent.core.entries.kinds import KINDS
from agent.core.exchange.orders import IDENTITY, Order
from agent.core.identifiers import PartyId
from central.identity.graph import resettle
from central.identity.held import holdings_of, take_out
from central.identity.parties import ERASED
from central.identity.reach import tell
from central.identity.witnessed import WITNESSED
from central.ledger.bulk import Keyed, among
from central.ledger.customer_tables import CARD_REACH, PARTIES
from central.ledger.filter_tables import note_filter_due
from central.ledger.outbox import Change
from central.ledger.privacy_tables import ERASED_PARTIES, PARTY_ENTRIES
from central.ledger.snapshot_tables import SNAPSHOTS
from central.ledger.tables import FEED_ROWS, FEED_SCOPES
from central.ledger.upserts import upsert

_ERASED = Keyed(select(ERASED_PARTIES), ERASED_PARTIES.c.party_id)
_NOTE = upsert(PARTY_ENTRIES).on_conflict_do_nothing()
_ORDERED_ANYWAY = (
    "entry/",
    "tie/",
    "order/",
    "reads/",
    "request/",
    "consent/",
    "answer/",
    "sale/",
    "points/",
)
"""Pieces whose going is decided about one by one, or which name the entry to be ordered erased."""


class _Evidence(msgspec.Struct, frozen=True):
    """Of the body of an `identity` order: what it is of, and whose."""

    kind: int | str
    """A merge has a word here."""
    party_ids: tuple[str, ...] = ()


def note_entry(conn: Connection, journal_id: str, seq: int, body: Body) -> None:
    """Note whom an entry of `side` speaks of; a sale's tie is found by its pseudonym."""
    if isinstance(body, OrderReceived):
        _note_witness(conn, journal_id, seq, body)
        return
    # A fact about points names its owner, who is nobody where it is a gift card.
    party_id = getattr(body, "party_id", None) or getattr(body, "owner", None)
    kind = KINDS[type(body)].kind
    if party_id is None or kind not in CLASSES or isinstance(body, SaleAttributed):
        return
    row = {"party_id": party_id, "journal_id": journal_id, "seq": seq, "kind": kind}
    conn.execute(_NOTE, row)


def _note_witness(conn: Connection, journal_id: str, seq: int, body: OrderReceived) -> None:
    """Note whom evidence is of, in which a till keeps what HQ's staff wrote down of them."""
    try:
        order = msgspec.json.decode(body.order, type=Order)
        said = msgspec.json.decode(order.body, type=_Evidence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return  # Of another kind, or none of HQ's: who takes orders back says so.
    if order.kind == IDENTITY and said.kind in WITNESSED:
        for party_id in said.party_ids:
            row = {"party_id": party_id, "journal_id": journal_id, "seq": seq, "kind": said.kind}
            conn.execute(_NOTE, row)


def erased_among(conn: Connection, party_ids: Sequence[str]) -> dict[PartyId, str]:
    """Tell which of some ids were erased, and by which request."""
    rows = _ERASED.rows(conn, party_ids)
    return {PartyId(row.party_id): row.request_id for row in rows}


def forget_late(conn: Connection, party_ids: Sequence[str]) -> dict[PartyId, str]:
    """Take out what has just come in of erased persons; gives them, with their requests."""
    gone = erased_among(conn, party_ids) if party_ids else {}
    if gone:
        held = holdings_of(conn, list(gone))
        take_out(conn, (each for each in held if not each.key.startswith(_ORDERED_ANYWAY)))
    return gone


def forget(
    conn: Connection,
    party_ids: Sequence[PartyId],
    classes: Collection[DataClass],
    request_id: str,
    now: str,
) -> None:
    """Leave of persons the ids they had, and of their cards nothing at any till.

    Args:
        conn: of the transaction in which it is ordered, or the order is taken up again.
        party_ids: everybody the order names.
        classes: of which nothing may stay; of others is decided piece by piece.
        request_id: which request it is for.
        now: HQ's time.
    """
    gone = [{"party_id": each, "request_id": request_id, "erased_at": now} for each in party_ids]
    conn.execute(upsert(ERASED_PARTIES).on_conflict_do_nothing(), gone)
    held = holdings_of(conn, party_ids)
    take_out(conn, (each for each in held if each.data_class in classes))
    mine = among(conn, PARTIES.c.party_id, party_ids)
    conn.execute(update(PARTIES).where(mine).values(state=ERASED, source_id=None))
    conn.execute(delete(CARD_REACH).where(among(conn, CARD_REACH.c.party_id, party_ids)))
    resettle(conn, party_ids)
    note_filter_due(conn, party_ids)
    keys = [f"party:{each}" for each in party_ids]
    _take_back_files(conn, keys)
    tell(conn, [Change(key, "erase") for key in keys])


def _take_back_files(conn: Connection, keys: Sequence[str]) -> None:
    """Give no snapshot out that may hold somebody, replaced ones included; their files go next."""
    rows = FEED_ROWS.c
    for scope in conn.execute(select(FEED_SCOPES.c.scope)).scalars().all():
        told = select(rows.key).where(rows.scope == scope, among(conn, rows.key, keys))
        if conn.execute(told.limit(1)).first() is not None:
            conn.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.scope == scope))
