"""The filter at HQ: everybody who is known is in it, and nobody who is erased."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert, select

from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.wire import FilterPiece
from agent.core.privacy import Stretching, filter_element, keys_of, stretch
from agent.core.privacy.bloom import is_in, piece_of
from agent.core.recognition import Identifier, IdentifierType
from central.feed import filters
from central.feed.filters import FilterKeeper
from central.feed.renewing import renew
from central.feed.sealing import Sealer
from central.identity.cards import publish_card
from central.identity.holding import hold
from central.identity.parties import Origin, ensure
from central.ledger.engine import reading, writing
from central.ledger.filter_tables import FILTER_DUE, note_filter_due
from central.ledger.privacy_tables import ERASED_PARTIES
from central.ledger.tables import FEED_ROWS

MASTER = Master(b"m" * 32, Stretching(cost_log2=10))
ORIGIN = Origin("import", "2026-11-02T12:00:00.000Z")


class Hq:
    """The filter's keeper, and a clock that is set by hand."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.now = "2026-11-02T12:00:00.000Z"
        self.keeper = FilterKeeper(engine, Sealer(engine, MASTER), MASTER, lambda: self.now)

    def meet(self, *numbers, publish=True):
        with writing(self.engine) as conn:
            for n in numbers:
                ensure(conn, f"p-{n}", ORIGIN)
                hold(conn, f"p-{n}", [email(n)], ORIGIN)
                if publish:
                    publish_card(conn, f"p-{n}")

    def work(self):
        while self.keeper.look():
            continue

    def pieces(self):
        query = select(FEED_ROWS.c.key, FEED_ROWS.c.op, FEED_ROWS.c.body)
        with reading(self.engine) as conn:
            rows = conn.execute(query.where(FEED_ROWS.c.key.like("filter:%"))).all()
        return {
            row.key: msgspec.json.decode(row.body, type=FilterPiece)
            for row in rows
            if row.op == "put"
        }

    def fseqs(self):
        query = select(FEED_ROWS.c.key, FEED_ROWS.c.fseq).where(FEED_ROWS.c.key.like("filter:%"))
        with reading(self.engine) as conn:
            return dict(conn.execute(query).all())

    def due(self):
        with reading(self.engine) as conn:
            return set(conn.execute(select(FILTER_DUE.c.party_id)).scalars())

    def knows(self, *numbers, generation=1):
        """Ask the pieces as a till does."""
        pieces = self.pieces()
        count = len(pieces)
        found = []
        for n in numbers:
            keys = keys_of(MASTER.key("global", generation))
            stretched = stretch(email(n), MASTER.pepper, MASTER.stretching)
            element = filter_element(keys, stretched)
            piece = pieces[f"filter:{count}-{piece_of(element, count)}"]
            found.append(piece.generation == generation and is_in(element, piece.bits))
        return found


def email(n):
    return Identifier(IdentifierType.EMAIL, f"g{n}@example.org")


@pytest.fixture
def hq(ledger):
    return Hq(ledger)


@pytest.mark.both_databases
def test_everybody_is_in_it_and_who_comes_is_added(ledger):
    """Whoever the chain has met would be enrolled again in another region."""
    hq = Hq(ledger)
    hq.work()
    assert {} == hq.pieces()
    hq.meet(*range(10), publish=False)
    hq.work()
    assert [True] * 10 == hq.knows(*range(10))
    assert [False] * 3 == hq.knows(10, 11, 12)
    hq.meet(10, 11)
    assert {"p-10", "p-11"} == hq.due()
    hq.work()
    assert [True, True, False] == hq.knows(10, 11, 12)
    assert set() == hq.due()


def test_who_is_in_it_already_is_told_to_nobody(hq):
    """Each purchase of a known customer would send a piece to a thousand tills."""
    hq.meet(1, 2)
    hq.work()
    told = hq.fseqs()
    hq.meet(1, 2)
    hq.work()
    assert told == hq.fseqs()
    hq.now = "2026-11-03T00:00:01.000Z"
    hq.work()
    assert told == hq.fseqs()


@pytest.mark.both_databases
def test_of_who_is_erased_no_bit_is_left(ledger):
    """A stolen till could be asked whether an erased person was a customer."""
    hq = Hq(ledger)
    hq.meet(1, 2)
    hq.work()
    before = hq.pieces()
    with writing(ledger) as conn:
        gone = {"party_id": "p-1", "request_id": "r", "erased_at": hq.now}
        conn.execute(insert(ERASED_PARTIES).values(gone))
        note_filter_due(conn, ["p-1"])
    hq.keeper._rests_until = 0.0
    hq.work()
    assert [False, True] == hq.knows(1, 2)
    assert set() == hq.due()
    assert before != hq.pieces()
    fresh = Hq(ledger)
    fresh.keeper.build()
    assert hq.pieces() == fresh.pieces()


def test_after_a_building_the_next_one_waits(hq):
    """A day of many erasures would keep HQ building without end."""
    hq.meet(1, 2)
    hq.work()
    hq.keeper._rests_until = float("inf")
    with writing(hq.engine) as conn:
        gone = {"party_id": "p-1", "request_id": "r", "erased_at": hq.now}
        conn.execute(insert(ERASED_PARTIES).values(gone))
        note_filter_due(conn, ["p-1"])
    hq.meet(3)
    hq.work()
    assert [True, True, True] == hq.knows(1, 2, 3)
    assert {"p-1"} == hq.due()


def test_a_new_key_makes_a_new_filter(hq):
    """Tills with the new key alone would know nobody."""
    hq.meet(1, 2)
    hq.work()
    with writing(hq.engine) as conn:
        renew(conn, "global", now=hq.now, reason="test")
    hq.work()
    assert [True, True] == hq.knows(1, 2, generation=2)
    assert [False, False] == hq.knows(1, 2, generation=1)


def test_a_filter_that_is_full_is_cut_anew(hq, monkeypatch):
    """It would err more often with every customer, and strangers be sent away."""
    monkeypatch.setattr("agent.core.privacy.bloom.CAPACITY", 4)
    hq.meet(*range(3))
    hq.work()
    assert 1 == len(hq.pieces())
    hq.meet(*range(3, 12))
    hq.work()
    hq.work()
    assert 4 == len(hq.pieces())
    assert [True] * 12 == hq.knows(*range(12))


def test_many_at_once_are_built(hq, monkeypatch):
    """An import of a million would be a million additions."""
    hq.meet(1)
    hq.work()
    monkeypatch.setattr(filters, "BUILT_ABOVE", 5)
    hq.meet(*range(2, 9))
    assert hq.keeper.look()
    assert set() == hq.due()
    assert [True] * 8 == hq.knows(*range(1, 9))


def test_what_another_process_adds_while_it_is_built_stays(hq, monkeypatch):
    """Of two HQs one would take out of the filter whom the other has put in."""
    hq.meet(1)
    hq.work()
    other, slices = Hq(hq.engine), filters.slices

    def meanwhile(engine, size):
        yield from slices(engine, size)
        other.meet(2)
        other.work()

    monkeypatch.setattr(filters, "slices", meanwhile)
    hq.keeper.build()
    assert [True, True] == hq.knows(1, 2)
