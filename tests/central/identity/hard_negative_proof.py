"""People who are easily taken for one another, at HQ: is anybody joined with another?

    python -m tests.central.identity.hard_negative_proof 6000     # pairs; a second number: the seed

Tills' journals, CSV files of another system and a web store's events come to a real HQ in random
order, by the ways everything comes in. Beside whom the rules join it counts whose id was given to
another: an order told with an e-mail is somebody's, and not whoever else typed that e-mail in.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import tempfile
from collections import Counter
from itertools import count
from pathlib import Path
from time import process_time

from sqlalchemy import select

from agent.core.entries.bodies import PartyEnrolled
from agent.core.entries.payments import AccountSeen, account_of
from agent.core.sale.model import Stamp
from central.channels.imports import import_customers
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.histories import Applier
from central.identity.parties import canonicals
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import open_engine, reading, writing
from central.ledger.migrate import migrate
from central.ledger.tables import QUARANTINE
from tests.central.identity.test_delivery_orders import receive
from tests.core.history.hard_negative_proof import counted, report, say
from tests.core.history.hard_negatives import CSV, KINDS, OPEN, PAID, TILL, TOLD, WEB, Crowd

NOW = "2026-11-02T12:00:00.000Z"
AT = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")
TILLS = [f"{till:032x}" for till in range(8)]
COLUMNS = ("source_id", "name", "birth_date", "phone", "email", "card", "country")
PART = 400
"""Tellings of one delivery, of all ways at once."""


class Delivery:
    """Brings tellings to one HQ, and remembers under which id each was written down."""

    def __init__(self, ledger, place):
        """Have a channel registered."""
        self.ledger, self.place = ledger, Path(place)
        self.applier = Applier(ledger, lambda: NOW, open_body=_opened)
        self.after, self.files, self.events = dict.fromkeys(TILLS, 0), count(), count()
        self.new = count()
        self.shown: dict[str, str] = {}
        with writing(ledger) as conn:
            register(conn, (Channel("web", name="Web"),), NOW)

    def bring(self, some, draw):
        """Bring some tellings, each by its own way; the ways in random order."""
        ways = [(TILL, self._sealed), (CSV, self._imported), (WEB, self._told)]
        draw.shuffle(ways)
        for how, way in ways:
            mine = [each for each in some if each.how == how or (how, each.how) == (TILL, PAID)]
            if mine:
                way(mine, draw)

    def _sealed(self, some, draw):
        """Have tills enrol people, and see what they pay from."""
        told = {}
        for each in some:
            told.setdefault(draw.choice(TILLS), []).append(_entry(each))
            self.shown.setdefault(each.party, each.party)
        with writing(self.ledger) as conn:
            for journal_id, bodies in told.items():
                receive(conn, journal_id, self.after[journal_id], bodies)
                self.after[journal_id] += len(bodies)
        self.applier.apply_pending()

    def _imported(self, some, _draw):
        """Import them as customers of another system, one row each."""
        path = self.place / f"{next(self.files)}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for each in some:
                contacts = (each.phone, each.email, each.card)
                rows.writerow((each.party, each.name, each.birth_date, *contacts, "DE"))
        import_customers(self.ledger, path)

    def _told(self, some, _draw):
        """Have the web store tell of them."""
        bodies = [self._event(each) for each in some]
        with writing(self.ledger) as conn:
            outcomes = take(conn, "web", bodies, NOW, self._new_id)
        for each, outcome in zip(some, outcomes, strict=True):
            assert outcome.party_id, outcome
            self.shown[each.party] = outcome.party_id

    def _new_id(self):
        return f"019b0000-0000-7000-8000-{next(self.new):012x}"

    def _event(self, each):
        known = {"name": each.name, "email": each.email, "phone": each.phone, "card": each.card}
        party = known | {"web_account": each.account, "country": "DE"}
        told = {name: value for name, value in party.items() if value}
        return json.dumps(
            {
                "event_id": f"w-{next(self.events)}",
                "type": "party.observed",
                "occurred_at": "2026-11-02T09:00:00Z",
                "party": told | {"verified": each.verified},
            }
        ).encode()

    def chosen(self):
        """Give the canonical id of everybody, by the id they were written down under."""
        with reading(self.ledger) as conn:
            known = conn.execute(select(PARTIES.c.source_id, PARTIES.c.party_id)).all()
            aside = conn.execute(select(QUARANTINE.c.reason)).scalars().all()
            self.shown |= {source: party for source, party in known if source}
            assert not aside, aside[0]
            return canonicals(conn, self.shown.values())


def _entry(each):
    if each.how == PAID:
        return AccountSeen(each.party, "sale", "store-0001", "till-1", AT, 1, b"", each.par)
    return PartyEnrolled(
        each.party, "store-0001", "till-1", AT, each.name,
        phone=each.phone or None, email=each.email or None, card=each.card or None,
    )  # fmt: skip


def _opened(body):
    """Open what a till has closed for HQ; here it was never closed."""
    if isinstance(body, AccountSeen):
        account_of(body.reference)
    return body


def prove(ledger, place, pairs, seed=1, kinds=None):
    """Tell HQ of so many pairs; gives the counts, and how many have an id of another's."""
    draw, delivery = random.Random(seed), Delivery(ledger, place)
    cases = [*Crowd(seed).cases(list(kinds or (*KINDS, *OPEN, *TOLD)), pairs)]
    told = [each for case in cases for each in case.tellings]
    draw.shuffle(told)
    # Who paid is known to the till by then.
    told.sort(key=lambda each: each.how == PAID)
    for start in range(0, len(told), PART):
        delivery.bring(told[start : start + PART], draw)
    chosen = delivery.chosen()
    return counted(cases, chosen, delivery.shown), _given(cases, delivery.shown)


def _given(cases, shown):
    """Count tellings that were written down under another person's id."""
    first, wrong = {}, Counter()
    for case in cases:
        for each in case.tellings:
            whose = first.setdefault(shown[each.party], each.person)
            wrong[case.kind] += whose != each.person
    return wrong


def main(pairs=6000, seed=1):
    """Run the proof on a database of its own; gives the exit code."""
    with tempfile.TemporaryDirectory() as place:
        ledger = open_engine(Path(place) / "central.sqlite")
        migrate(ledger)
        found, given = prove(ledger, place, pairs, seed)
        ledger.dispose()
    good = report(found)
    wrong = {kind: number for kind, number in given.items() if number}
    say(f"told of under another person's id: {wrong}; {process_time():.0f} s of CPU")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
