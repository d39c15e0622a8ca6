"""Pruning: the text leaves, the chain stays, and nothing goes that HQ might ask for again."""

from __future__ import annotations

import pytest
from pysqlite3 import dbapi2

from agent.core.entries.bodies import SaleAttributed
from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import receipt_number
from agent.journal import chains, cursors, sales
from agent.journal.cursors import Acked
from agent.journal.faults import EntryPruned
from agent.journal.prune import prune, pruned_seq, retention_floor
from agent.journal.successors import succeed
from agent.journal.verify import verify, verify_recent
from tests.journal.shop import (
    STAMP,
    STORE,
    CountingClock,
    close_day,
    erase,
    give_back,
    sell,
    sign_on,
)


def journal_of(conn, lane="sales"):
    heads = [head for head in chains.heads(conn) if head.till == "till-1" and head.lane == lane]
    return heads[-1].journal_id


def declare_safe(conn, journal_id, seq):
    acked = Acked("e1", seq, chains.hash_at(conn, journal_id, seq), b"s", seq)
    cursors.set_acked(conn, journal_id, acked)


def days_of(conn, count, first=1):
    """Sell one sale a day and close the till: entry 2n is the closing of day n."""
    for day in range(first, first + count):
        sell(conn, f"sale-{day}")
        close_day(conn, day)


@pytest.fixture
def safe(write, read):
    """Five closed days that HQ holds in its backups; the journal's id."""
    write(lambda conn: days_of(conn, 5))
    journal_id = read(journal_of)
    write(lambda conn: declare_safe(conn, journal_id, 10))
    return journal_id


def faults(conn):
    return [report.fault for report in verify(conn) if report.fault]


def test_pruning_goes_in_steps_and_leaves_the_chain(safe, write, read):
    """A sale would wait while a year's bodies are deleted, or the chain would end in a hole."""
    assert 0 == read(lambda conn: pruned_seq(conn, safe))
    moved = [write(lambda conn: prune(conn, safe, 7, 3)) for _ in range(4)]
    assert [3, 3, 1, 0] == moved
    assert 7 == read(lambda conn: pruned_seq(conn, safe))
    rows = read(lambda conn: conn.execute("SELECT seq FROM body ORDER BY place").fetchall())
    assert [(8,), (9,), (10,)] == rows
    assert [] == read(faults)
    assert all(report.ok for report in read(lambda conn: verify_recent(conn, 1000)))
    assert [7] == [report.pruned_seq for report in read(verify) if report.pruned_seq]
    assert 0 == write(lambda conn: prune(conn, safe, 3))
    assert 10 == read(chains.heads)[0].tail_seq


@pytest.mark.parametrize(("upto", "name"), [(11, "day-open"), (10, "not-safe"), (9, "not-safe")])
def test_nothing_is_pruned_that_may_be_asked_for_again(write, read, upto, name):
    """An HQ restored from its oldest backup could never get it back (P5)."""
    write(lambda conn: days_of(conn, 5))
    write(lambda conn: sell(conn, "today"))
    journal_id = read(journal_of)
    write(lambda conn: declare_safe(conn, journal_id, 8))
    with pytest.raises(StateFault) as refused:
        write(lambda conn: prune(conn, journal_id, upto))
    assert name == refused.value.name
    assert 0 == read(lambda conn: pruned_seq(conn, journal_id))
    with pytest.raises(NotFoundFault):
        write(lambda conn: prune(conn, "0" * 32, 1))
    with pytest.raises(NotFoundFault):
        read(lambda conn: pruned_seq(conn, "0" * 32))


def test_pruned_entries_do_not_travel(safe, write, read):
    """A batch with holes would be refused by HQ for ever, without anybody knowing why."""
    write(lambda conn: prune(conn, safe, 4))
    with pytest.raises(EntryPruned, match="up to entry 4") as gone:
        read(lambda conn: chains.records(conn, safe, 3, 10))
    assert "entry-pruned" == gone.value.name
    assert [5, 6] == [one.seq for one in read(lambda conn: chains.records(conn, safe, 5, 2))]
    assert read(lambda conn: chains.body_at(conn, safe, 3)) is None
    assert 32 == len(read(lambda conn: chains.hash_at(conn, safe, 3)))


def test_a_pruned_sale_is_still_known(safe, write, read):
    """Its id would be sold under again, or its return would crash the till."""
    write(lambda conn: prune(conn, safe, 4))
    number = receipt_number(STORE, "till-1", safe, 1)
    assert "sale-1" == read(lambda conn: sales.id_of_receipt(conn, number))
    for look in (
        lambda conn: sales.completed(conn, "sale-1"),
        lambda conn: sales.by_receipt(conn, number),
    ):
        with pytest.raises(EntryPruned) as gone:
            read(look)
        assert "sale-pruned" == gone.value.name
    with pytest.raises(StateFault, match="recorded already"):
        write(lambda conn: sell(conn, "sale-1"))
    assert "sale-3" == read(lambda conn: sales.completed(conn, "sale-3")).sale_id
    assert ["sale-5", "sale-4", "sale-3"] == [
        sale.sale_id for sale in read(lambda conn: sales.recent(conn, "till-1", 9))
    ]


def test_a_pruned_return_is_not_forgotten(write, read):
    """Goods whose return was pruned could be returned once more."""
    write(lambda conn: sell(conn, "a"))
    write(lambda conn: sell(conn, "back", lines=(give_back("a", 1, 500),)))
    write(lambda conn: close_day(conn, 1))
    journal_id = read(journal_of)
    write(lambda conn: declare_safe(conn, journal_id, 3))
    write(lambda conn: prune(conn, journal_id, 3))
    assert {1: 500} == read(lambda conn: sales.returned(conn, "a"))
    assert [] == read(faults)


def test_an_erased_entry_below_the_mark_stays_erased(write, read):
    """The order's record would be lost with the body it removed."""
    write(lambda conn: sign_on(conn, "anna"))
    write(lambda conn: sign_on(conn, "bert"))
    side = read(lambda conn: journal_of(conn, "side"))
    write(lambda conn: erase(conn, side, 1, order_id="order-7", at="now"))
    write(lambda conn: declare_safe(conn, side, 2))
    assert 2 == write(lambda conn: prune(conn, side, 2))
    [erased] = read(lambda conn: chains.records(conn, side, 1, 1))
    assert "order-7" == erased.erased_by
    write(lambda conn: erase(conn, side, 2, order_id="order-8", at="now"))
    assert [] == read(faults)


def test_the_database_itself_keeps_the_mark(safe, write, path):
    """Any tool at hand could delete what HQ may ask for, or bring back what was pruned."""
    write(lambda conn: prune(conn, safe, 4))
    tool = dbapi2.connect(str(path), isolation_level=None)
    for sql in (
        "DELETE FROM body WHERE place = 1 << 40 | 5",
        "UPDATE pruned SET upto_seq = 3",
        "UPDATE pruned SET upto_seq = 6",
        "UPDATE pruned SET upto_hash = x'00'",
        "UPDATE pruned SET journal = 2",
        "DELETE FROM pruned",
        "INSERT INTO pruned VALUES (2, 1, x'00')",
        "INSERT OR REPLACE INTO pruned SELECT 1, seq, hash FROM chain WHERE journal=1 AND seq=2",
        "INSERT INTO body (place, salt, bytes) VALUES (1 << 40 | 3, x'00', x'00')",
    ):
        with pytest.raises(dbapi2.IntegrityError):
            tool.execute(sql)
    tool.close()


def test_a_mark_of_another_chain_is_found(safe, write, path):
    """A forged mark would excuse every missing body."""
    write(lambda conn: prune(conn, safe, 4))
    tool = dbapi2.connect(str(path), isolation_level=None)
    for (name,) in tool.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        tool.execute(f"DROP TRIGGER {name}")
    tool.execute("UPDATE pruned SET upto_seq = 6")
    assert ["the journal was not pruned at entry 6 of this chain"] == faults(tool)
    tool.execute("UPDATE pruned SET upto_seq = 3")
    assert ["the body of entry 4 is missing without an erase order"] == faults(tool)
    tool.close()


@pytest.mark.parametrize(
    ("keep_days", "floor"), [(0, 10), (1, 8), (2, 6), (4, 2), (5, 0), (400, 0)]
)
def test_age_is_counted_in_closings(safe, read, keep_days, floor):
    """A clock that jumps ahead would let everything go at once (P11)."""
    assert floor == read(lambda conn: retention_floor(conn, safe, keep_days))


def test_age_goes_on_over_successors(safe, write, read):
    """What a sealed journal holds would be kept for ever, or let go in the moment it is sealed."""
    clock = CountingClock(5)
    done = write(
        lambda conn: succeed(
            conn,
            safe,
            held_seq=10,
            held_hash=chains.hash_at(conn, safe, 10),
            reason="fork",
            clock_stamp=STAMP,
            random=clock.random,
        )
    )
    floors = [read(lambda conn, n=n: retention_floor(conn, safe, n)) for n in (0, 1, 4)]
    assert [10, 8, 2] == floors
    for day in (1, 2):
        write(lambda conn, day=day: sell(conn, f"later-{day}"))
        write(lambda conn, day=day: close_day(conn, day))
    floors = [read(lambda conn, n=n: retention_floor(conn, safe, n)) for n in (0, 2, 3, 4)]
    assert [10, 10, 8, 6] == floors
    own = [read(lambda conn, n=n: retention_floor(conn, done.new_id, n)) for n in (0, 1, 2)]
    assert [5, 3, 0] == own
    with pytest.raises(NotFoundFault):
        read(lambda conn: retention_floor(conn, "0" * 32, 1))


def test_the_side_lane_is_as_old_as_the_sales_it_speaks_of(write, read):
    """Names would be kept longer than the sales they belong to, or leave before them."""

    def a_day(conn, day):
        sell(conn, f"sale-{day}")
        tie = SaleAttributed(f"sale-{day}", f"ref-{day}", "party", STAMP)
        chains.append(conn, "till-1", tie, salt=b"t" * 16)
        sign_on(conn, f"actor-{day}")
        close_day(conn, day)

    for day in range(1, 4):
        write(lambda conn, day=day: a_day(conn, day))
    side = read(lambda conn: journal_of(conn, "side"))
    floors = [read(lambda conn, n=n: retention_floor(conn, side, n)) for n in range(4)]
    assert [5, 3, 1, 0] == floors
