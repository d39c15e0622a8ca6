"""Successor journals: one journal ends, the next goes on, and whoever reads sees one till."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysqlite3 import dbapi2

from agent.core.entries.bodies import EntryCarried, JournalBegun, SaleCompleted
from agent.core.entries.canonical import decode, encode
from agent.core.entries.carried import holds, inner
from agent.core.entries.chain import commitment, genesis
from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.identifiers import receipt_number
from agent.journal import Journal, chains, days, lineage, sales
from agent.journal.founding import Entry
from agent.journal.successors import carried_of, succeed
from agent.journal.verify import verify
from tests.journal.shop import (
    KEY,
    STAMP,
    STORE,
    TILLS,
    CountingClock,
    close_day,
    erase,
    give_back,
    sell,
    sign_on,
)

CLOCK = CountingClock(9)


def open_of(conn, lane="sales", till="till-1"):
    return next(
        head
        for head in chains.heads(conn)
        if (head.till, head.lane, head.sealed) == (till, lane, 0)
    )


def go_on(conn, held_seq, lane="sales", reason="fork"):
    head = open_of(conn, lane)
    return succeed(
        conn,
        head.journal_id,
        held_seq=held_seq,
        held_hash=chains.hash_at(conn, head.journal_id, held_seq),
        reason=reason,
        clock_stamp=STAMP,
        random=CLOCK.random,
    )


def records(conn, journal_id):
    return chains.records(conn, journal_id, 1, 10_000)


def bodies(conn, journal_id):
    return [decode(one.kind, one.version, one.body) for one in records(conn, journal_id)]


def faults(conn):
    return [report.fault for report in verify(conn) if report.fault]


def test_a_successor_begins_with_where_it_comes_from_and_carries_the_rest(write, read):
    """HQ could not tell a successor from a stranger, and what HQ lacks would be lost."""
    for sale_id in ("a", "b", "c"):
        write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
    old = read(open_of)
    before = read(lambda conn: records(conn, old.journal_id))
    held = read(lambda conn: chains.hash_at(conn, old.journal_id, 1))
    done = write(lambda conn: go_on(conn, 1))
    assert (old.journal_id, "sales", "till-1", 1, held, 2) == (
        done.old_id,
        done.lane,
        done.till,
        done.seq,
        done.hash,
        done.carried,
    )
    begun, *carried = read(lambda conn: bodies(conn, done.new_id))
    assert JournalBegun(old.journal_id, 1, held.hex(), "fork", 2, STAMP) == begun
    assert [(2, before[1].body), (3, before[2].body)] == [
        (one.seq, one.body.encode()) for one in carried
    ]
    assert all(isinstance(one, EntryCarried) and one.verified and holds(one) for one in carried)
    heads = {head.journal_id: head for head in read(chains.heads)}
    assert (True, 1, 1) == (
        heads[old.journal_id].sealed,
        heads[old.journal_id].held_seq,
        heads[old.journal_id].due_seq,
    )
    assert (False, None, 3) == (
        heads[done.new_id].sealed,
        heads[done.new_id].held_seq,
        heads[done.new_id].due_seq,
    )
    assert heads[done.new_id].genesis == genesis(done.new_id, STORE, "till-1", "sales", KEY, held)
    assert [] == read(faults)


def test_the_predecessor_can_be_read_of_each_journal(write, read):
    """Enrolment could not say where a successor comes from."""
    write(lambda conn: sell(conn, "a"))
    done = write(lambda conn: go_on(conn, 1, reason="older-than-hq"))
    found = read(lambda conn: lineage.predecessor(conn, done.new_id))
    assert (done.old_id, 1, done.hash.hex(), "older-than-hq") == (
        found.journal_id,
        found.seq,
        found.hash,
        found.reason,
    )
    assert read(lambda conn: lineage.predecessor(conn, done.old_id)) is None
    assert done.new_id == read(lambda conn: lineage.successor(conn, done.old_id))
    assert read(lambda conn: lineage.successor(conn, done.new_id)) is None


def test_numbers_begin_anew_and_never_repeat(write, read):
    """A receipt number that was given twice cannot be explained to anybody."""
    for sale_id in ("a", "b"):
        write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
    write(lambda conn: close_day(conn, 1))
    done = write(lambda conn: go_on(conn, 0))
    assert (done.new_id, 1) == read(lambda conn: chains.next_receipt(conn, "till-1"))
    assert 1 == read(lambda conn: days.z_number(conn, "till-1"))
    write(lambda conn: sell(conn, "c"))
    write(lambda conn: close_day(conn, 1))
    assert [] == read(faults)


def test_carried_sales_are_found_by_id_by_receipt_and_as_the_latest(write, read):
    """A customer who comes back with goods would be sent away."""
    for sale_id in ("a", "b", "c"):
        write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
    done = write(lambda conn: go_on(conn, 1))
    numbers = [receipt_number(STORE, "till-1", done.old_id, n) for n in (1, 2, 3)]
    found = read(lambda conn: [sales.by_receipt(conn, number).sale_id for number in numbers])
    assert ["a", "b", "c"] == found
    assert numbers[1] == read(lambda conn: sales.completed(conn, "b")).receipt_no
    latest = read(lambda conn: sales.recent(conn, "till-1", 2))
    assert ["c", "b"] == [sale.sale_id for sale in latest]
    write(lambda conn: sell(conn, "d"))
    write(lambda conn: sell(conn, "back", lines=(give_back("b", 1, 500),)))
    latest = read(lambda conn: sales.recent(conn, "till-1", 9))
    assert ["back", "d", "c", "b", "a"] == [sale.sale_id for sale in latest]
    assert {1: 500} == read(lambda conn: sales.returned(conn, "b"))
    with pytest.raises(StateFault, match="recorded already"):
        write(lambda conn: sell(conn, "c"))
    assert [] == read(faults)


def day(conn):
    return [
        body.sale_id if isinstance(body, SaleCompleted) else body.__struct_config__.tag
        for body in days.since_opened(conn, "till-1")
    ]


@pytest.mark.parametrize("held", [0, 1, 2, 3, 4])
def test_a_day_over_two_journals_is_one_day(write, read, held):
    """The Z report would leave out, or count twice, what was sold before the successor began."""
    write(lambda conn: sell(conn, "yesterday"))
    write(lambda conn: close_day(conn, 1))
    write(lambda conn: sell(conn, "a"))
    write(lambda conn: sell(conn, "b"))
    write(lambda conn: go_on(conn, held))
    assert ["a", "b", "journal.begun"] == read(day)
    write(lambda conn: sell(conn, "c"))
    assert ["a", "b", "journal.begun", "c"] == read(day)
    write(lambda conn: close_day(conn, 1))
    assert [] == read(day)
    write(lambda conn: sell(conn, "d"))
    assert ["d"] == read(day)
    assert [] == read(faults)


def test_a_successor_of_a_successor_carries_without_nesting(write, read):
    """Entries wrapped in entries wrapped in entries would grow with every fork."""
    write(lambda conn: sell(conn, "a"))
    write(lambda conn: sell(conn, "b"))
    first = write(lambda conn: go_on(conn, 0))
    write(lambda conn: sell(conn, "c"))
    second = write(lambda conn: go_on(conn, 0))
    begun, *carried = read(lambda conn: bodies(conn, second.new_id))
    assert (first.new_id, 4) == (begun.predecessor, begun.carried)
    told = [(one.journal, one.seq, inner(one).__struct_config__.tag) for one in carried]
    assert [
        (first.new_id, 1, "journal.begun"),
        (first.old_id, 1, "sale.completed"),
        (first.old_id, 2, "sale.completed"),
        (first.new_id, 4, "sale.completed"),
    ] == told
    latest = read(lambda conn: sales.recent(conn, "till-1", 9))
    assert ["c", "b", "a"] == [sale.sale_id for sale in latest]
    assert ["a", "b", "journal.begun", "c", "journal.begun"] == read(day)
    assert [] == read(faults)


def test_an_erased_entry_is_carried_as_its_commitment(write, read):
    """What was erased would come back, or hold up what follows."""
    write(lambda conn: sign_on(conn, "anna"))
    write(lambda conn: sign_on(conn, "bert"))
    old = read(lambda conn: open_of(conn, "side"))
    write(lambda conn: erase(conn, old.journal_id, 1, order_id="order-7", at="now"))
    done = write(lambda conn: go_on(conn, 0, "side"))
    _, erased, kept = read(lambda conn: bodies(conn, done.new_id))
    assert ("", "", "order-7") == (erased.salt, erased.body, erased.erased_by)
    assert inner(erased) is None
    assert "bert" == inner(kept).actor
    facts = read(lambda conn: chains.entries(conn, "till-1", "side", 1))
    assert ["bert"] == [body.actor for _, body in facts]
    assert "bert" == read(lambda conn: chains.body_at(conn, done.new_id, 3)).actor
    assert [] == read(faults)


def test_an_order_erases_carried_copies_too(write, read):
    """A name that HQ had erased would live on in the successor."""
    write(lambda conn: sign_on(conn, "anna"))
    first = write(lambda conn: go_on(conn, 0, "side"))
    second = write(lambda conn: go_on(conn, 0, "side"))
    write(lambda conn: erase(conn, first.old_id, 1, order_id="order-7", at="now"))
    texts = read(lambda conn: [row[0] for row in conn.execute("SELECT bytes FROM body").fetchall()])
    assert not [text for text in texts if b"anna" in text]
    assert ["order-7"] == [
        one.erased_by for one in read(lambda conn: records(conn, second.new_id)) if one.erased_by
    ]
    third = write(lambda conn: go_on(conn, 0, "side"))
    assert [] == read(faults)
    assert "order-7" in [
        getattr(body, "erased_by", "") for body in read(lambda conn: bodies(conn, third.new_id))
    ]


def test_a_sealed_journal_takes_nothing_more(write, read, path):
    """An entry behind the seal would be in no journal HQ is told of."""
    write(lambda conn: sell(conn, "a"))
    done = write(lambda conn: go_on(conn, 1))
    tool = dbapi2.connect(str(path), isolation_level=None)
    for sql in (
        "INSERT INTO chain VALUES (1, 2, 2, 1, x'00', x'00', 1, 0, 0)",
        "UPDATE journal SET sealed = 0 WHERE no = 1",
        "UPDATE journal SET till = 'till-9'",
        "DELETE FROM journal",
        "UPDATE succession SET seq = 0",
        "DELETE FROM succession",
    ):
        with pytest.raises(dbapi2.IntegrityError):
            tool.execute(sql)
    tool.close()
    with pytest.raises(StateFault) as ended:
        write(
            lambda conn: succeed(
                conn,
                done.old_id,
                held_seq=1,
                held_hash=done.hash,
                reason="fork",
                clock_stamp=STAMP,
                random=CLOCK.random,
            )
        )
    assert "journal-sealed" == ended.value.name
    assert [] == read(faults)


@pytest.mark.parametrize(
    ("changes", "error", "name"),
    [
        ({"held_seq": 2}, StateFault, "not-held"),
        ({"held_hash": b"x" * 32}, StateFault, "not-held"),
        ({"held_seq": 9}, StateFault, "not-held"),
        ({"reason": "mood"}, InputFault, "unknown-reason"),
        ({"journal_id": "0" * 32}, NotFoundFault, "no-such-journal"),
    ],
)
def test_nothing_is_succeeded_on_a_guess(write, read, changes, error, name):
    """A successor of an entry nobody holds could never be tied to its predecessor at HQ."""
    write(lambda conn: sell(conn, "a"))
    head = read(open_of)
    known = {"journal_id": head.journal_id, "held_seq": 1, "held_hash": head.tail_hash}
    known |= {"reason": "fork", "clock_stamp": STAMP, "random": CLOCK.random} | changes
    with pytest.raises(error) as refused:
        write(lambda conn: succeed(conn, **known))
    assert name == refused.value.name
    assert not any(each.sealed for each in read(chains.heads))


def test_a_body_of_either_lane_wants_a_lane(write):
    """It would be written into the wrong journal by chance."""
    begun = JournalBegun("0" * 32, 0, "", "fork", 0, STAMP)
    for lane in (None, "either"):
        with pytest.raises(InputFault) as refused:
            write(
                lambda conn, lane=lane: chains.append(
                    conn, "till-1", begun, salt=b"s" * 16, lane=lane
                )
            )
        assert "lane-missing" == refused.value.name
    for lane in ("sales", "side"):
        done = write(
            lambda conn, lane=lane: chains.append(conn, "till-1", begun, salt=b"s" * 16, lane=lane)
        )
        assert lane == done.lane


def test_a_journal_with_a_successor_starts_again(open_journal):
    """The next start would refuse what the last run left in order."""
    journal = open_journal()
    journal.write_blocking(lambda conn: sell(conn, "a"))
    done = journal.write_blocking(lambda conn: go_on(conn, 0))
    journal.close()
    again = open_journal()
    assert done.new_id == again.read_blocking(open_of).journal_id
    again.write_blocking(lambda conn: sell(conn, "b"))
    assert [] == again.read_blocking(faults)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_sale_is_lost_or_doubled_over_any_chain_of_successors(tmp_path_factory, data):
    """Somewhere between two forks a sale would vanish from the till's own books."""
    path = tmp_path_factory.mktemp("forks") / "journal.db"
    clock = CountingClock(3)
    with Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=clock) as journal:
        sold, open_day, z_number = [], [], 1
        steps = st.lists(st.sampled_from(["sell", "sell", "close", "fork"]), max_size=14)
        for step in data.draw(steps):
            if step == "sell":
                sale_id = f"sale-{len(sold)}"
                journal.write_blocking(lambda conn, one=sale_id: sell(conn, one))
                sold.append(sale_id)
                open_day.append(sale_id)
            elif step == "close":
                z_number = journal.read_blocking(lambda conn: days.z_number(conn, "till-1"))
                journal.write_blocking(lambda conn, n=z_number: close_day(conn, n))
                open_day = []
            else:
                tail = journal.read_blocking(open_of).tail_seq
                held = data.draw(st.integers(0, tail))
                journal.write_blocking(lambda conn, held=held: go_on(conn, held))
        shown = journal.read_blocking(day)
        assert open_day == [one for one in shown if one.startswith("sale-")]
        latest = journal.read_blocking(lambda conn: sales.recent(conn, "till-1", 99))
        assert sold[::-1] == [sale.sale_id for sale in latest]
        for sale_id in sold:
            sale = journal.read_blocking(lambda conn, one=sale_id: sales.completed(conn, one))
            assert sale == journal.read_blocking(
                lambda conn, n=sale.receipt_no: sales.by_receipt(conn, n)
            )
            assert encode(sale)
        assert [] == journal.read_blocking(faults)


def test_what_is_carried_late_belongs_to_its_own_day(write, read):
    """A Z report would count yesterday's sales again, because HQ asked for them today."""
    for sale_id in ("a", "b"):
        write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
    old = read(open_of)
    write(lambda conn: go_on(conn, 2))
    write(lambda conn: sell(conn, "c"))
    write(lambda conn: close_day(conn, 1))
    write(lambda conn: sell(conn, "d"))

    def late(conn):
        for record in chains.records(conn, old.journal_id, 1, 2):
            entry = Entry(
                record.seq,
                record.kind,
                record.version,
                commitment(record.salt, record.body),
                b"",
                record.salt,
                record.body,
            )
            body = carried_of(old.journal_id, entry)
            chains.append(conn, "till-1", body, salt=b"s" * 16, lane="sales")

    write(late)
    write(lambda conn: sell(conn, "e"))
    assert ["d", "e"] == read(day)
    latest = read(lambda conn: sales.recent(conn, "till-1", 9))
    assert {"a", "b", "c", "d", "e"} == {sale.sale_id for sale in latest}
    assert "e" == latest[0].sale_id
    assert [] == read(faults)
    write(lambda conn: go_on(conn, 0))
    assert ["d", "e"] == [one for one in read(day) if len(one) == 1]
    write(lambda conn: close_day(conn, 1))
    assert [] == read(day)
