"""Appending to the journals and reading them back."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import CashierSigned, SaleCompleted
from agent.core.entries.canonical import encode
from agent.core.entries.chain import commitment, genesis, link
from agent.core.exchange.wire import WireRecord
from agent.core.faults import NotFoundFault, StateFault
from agent.journal import chains
from tests.journal.shop import KEY, STORE, close_day, completed, erase, sell, sign_on


def head_of(journal, till, lane):
    heads = journal.read_blocking(chains.heads)
    return next(head for head in heads if (head.till, head.lane) == (till, lane))


def test_every_till_has_two_journals_from_the_start(read):
    """A till without a journal could not sell; one journal for both lanes would mix their order."""
    heads = read(chains.heads)
    assert [(head.till, head.lane) for head in heads] == [
        ("till-1", "sales"),
        ("till-1", "side"),
        ("till-2", "sales"),
        ("till-2", "side"),
    ]
    assert all(
        head.genesis == genesis(head.journal_id, STORE, head.till, head.lane, KEY)
        and (head.tail_seq, head.tail_hash, head.sealed) == (0, head.genesis, False)
        for head in heads
    )


def test_appended_entry_moves_its_head_and_no_other(journal, write):
    """A head that does not follow its chain would let a number be given twice."""
    before = head_of(journal, "till-1", "sales")
    appended = write(lambda conn: sell(conn, "sale-a"))
    after = head_of(journal, "till-1", "sales")
    assert appended == chains.Appended(before.journal_id, 1, after.tail_hash, "sales")
    assert after.tail_seq == 1
    assert head_of(journal, "till-2", "sales").tail_seq == 0
    assert head_of(journal, "till-1", "side").tail_seq == 0


def test_chain_hashes_are_those_of_the_core(journal, write, read):
    """HQ recomputes each hash: one of another recipe would be refused for ever."""
    previous = head_of(journal, "till-1", "sales")
    for number, sale_id in enumerate(("sale-a", "sale-b", "sale-c"), start=1):
        appended = write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
        [record] = read(lambda conn, n=number: chains.records(conn, previous.journal_id, n, 1))
        committed = commitment(record.salt, record.body)
        previous_hash = read(
            lambda conn, n=number: chains.hash_at(conn, previous.journal_id, n - 1)
        )
        expected = link(previous.journal_id, number, previous_hash, 1, 1, committed)
        assert appended.hash == expected


def test_kinds_go_to_their_lanes(journal, write):
    """A cashier's sign-on in the `sales` journal would hold up money behind personal data."""
    assert write(lambda conn: sign_on(conn, "anna")).lane == "side"
    assert write(lambda conn: sell(conn, "sale-a")).lane == "sales"
    assert head_of(journal, "till-1", "side").tail_seq == 1


def test_receipt_numbers_are_contiguous_and_taken_by_the_sale(journal, write, read):
    """A number that is given without a sale leaves a gap the tax office asks about."""
    journal_id, first = read(lambda conn: chains.next_receipt(conn, "till-1"))
    assert (journal_id, first) == (head_of(journal, "till-1", "sales").journal_id, 1)
    assert read(lambda conn: chains.next_receipt(conn, "till-1"))[1] == 1
    write(lambda conn: sell(conn, "sale-a"))
    assert read(lambda conn: chains.next_receipt(conn, "till-1"))[1] == 2
    assert read(lambda conn: chains.next_receipt(conn, "till-2"))[1] == 1


def test_sale_is_recorded_once(write, read):
    """A repeated completion would be a second sale."""
    write(lambda conn: sell(conn, "sale-a"))
    with pytest.raises(StateFault) as caught:
        write(lambda conn: sell(conn, "sale-a"))
    assert caught.value.name == "already-recorded"
    with pytest.raises(StateFault):
        write(lambda conn: sell(conn, "sale-a", "till-2"))
    assert read(lambda conn: chains.next_receipt(conn, "till-1"))[1] == 2


def test_receipt_number_out_of_order_is_refused(write, read):
    """A sale with a number of its own making would open a gap or repeat a number."""
    body = completed("sale-a", "store-1-till-1-abcd-7")
    with pytest.raises(StateFault) as caught:
        write(lambda conn: chains.append(conn, "till-1", body, salt=b"s" * 16))
    assert caught.value.name == "receipt-out-of-order"
    assert [head.tail_seq for head in read(chains.heads)] == [0, 0, 0, 0]


def test_z_number_out_of_order_is_refused(write):
    """A day's report with a number of its own making would hide another day's."""
    write(lambda conn: close_day(conn, 1))
    with pytest.raises(StateFault) as caught:
        write(lambda conn: close_day(conn, 3))
    assert caught.value.name == "z-out-of-order"
    write(lambda conn: close_day(conn, 2))


def test_unknown_till_is_named(write):
    """A misspelt till must not begin a journal nobody sends."""
    with pytest.raises(NotFoundFault) as caught:
        write(lambda conn: sell(conn, "sale-a", "till-9"))
    assert caught.value.name == "unknown-till"


def test_records_are_the_bytes_that_were_sealed(write, read):
    """Bodies travel verbatim: one re-encoded byte would break the chain at HQ."""
    appended = [write(lambda conn, n=n: sell(conn, f"sale-{n}")) for n in range(5)]
    journal_id = appended[0].journal_id
    records = read(lambda conn: chains.records(conn, journal_id, 2, 3))
    assert [record.seq for record in records] == [2, 3, 4]
    body = read(lambda conn: chains.body_at(conn, journal_id, 3))
    assert isinstance(body, SaleCompleted)
    assert records[1] == WireRecord(3, 1, 1, b"sale-2".ljust(16, b"\0"), encode(body))
    assert read(lambda conn: chains.records(conn, journal_id, 6, 3)) == []


def test_erased_record_travels_as_its_commitment(write, read):
    """An erased body must stop nothing: the rest of the journal still has to reach HQ."""
    appended = write(lambda conn: sign_on(conn, "anna"))
    journal_id = appended.journal_id
    [before] = read(lambda conn: chains.records(conn, journal_id, 1, 1))
    write(lambda conn: erase(conn, journal_id, 1, order_id="order-7", at="now"))
    write(lambda conn: sign_on(conn, "bert"))
    erased, after = read(lambda conn: chains.records(conn, journal_id, 1, 9))
    committed = commitment(before.salt, before.body)
    assert erased == WireRecord(1, 120, 1, b"", b"", committed, "order-7")
    assert after.erased_by == ""
    assert read(lambda conn: chains.body_at(conn, journal_id, 1)) is None
    entries = read(lambda conn: chains.entries(conn, "till-1", "side", 0))
    assert [(seq, body.actor) for seq, body in entries] == [(2, "bert")]


def test_entries_are_read_from_a_position(write, read):
    """The till folds its own entries above what HQ has shown: one too many would count twice."""
    for actor in "abcd":
        write(lambda conn, actor=actor: sign_on(conn, actor))
    found = read(lambda conn: chains.entries(conn, "till-1", "side", 2))
    assert [(seq, body.actor) for seq, body in found] == [(3, "c"), (4, "d")]
    assert len(read(lambda conn: chains.entries(conn, "till-1", "side", 0, limit=3))) == 3
    assert read(lambda conn: chains.entries(conn, "till-2", "side", 0)) == []


def test_body_at_reads_a_fact(write, read):
    """A history that names an entry must be able to show it."""
    appended = write(lambda conn: sign_on(conn, "anna"))
    body = read(lambda conn: chains.body_at(conn, appended.journal_id, 1))
    assert isinstance(body, CashierSigned)
    assert read(lambda conn: chains.body_at(conn, appended.journal_id, 2)) is None
    assert read(lambda conn: chains.body_at(conn, "0" * 32, 1)) is None


def test_hash_at_every_position(journal, write, read):
    """Sync compares HQ's word with the own chain: a wrong hash would look like a fork."""
    appended = write(lambda conn: sell(conn, "sale-a"))
    head = head_of(journal, "till-1", "sales")
    assert read(lambda conn: chains.hash_at(conn, head.journal_id, 0)) == head.genesis
    assert read(lambda conn: chains.hash_at(conn, head.journal_id, 1)) == appended.hash
    for journal_id, seq in ((head.journal_id, 2), ("0" * 32, 0), ("0" * 32, 1)):
        with pytest.raises(NotFoundFault):
            read(lambda conn, at=(journal_id, seq): chains.hash_at(conn, *at))


def test_erasing_twice_or_nothing(write):
    """A repeated order must be harmless, and one for an entry that never was must be told."""
    journal_id = write(lambda conn: sign_on(conn, "anna")).journal_id
    for _ in range(2):
        write(lambda conn: erase(conn, journal_id, 1, order_id="order-7", at="now"))
    with pytest.raises(NotFoundFault):
        write(lambda conn: erase(conn, journal_id, 2, order_id="order-7", at="now"))
