"""Customer records full of garbage: every sale is booked, and each of them waits with a reason."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.core.entries import encode, kind_of
from agent.core.entries.bodies import ConsentGiven
from central.histories import Applier
from central.histories.unsealing import opening
from central.ledger.customer_tables import PARTIES, PSEUDONYMS, SALES
from central.ledger.tables import QUARANTINE

NOW = "2026-11-02T12:00:00.000Z"
SALES_J, SIDE_J = "a" * 32, "b" * 32
JUNK = "\N{PILE OF POO}\N{REPLACEMENT CHARACTER}\x07%s<script>'; DROP TABLE sale;--"
SALES_MADE = 100


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW, open_body=opening(bytes(range(32))))


def garbage(told, n):
    """Give a record with garbage in every field, as bytes: what a broken program seals."""
    fields = {"phone": JUNK, "email": JUNK, "card": JUNK * 40, "postcode": JUNK}
    consents = (ConsentGiven("", JUNK, True),)
    everything = told.enrolled(f"{JUNK}-{n}", name=JUNK, consents=consents, **fields)
    kinds = (
        lambda: encode(everything),
        lambda: encode(replace(told.enrolled(f"party-{n}"), name=" \t ")),
        lambda: encode(told.enrolled(f"party-{n}", phone="12", email="@", card="!")),
        lambda: encode(told.enrolled(f"party-{n}", name="\N{PILE OF POO}" * 3)),
        lambda: encode(told.enrolled(f"party-{n}", name="Ada\0Byron")),
        lambda: encode(replace(told.enrolled(f"party-{n}"), sealed=b"no envelope")),
        lambda: encode(told.enrolled(f"party-{n}"))[:-9],
        lambda: bytes(range(256)),
    )
    return kinds[n % len(kinds)]()


@pytest.mark.both_databases
def test_every_sale_is_booked_and_all_garbage_waits(applier, receive, rows, told):
    """One customer nobody can read would keep sales from HQ, or vanish without a word."""
    bad = [garbage(told, n) for n in range(8)]
    good = [told.enrolled(f"party-{n}") for n in range(8, 20)]
    receive(SIDE_J, *bad, kind=kind_of(good[0]).kind)
    receive(SIDE_J, *good, *(told.tie(n, f"party-{n % 20}") for n in range(SALES_MADE)))
    receive(SALES_J, *(told.sale(n, ref=f"ref-{n}") for n in range(SALES_MADE)))
    applier.apply_pending()
    assert SALES_MADE == len(rows(SALES)) == len(rows(PSEUDONYMS))
    waiting = rows(QUARANTINE, QUARANTINE.c.seq)
    assert list(range(1, 9)) == [each["seq"] for each in waiting]
    assert all(each["reason"] and JUNK not in each["reason"] for each in waiting)
    named = {each["name"] for each in waiting}
    assert {"customer-unreadable", "unreadable-body", "nul-in-text"} <= named, named
    states = {row["party_id"]: row["state"] for row in rows(PARTIES)}
    assert {f"party-{n}" for n in range(8)} == {
        each for each, state in states.items() if state == "provisional"
    }
