"""Orders to erase that a restored database has forgotten: carried out before HQ serves from it.

An order names the person, the classes and the entries that go. What was decided piece by piece
besides is decided again over what the backup holds, with the proof that belongs to it: every till
is asked once more, and the person's no to marketing is kept before the address goes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select

from agent.core.consent.erasure import ErasePerson
from agent.core.consent.retention import rules_of
from agent.core.consent.rights import Kind, SubjectRequest
from agent.core.exchange.orders import Order, SignedOrder
from agent.core.faults import NotFoundFault
from central.daemon.rights import RootAuthority
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.identity.requests import change_request, keep_request, request_of
from central.intake.orders import take_up
from central.intake.root_key import RootKey
from central.ledger.authority_tables import SIGNED_ORDERS
from central.ledger.outbox import GLOBAL
from central.privacy.erasing import erase_person
from central.privacy.settings import PrivacySettings

_WHY = "done again after HQ was restored from a backup"
_PROVEN = "order signed before the restore"


def erase_again(
    conn: Connection,
    orders: Mapping[str, SignedOrder],
    root: RootKey,
    settings: PrivacySettings,
    now: str,
) -> int:
    """Carry out the orders a restored database does not know; gives how many they were.

    Args:
        conn: of a writing transaction of the restored database.
        orders: genuine ones, by id.
        root: HQ's key.
        settings: whose law says what is kept.
        now: HQ's time, for show.
    """
    known = set(conn.execute(select(SIGNED_ORDERS.c.order_id)).scalars())
    missing = [orders[each] for each in sorted(set(orders) - known)]
    read = [(signed, msgspec.json.decode(signed.order, type=Order)) for signed in missing]
    for _, order in read:
        meant = msgspec.json.decode(order.body, type=ErasePerson)
        # Without a class that goes as a whole, a dispute was on: nobody here can decide about it.
        if order.scope == GLOBAL and meant.parties and meant.classes:
            _decide_again(conn, order, meant, root, settings, now)
    for signed, order in read:
        take_up(conn, root, order, signed, reason=_WHY, now=now)
    return len(missing)


def _decide_again(
    conn: Connection,
    order: Order,
    meant: ErasePerson,
    root: RootKey,
    settings: PrivacySettings,
    now: str,
) -> None:
    for party_id in meant.parties:
        ensure(conn, party_id, Origin("hq", order.issued_at), state=PROVISIONAL)
    request = _request(conn, order, meant, now)
    rules, authority = rules_of(settings.country), RootAuthority(root, lambda: now, _WHY)
    erase_person(conn, request, rules, authority, now, also=meant.parties)


def _request(conn: Connection, order: Order, meant: ErasePerson, now: str) -> SubjectRequest:
    """Give the request an order was for; the backup may be older than it."""
    try:
        request = request_of(conn, meant.request_id)
    except NotFoundFault:
        request = SubjectRequest(
            request_id=meant.request_id,
            kind=Kind.ERASE,
            party_id=meant.parties[0],
            received=order.issued_at[:10],
            at=order.issued_at,
            channel="hq",
        )
        keep_request(conn, request, now)
    if not request.verified_by:
        request = msgspec.structs.replace(request, verified_by=(_PROVEN,))
        change_request(conn, request)
    return request
