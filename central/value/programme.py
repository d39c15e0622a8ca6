"""The loyalty programme in force: published to every till, each version kept."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, union, update

from agent.core.history.readings import POINTS as TOLD_POINTS
from agent.core.loyalty import POINTS, RULE, EarnRule, Expiry, Programme, Term
from central.ledger.customer_tables import ATTRIBUTES
from central.ledger.outbox import GLOBAL, publish
from central.ledger.value_tables import (
    VALUE_ACCOUNTS,
    VALUE_EXPIRIES,
    VALUE_PROGRAMMES,
    wake,
)

RULE_KEY = f"rule:{RULE}"
_NEWEST = select(VALUE_PROGRAMMES.c.body).order_by(VALUE_PROGRAMMES.c.version.desc()).limit(1)
_THEN = _NEWEST.where(VALUE_PROGRAMMES.c.at <= bindparam("then"))
_json = msgspec.json.Encoder(order="deterministic")


def current(conn: Connection) -> Programme:
    """Give the programme in force; an empty one where none was ever published."""
    return _read(conn.execute(_NEWEST).scalar_one_or_none())


def in_force(conn: Connection, then: str) -> Programme:
    """Give the programme that was in force at a time; an empty one where none was yet.

    Args:
        conn: any open connection.
        then: UTC, ISO 8601.
    """
    return _read(conn.execute(_THEN, {"then": then}).scalar_one_or_none())


def terms_of(conn: Connection) -> tuple[Term, ...]:
    """Give by which period points ended since when; nothing where they never did."""
    terms: list[Term] = []
    query = select(VALUE_PROGRAMMES.c.at, VALUE_PROGRAMMES.c.body)
    for row in conn.execute(query.order_by(VALUE_PROGRAMMES.c.version)):
        expiry = msgspec.json.decode(row.body, type=Programme).expiry
        if expiry != (terms[-1].expiry if terms else None):
            terms.append(Term(row.at[:10], expiry))
    return tuple(terms)


def put(conn: Connection, programme: Programme, now: str) -> Programme:
    """Put a programme in force at every till; the one that is in force changes nothing.

    A rule that says something else than it did gets its next version by itself, so that every
    earning names what it came from.

    Args:
        conn: of `writing`.
        programme: as `read_programme` let it pass.
        now: HQ's time, for show.

    Returns:
        It, with the versions it has now.
    """
    before = current(conn)
    rules = tuple(_versioned(programme.rules, before.rules))
    expiry = _since(programme.expiry, before.expiry, now[:10])
    meant = msgspec.structs.replace(programme, version=before.version, rules=rules, expiry=expiry)
    if meant == before:
        return before
    newest = select(func.max(VALUE_PROGRAMMES.c.version))
    version = (conn.execute(newest).scalar_one() or 0) + 1
    meant = msgspec.structs.replace(meant, version=version)
    body = _json.encode(meant)
    conn.execute(insert(VALUE_PROGRAMMES).values(version=version, body=body, at=now))
    publish(conn, GLOBAL, RULE_KEY, "put", body)
    if meant.expiry != before.expiry:
        _wake_all(conn)
    return meant


def _read(body: bytes | None) -> Programme:
    return Programme() if body is None else msgspec.json.decode(body, type=Programme)


def _since(meant: Expiry | None, before: Expiry | None, today: str) -> Expiry | None:
    """Let a period begin on the day it begins to hold, where nothing else is said."""
    if meant is None or meant.since:
        return meant
    holds = before is not None and before.months == meant.months
    return before if holds else msgspec.structs.replace(meant, since=today)


def _wake_all(conn: Connection) -> None:
    """Have everybody looked at: those with points from before there was a period, too.

    Of some there are only another system's records.
    """
    conn.execute(update(VALUE_EXPIRIES).values(wake_on=""))
    held, said = VALUE_ACCOUNTS.c, ATTRIBUTES.c
    known = select(VALUE_EXPIRIES.c.owner)
    booked = select(held.owner).where(held.unit == POINTS, held.owner.not_in(known))
    told = select(said.party_id).where(said.field == TOLD_POINTS, said.party_id.not_in(known))
    wake(conn, conn.execute(union(booked, told)).scalars().all())


def _versioned(rules: Iterable[EarnRule], before: Iterable[EarnRule]) -> Iterable[EarnRule]:
    known = {rule.rule_id: rule for rule in before}
    for rule in rules:
        there = known.get(rule.rule_id)
        if there is None:
            yield rule
        elif msgspec.structs.replace(rule, version=there.version) == there:
            yield there
        else:
            yield msgspec.structs.replace(rule, version=max(rule.version, there.version + 1))
