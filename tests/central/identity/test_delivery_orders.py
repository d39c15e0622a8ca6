"""The same people told by many tills and a web store, in any order: HQ comes to one answer.

`ORDERS=20 ENROLMENTS=1000 pytest tests/central/identity/test_delivery_orders.py -m long` plays as
many as one likes; `python -m tests.core.history.graph_proof orders 1000 10000` the rules alone.
"""

from __future__ import annotations

import json
import os
import random
import shutil

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select

from agent.core.entries import commitment, encode, kind_of
from agent.core.history.canonical import digest as digest_of_map
from agent.core.history.unified import digest
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.histories import Applier
from central.identity.parties import canonicals
from central.identity.persons import persons_of
from central.ledger.engine import open_engine, reading, writing
from central.ledger.graph_tables import PROPOSALS
from central.ledger.tables import BODIES, CHAIN, CURSORS
from central.ledger.upserts import upsert

NOW = "2026-11-02T12:00:00.000Z"
SALT = b"s" * 16
TILLS = 8
DUPLICATES = 30
"""Percent of the enrolments that are of somebody who was enrolled before, at any till."""
ORDERS = int(os.environ.get("ORDERS", "5"))
ENROLMENTS = int(os.environ.get("ENROLMENTS", "300"))


def party(n):
    return f"01999999-0000-7000-8000-{n:012x}"


def enrolments(told, draw, count):
    """Have tills enrol people offline; gives what each journal says, in its order."""
    journals = {f"{till:032x}": [] for till in range(TILLS)}
    people = []
    for n in range(count):
        again = bool(people) and draw.randrange(100) < DUPLICATES
        who = draw.choice(people) if again else n
        people += [] if again else [n]
        shown = {
            "card": f"LC{who:06d}XK",
            "phone": f"+49171{2000000 + who}",
            "email": f"ada{who}@example.com",
        }
        with_them = dict(draw.sample(sorted(shown.items()), draw.choice((1, 2, 2))))
        name = draw.choice((f"Ada{who % 97} Byron{who % 89}", f"A. Byron{who % 89}"))
        body = told.enrolled(party(n), name=name, consents=(), **with_them)
        journals[draw.choice(sorted(journals))].append(body)
    return journals, people


def proofs(draw, people):
    """Have a web store prove some of their contacts later; gives its events."""
    events = []
    for n, who in enumerate(draw.sample(people, len(people) // 5)):
        known = {"email": f"ada{who}@example.com", "phone": f"+49171{2000000 + who}"}
        proved = dict(draw.sample(sorted(known.items()), draw.choice((1, 2))))
        account = {"party_id": party(who), "web_account": f"{who}", "verified": [*proved]}
        event = {
            "event_id": f"w-{n}",
            "type": "party.observed",
            "occurred_at": "2026-11-02T09:00:00Z",
            "party": account | proved,
        }
        events.append(json.dumps(event).encode())
    return events


def receive(conn, journal_id, after, bodies):
    """Leave bodies in a journal as the intake does; what came before is there already."""
    for seq, body in enumerate(bodies, after + 1):
        sealed = encode(body)
        chain = {"kind": kind_of(body).kind, "version": 1, "hash": b"h", "received_at": NOW}
        place = {"journal_id": journal_id, "seq": seq}
        conn.execute(insert(CHAIN).values(commitment=commitment(SALT, sealed), **place, **chain))
        conn.execute(insert(BODIES).values(salt=SALT, body=sealed, **place))
    new = upsert(CURSORS).values(journal_id=journal_id, have_seq=after + len(bodies), have_hash=b"")
    moved = {"have_seq": new.excluded.have_seq}
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id"], set_=moved))


def delivered(ledger, draw, journals, events):
    """Bring everything to HQ in some order and in parts, a fifth of the events twice."""
    applier = Applier(ledger, lambda: NOW)
    here = dict.fromkeys(journals, 0)
    waiting = [*events, *draw.sample(events, len(events) // 5)]
    draw.shuffle(waiting)
    with writing(ledger) as conn:
        register(conn, (Channel("web", name="Web"),), NOW)
    while waiting or any(here[each] < len(journals[each]) for each in journals):
        journal_id, size = draw.choice(sorted(journals)), draw.choice((1, 5, 40))
        part = journals[journal_id][here[journal_id] : here[journal_id] + size]
        with writing(ledger) as conn:
            receive(conn, journal_id, here[journal_id], part)
            some, waiting = waiting[: size // 5], waiting[size // 5 :]
            outcomes = take(conn, "web", some, NOW, lambda: "nobody-new")
        assert {each.outcome for each in outcomes} <= {"accepted", "duplicate"}
        here[journal_id] += len(part)
        applier.apply_pending()


def answer(ledger, count):
    """Sum up who is one person, what is shown of each, and what is asked."""
    with reading(ledger) as conn:
        canonical = canonicals(conn, [party(n) for n in range(count)])
        people = persons_of(conn, sorted(set(canonical.values())))
        asked = conn.execute(select(PROPOSALS.c.body).order_by(PROPOSALS.c.body)).scalars().all()
    return digest_of_map(canonical), digest(map(_heard, people.values())), asked, len(people)


def _heard(person):
    """Leave out who named an identifier first: it is whom HQ heard first, and decides nothing."""
    named = [replace(each, source="", at="") for each in person.identifiers]
    return replace(person, identifiers=tuple(named))


def one_answer(migrated, tmp_path, told, orders, count):
    draw = random.Random(count)
    journals, people = enrolments(told, draw, count)
    events = proofs(draw, people)
    answers = []
    for order in range(orders):
        path = shutil.copy(migrated, tmp_path / f"{order}.sqlite")
        ledger = open_engine(path)
        delivered(ledger, random.Random(order), journals, events)
        answers.append(answer(ledger, count))
        ledger.dispose()
    assert [answers[0]] * orders == answers
    *_, asked, persons = answers[0]
    assert asked
    assert len(people) <= persons < count


def test_two_orders_of_delivery_are_one_answer(migrated, tmp_path, told):
    """Two HQs that heard the same would take different customers for one."""
    one_answer(migrated, tmp_path, told, 2, 25)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_many_orders_of_delivery_are_one_answer(migrated, tmp_path, told):
    """Who was enrolled at several tills would be another person after each storm of deliveries."""
    one_answer(migrated, tmp_path, told, ORDERS, ENROLMENTS)
