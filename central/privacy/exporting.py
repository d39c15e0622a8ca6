"""A person's own data put together: everything HQ holds, section by section, and what for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec
from sqlalchemy import Connection, func, select

from agent.core.consent import PURPOSES
from agent.core.consent.export import About, PersonExport, Row, export
from agent.core.consent.notice import Controller, Use
from agent.core.consent.retention import DataClass, Rule
from agent.core.consent.rights import SubjectRequest, ready
from agent.core.history import Unified
from agent.core.identifiers import PartyId
from agent.core.recognition.means import IdentifierType
from central.identity.asking import defined, events_of_all
from central.identity.consents import records_of_all
from central.identity.households import homes
from central.identity.interactions import PAGE, interactions_of, mark
from central.identity.parties import canonical, members_of
from central.identity.persons import persons_of
from central.identity.requests import requests_of
from central.ledger.bulk import among
from central.ledger.customer_tables import (
    PARTIES,
    PSEUDONYMS,
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
)
from central.ledger.sums import whole_sum
from central.ledger.tables import PERSON_READS
from central.privacy.handed import leads, loyalty, profile, service
from central.privacy.settings import PrivacySettings

_CONTACTS = MappingProxyType({IdentifierType.EMAIL: "email", IdentifierType.PHONE: "phone"})
_SAID_ELSEWHERE = frozenset({"email", "phone", "tier", "points"})
RIGHTS = (
    "You may have your data corrected, erased or handed over, and its use restricted.",
    "You may object to its use for advertising at any time, and take a consent back.",
)


class _Person(msgspec.Struct, frozen=True):
    """Whose export it is, read once."""

    conn: Connection
    chosen: PartyId
    members: tuple[PartyId, ...]
    unified: Unified
    now: str

    @property
    def today(self) -> str:
        """Give the day of it."""
        return self.now[:10]


_Section = Callable[[_Person], Iterator[Row]]


def export_person(
    conn: Connection,
    any_id: str,
    request: SubjectRequest,
    rules: Mapping[DataClass, Rule],
    settings: PrivacySettings,
    now: str,
) -> PersonExport:
    """Put everything together that is held of a person.

    Args:
        conn: any transaction.
        any_id: an id of theirs.
        request: for access or portability, verified.
        rules: what becomes of each class of data.
        settings: who answers for the data.
        now: HQ's time.

    Raises:
        NotFoundFault: no party ever had this id.
        StateFault: `person-not-verified`.
        InputFault: `no-export`: another kind of request.
    """
    chosen = canonical(conn, any_id)
    members = members_of(conn, chosen)
    unified = persons_of(conn, [chosen])[chosen]
    person = _Person(conn, chosen, members, unified, now)
    return export(
        ready(request, request.kind).kind,
        {name: list(read(person)) for name, read in _SECTIONS.items()},
        request_id=request.request_id,
        made_at=now,
        party_id=chosen,
        party_ids=members,
        about=_about(settings),
        rules=rules,
    )


def _about(settings: PrivacySettings) -> About:
    return About(
        controller=Controller(settings.name, settings.address, settings.email),
        uses=tuple(Use(each.purpose, each.basis, each.text) for each in PURPOSES.values()),
        rights=RIGHTS,
        authority=settings.authority,
        automated="No program alone decides anything about you.",
    )


def _names(person: _Person) -> Iterator[Row]:
    for field, survivor in sorted(person.unified.fields.items()):
        for word in (survivor.shown, *survivor.rest):
            if field not in _SAID_ELSEWHERE:
                yield {
                    "field": field,
                    "value": word.value,
                    "source": word.source,
                    "said_at": word.at or None,
                }


def _contact_points(person: _Person) -> Iterator[Row]:
    for named in person.unified.identifiers:
        if named.identifier.type in _CONTACTS:
            yield {
                "contact": _CONTACTS[named.identifier.type],
                "value": named.identifier.value,
                "source": named.source,
                "since": named.at or None,
            }


def _identifiers(person: _Person) -> Iterator[Row]:
    for named in person.unified.identifiers:
        if named.identifier.type not in _CONTACTS:
            yield {
                "type": named.identifier.type.value,
                "value": named.identifier.value,
                "status": "verified" if named.is_verified else "observed",
                "source": named.source,
                "since": named.at or None,
            }


def _party_ids(person: _Person) -> Iterator[Row]:
    query = select(PARTIES).where(among(person.conn, PARTIES.c.party_id, person.members))
    for row in person.conn.execute(query.order_by(PARTIES.c.party_id)):
        yield {"party_id": row.party_id, "touch_point": row.origin, "since": row.created_at}


def _consents(person: _Person) -> Iterator[Row]:
    records = records_of_all(person.conn, person.members).values()
    for record in sorted((r for theirs in records for r in theirs), key=lambda r: r.record_id):
        yield {
            "record_id": record.record_id,
            "purpose": record.purpose,
            "contact": record.contact,
            "state": record.state.value,
            "at": record.at,
            "valid_until": record.valid_until or None,
            "notice": record.notice or None,
            "language": record.language or None,
            "method": record.method or None,
            "channel": record.channel or None,
            "touch_point": record.touch_point or None,
            "receipt_id": record.receipt_id or None,
        }
    for answer in person.unified.consents:
        yield {
            "purpose": answer.purpose,
            "contact": answer.contact,
            "state": "given" if answer.given else "refused",
        }


def _interactions(person: _Person) -> Iterator[Row]:
    before: str | None = None
    while lines := interactions_of(person.conn, person.chosen, limit=PAGE, before=before):
        for line in lines:
            yield {
                "at": line.occurred_at,
                "type": line.type,
                "channel": line.channel,
                "touch_point": line.touch_point,
                "title": line.title,
                "ref": line.ref,
                "total": line.total,
                "currency": line.currency,
                "state": line.state,
            }
        before = mark(lines[-1])


def _sale_ids(person: _Person) -> list[str]:
    mine = among(person.conn, PSEUDONYMS.c.party_id, person.members)
    query = select(PSEUDONYMS.c.sale_id).where(mine).order_by(PSEUDONYMS.c.sale_id)
    return list(person.conn.execute(query).scalars())


def _sales(person: _Person) -> Iterator[Row]:
    conn, ids = person.conn, _sale_ids(person)
    taxes = select(SALE_TAXES.c.sale_id, whole_sum(SALE_TAXES.c.tax).label("tax"))
    grouped = taxes.where(among(conn, SALE_TAXES.c.sale_id, ids)).group_by(SALE_TAXES.c.sale_id)
    tax = {row.sale_id: int(row.tax) for row in conn.execute(grouped)}
    tenders: dict[str, list[str]] = {}
    for row in conn.execute(select(SALE_TENDERS).where(among(conn, SALE_TENDERS.c.sale_id, ids))):
        tenders.setdefault(row.sale_id, []).append(row.kind)
    query = select(SALES).where(among(conn, SALES.c.sale_id, ids))
    for row in conn.execute(query.order_by(SALES.c.completed_at, SALES.c.sale_id)):
        yield {
            "receipt_no": row.receipt_no,
            "at": row.completed_at,
            "business_date": row.business_date,
            "store": row.store,
            "total": row.total,
            "currency": row.currency,
            "tax": tax.get(row.sale_id, 0),
            "tenders": ", ".join(sorted(tenders.get(row.sale_id, ()))),
        }


def _sale_lines(person: _Person) -> Iterator[Row]:
    conn, ids = person.conn, _sale_ids(person)
    query = (
        select(SALE_LINES, SALES.c.receipt_no, SALES.c.currency)
        .join(SALES, SALES.c.sale_id == SALE_LINES.c.sale_id)
        .where(among(conn, SALE_LINES.c.sale_id, ids), SALE_LINES.c.voided.is_(False))
        .order_by(SALES.c.completed_at, SALE_LINES.c.sale_id, SALE_LINES.c.line)
    )
    for row in conn.execute(query):
        yield {
            "receipt_no": row.receipt_no,
            "line": row.line,
            "name": row.name,
            "gtin": row.gtin,
            "quantity": row.quantity,
            "amount": row.extension,
            "currency": row.currency,
            "returns": row.returns_sale,
        }


def _orders(person: _Person) -> Iterator[Row]:
    for order in person.unified.orders:
        yield {
            "order_no": order.order_no,
            "channel": order.channel,
            "placed_at": order.placed_at,
            "state": order.state,
            "collect_at": order.collect_at,
            "total": order.total,
            "currency": order.currency,
            "paid": order.paid,
        }


def _order_lines(person: _Person) -> Iterator[Row]:
    for order in person.unified.orders:
        for number, line in enumerate(order.lines, 1):
            yield {
                "order_no": order.order_no,
                "line": number,
                "name": line.name,
                "gtin": line.gtin,
                "quantity": line.quantity,
                "amount": line.amount,
                "currency": order.currency,
            }


def _loyalty(person: _Person) -> Iterator[Row]:
    booked = list(loyalty(person.conn, person.members, person.now))
    yield from booked
    here = {row["account"] for row in booked}
    for balance in person.unified.balances:
        if balance.unit not in here:
            yield {"account": balance.unit, "kind": "balance", "balance": balance.value}


def _leads(person: _Person) -> Iterator[Row]:
    yield from leads(person.conn, person.members, person.now)


def _service(person: _Person) -> Iterator[Row]:
    yield from service(person.conn, person.members)


def _answers(person: _Person) -> Iterator[Row]:
    prompts = defined(person.conn)
    for events in events_of_all(person.conn, person.members).values():
        for event in events:
            prompt = prompts.get(event.prompt_id)
            yield {
                "prompt": event.prompt_id,
                "question": next(iter(prompt.texts.values())) if prompt else None,
                "outcome": event.outcome.value,
                "answer": event.value or None,
                "channel": event.channel,
                "at": event.at,
            }


def _profile(person: _Person) -> Iterator[Row]:
    tier = person.unified.fields.get("tier")
    if tier is not None:
        why = f"as {tier.shown.source} told us"
        yield {"what": "tier", "value": tier.value, "why": why, "at": tier.shown.at or None}
    yield from profile(person.conn, person.members)


def _households(person: _Person) -> Iterator[Row]:
    for home in homes(person.conn, person.unified.canonical_id):
        yield {"role": home.role, "since": home.since}


def _reads(person: _Person) -> Iterator[Row]:
    """List who looked: one row per day and purpose, which tells as much in fewer lines."""
    held = PERSON_READS.c
    day = func.substr(held.at, 1, 10).label("day")
    query = (
        select(day, held.reader, held.action, func.count().label("times"))
        .where(among(person.conn, held.party_id, person.members))
        .group_by(day, held.reader, held.action)
        .order_by(day, held.reader, held.action)
    )
    for row in person.conn.execute(query):
        role = "staff" if row.reader == "staff" else "till"
        yield {"at": row.day, "role": role, "purpose": row.action, "what": f"{row.times} times"}


def _requests(person: _Person) -> Iterator[Row]:
    for each in requests_of(person.conn, person.members, person.today):
        yield {
            "request_id": each.request.request_id,
            "kind": each.request.kind.value,
            "received": each.request.received,
            "due": each.due,
            "state": "answered" if each.answered_at else "open",
            "reason": each.answer,
        }


_SECTIONS: Mapping[str, _Section] = MappingProxyType(
    {
        "names": _names,
        "contact_points": _contact_points,
        "identifiers": _identifiers,
        "party_ids": _party_ids,
        "consents": _consents,
        "interactions": _interactions,
        "sales": _sales,
        "sale_lines": _sale_lines,
        "orders": _orders,
        "order_lines": _order_lines,
        "loyalty": _loyalty,
        "answers": _answers,
        "leads": _leads,
        "service": _service,
        "profile": _profile,
        "households": _households,
        "reads": _reads,
        "requests": _requests,
    }
)
