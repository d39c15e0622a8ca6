"""Not writing to somebody who is erased: a keyed token of each contact point they said no for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select

from agent.core.consent import Mark
from agent.core.consent.suppression import ContactPoint, suppression_mark, to_suppress
from agent.core.identifiers import PartyId
from agent.core.recognition.means import IdentifierType
from central.identity.consents import marks_of_person
from central.identity.parties import identifiers_of_all
from central.ledger.bulk import Keyed
from central.ledger.privacy_tables import SUPPRESSIONS
from central.ledger.upserts import upsert

_SUPPRESSED = Keyed(select(SUPPRESSIONS.c.token), SUPPRESSIONS.c.token)

Token = Callable[[str, str], str]
"""Contact and value → a token that only HQ's key makes."""
_CONTACTS = {
    IdentifierType.EMAIL: ("email",),
    IdentifierType.PHONE: ("sms", "phone"),
}


def suppress(conn: Connection, party_ids: Sequence[str], token: Token, now: str) -> None:
    """Keep the tokens of contact points somebody said no for, before they are erased."""
    points = _points(conn, party_ids)
    marks = marks_of_person(conn, [PartyId(each) for each in party_ids])
    asked = {ContactPoint(contact, "") for contact, _ in points}
    noes = {found.contact for found in to_suppress(marks, asked, today=now[:10])}
    rows = [
        {"token": token(contact, value), "contact": contact, "since": now[:10]}
        for contact, value in points
        if contact in noes
    ]
    if rows:
        conn.execute(upsert(SUPPRESSIONS).on_conflict_do_nothing(), rows)


def suppressed(conn: Connection, party_ids: Sequence[str], token: Token) -> list[Mark]:
    """Give the objections that stand over a person's contact points, of somebody who is gone."""
    found = {token(contact, value): contact for contact, value in _points(conn, party_ids)}
    if not found:
        return []
    return [
        suppression_mark(row.token, ContactPoint(found[row.token], ""))
        for row in _SUPPRESSED.rows(conn, list(found))
    ]


def _points(conn: Connection, party_ids: Sequence[str]) -> list[tuple[str, str]]:
    held = identifiers_of_all(conn, list(party_ids))
    return [
        (contact, each.identifier.value)
        for theirs in held.values()
        for each in theirs
        for contact in _CONTACTS.get(each.identifier.type, ())
    ]
