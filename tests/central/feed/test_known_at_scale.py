"""Customers of other regions enrolled again without HQ: the till knows that they are known (G8)."""

from __future__ import annotations

import csv
import os
import random
import sys

import msgspec
import pytest
from sqlalchemy import select

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.recognition import IdentifierType, KnownElsewhere, Unknown, normalise
from agent.directory import Directory
from central.channels.imports import import_customers
from central.feed.filters import FilterKeeper
from central.feed.sealing import Sealer
from central.ledger.engine import reading
from central.ledger.tables import FEED_ROWS
from tests.sealed import MASTER, keyring

NOW = "2026-11-02T12:00:00.000Z"
PEOPLE = int(os.environ.get("PEOPLE", "20000"))
COLUMNS = ("source_id", "name", "phone", "email", "card", "country")
REGION = "DE"


def told(n):
    """Give who somebody is, as HQ heard it."""
    return f"s-{n}", f"Ada Byron{n}", f"+49171{2000000 + n}", f"ada{n}@example.com", f"LC{n:06d}XK"


def typed(draw, n):
    """Give what the same person says at another till, in their own way."""
    _, _, phone, email, card = told(n)
    local = "0" + phone.removeprefix("+49")
    return draw.choice(
        (
            (IdentifierType.PHONE, draw.choice((phone, local, f"{local[:4]} / {local[4:]}"))),
            (IdentifierType.EMAIL, draw.choice((email, email.upper(), f" {email.title()} "))),
            (IdentifierType.LOYALTY_CARD, draw.choice((card, card.lower()))),
        )
    )


def filter_of(ledger, place, people):
    """Have HQ meet them all, and make its filter; gives what a till of another region is told."""
    path = place / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows((*told(n), "DE") for n in range(people))
    import_customers(ledger, path)
    keeper = FilterKeeper(ledger, Sealer(ledger, MASTER), MASTER, lambda: NOW)
    while keeper.look():
        continue
    query = select(FEED_ROWS).where(FEED_ROWS.c.key.like("filter:%"), FEED_ROWS.c.op == "put")
    with reading(ledger) as conn:
        rows = conn.execute(query.order_by(FEED_ROWS.c.fseq)).all()
    return [FeedItem(row.fseq, row.key, row.ver, row.op, msgspec.Raw(row.body)) for row in rows]


def known_share(ledger, place, people):
    """Ask a till for known people and as many strangers; gives how many it knows of each."""
    items = filter_of(ledger, place, people)
    directory = Directory.open(place / "directory.db", keyring())
    try:
        page = FeedPage(tuple(items), f"1-ab.{items[-1].fseq}.0123456789abcdef")
        directory.apply("global", page)
        draw = random.Random(8)
        asked = [typed(draw, n) for n in range(2 * people)]
        answers = [directory.party(normalise(*each, REGION)) for each in asked]
    finally:
        directory.close()
    assert {KnownElsewhere, Unknown} >= {type(each) for each in answers}
    known = [isinstance(each, KnownElsewhere) for each in answers]
    return sum(known[:people]), sum(known[people:])


def test_who_is_enrolled_again_elsewhere_is_known_and_a_stranger_is_not(ledger, tmp_path):
    """A customer of another region would be two people, in whatever way they say their number."""
    known, wrong = known_share(ledger, tmp_path, 60)
    assert known == 60
    assert wrong <= 3


@pytest.mark.long
@pytest.mark.timeout(0)
def test_of_many_who_are_enrolled_again_all_are_known(ledger, tmp_path, capsys):
    """One customer in fifty would be enrolled twice, or one stranger in a hundred sent away."""
    known, wrong = known_share(ledger, tmp_path, PEOPLE)
    with capsys.disabled():
        sys.stdout.write(f"\n{known} of {PEOPLE} known, {wrong} of as many strangers\n")
    assert known * 100 >= 98 * PEOPLE
    assert wrong * 100 <= PEOPLE
