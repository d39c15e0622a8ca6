"""HQ's decision: recompute everything, believe nothing, overwrite nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.exchange import intake
from agent.core.exchange.acks import evidence
from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.in_step import AGREEMENT_BYTES, agreed, lean
from agent.core.exchange.wire import Behind, Fork, LastAck, WireRecord


@pytest.fixture
def journal(journal):
    for n in range(6):
        journal.append(b'{"n":%d}' % n)
    return journal


def test_what_is_new_is_accepted_with_recomputed_hashes(journal, hq):
    """If HQ believed a till's hashes, an altered body would pass."""
    decision = hq.decide(journal.batch(1, 4))
    assert [1, 2, 3, 4] == [row.seq for row in decision.rows]
    assert journal.hashes[1:5] == [row.hash for row in decision.rows]
    assert (4, journal.hashes[4]) == (decision.seq, decision.hash)
    assert journal.records[0].body == decision.rows[0].body


@given(pieces=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 6)), max_size=12))
def test_any_pieces_in_any_order_leave_a_gapless_prefix(world, pieces):
    """If they did not, a resend after a lost reply would double or lose a sale."""
    journal, hq = world()
    for n in range(6):
        journal.append(b"%d" % n)
    for base, limit in pieces:
        hq.take(journal.batch(base, limit))
        assert journal.hashes[1 : len(hq.rows) + 1] == [row.hash for row in hq.rows]
    assert 6 == hq.take(journal.batch(1, 6)).seq == len(hq.rows)


def test_overlap_is_a_success_without_new_rows(journal, hq):
    """If it were an error, a till whose reply was lost would never get its ack."""
    hq.take(journal.batch(1, 4))
    again = hq.decide(journal.batch(2, 2))
    assert ((), 4, journal.hashes[4]) == (again.rows, again.seq, again.hash)
    more = hq.decide(journal.batch(3, 3))
    assert [5] == [row.seq for row in more.rows]


def test_a_heartbeat_is_answered_by_the_position(journal, hq):
    """If it were not, a till in doubt could not ask without sending."""
    hq.take(journal.batch(1, 6))
    assert 6 == hq.decide(journal.batch(7, 0, tail_seq=6)).seq


def test_a_gap_is_behind(journal, hq):
    """If a gap were stored, a missing sale would never be noticed."""
    hq.take(journal.batch(1, 2))
    assert Behind("1-aa", 2, journal.hashes[2].hex()) == hq.decide(journal.batch(4, 2))


@pytest.mark.parametrize("at", [1, 3])
def test_another_record_under_a_held_number_is_a_fork(journal, hq, world, at):
    """If it were an overwrite, history could be rewritten from a till."""
    hq.take(journal.batch(1, 4))
    other, _ = world()
    for n in range(1, 5):
        other.append(b"changed" if n == at else journal.records[n - 1].body)
    fork = Fork(at, journal.hashes[at].hex(), common_seq=at - 1)
    assert fork == hq.decide(other.batch(1, 4))
    assert 4 == len(hq.rows)


def test_another_past_under_a_new_number_is_a_fork(journal, hq):
    """If only overlap were compared, a rewritten past could be continued."""
    hq.take(journal.batch(1, 4))
    decision = hq.decide(journal.batch(5, 1, prev_hash=bytes(32)))
    assert Fork(4, journal.hashes[4].hex()) == decision


def test_another_genesis_is_a_fork(journal, hq):
    """If it were not, a journal could be moved to another till or device."""
    decision = hq.decide(journal.batch(1, 1, prev_hash=bytes(32)))
    assert Fork(0, journal.hashes[0].hex()) == decision


def test_a_position_hq_cannot_look_up_is_a_fork(journal, hq):
    """If it were accepted, a damaged HQ would believe anything about its own past."""
    hq.take(journal.batch(1, 4))
    held = msgspec.structs.replace(hq.held(), hash_at=lambda _: None)
    assert Fork(2, "") == intake.decide(held, journal.batch(3, 1), lambda *_: True)


def test_a_retired_incarnation_is_a_fork(journal, hq):
    """If it were not, a copied journal could go on selling beside the first."""
    hq.retired = frozenset({"first"})
    assert Fork(0, journal.hashes[0].hex(), common_seq=0) == hq.decide(journal.batch(1, 1))
    assert isinstance(hq.decide(journal.batch(1, 1, incarnation="second")), intake.Accept)


@pytest.mark.parametrize(("base", "limit", "common"), [(1, 6, 4), (3, 0, 2), (5, 1, 4), (6, 1, -1)])
def test_a_fork_says_what_of_the_batch_both_share(journal, hq, base, limit, common):
    """If it did not, a copied till would send its whole journal again in its successor."""
    hq.take(journal.batch(1, 4))
    hq.retired = frozenset({"first"})
    assert common == hq.decide(journal.batch(base, limit)).common_seq


def test_an_erased_record_verifies_by_its_commitment(journal, hq):
    """If it did not, erasing a person would break the chain for every later sale."""
    first = hq.decide(journal.batch(1, 1)).rows[0]
    erased = WireRecord(1, 1, 1, b"", b"", first.commitment, "order-1")
    row = hq.decide(journal.batch(1, 1, records=(erased,))).rows[0]
    assert (first.hash, b"", "order-1") == (row.hash, row.body, row.erased_by)


def test_evidence_hq_still_holds_changes_nothing(journal, hq):
    """If it did, every batch after the first would be refused."""
    last = evidence(hq.take(journal.batch(1, 3)))
    assert 5 == hq.decide(journal.batch(4, 2, last)).seq


def test_a_till_in_step_needs_no_evidence(journal, hq):
    """If it did, a third of each single sale on the wire would be proofs of what both know."""
    last = evidence(hq.take(journal.batch(1, 3)))
    said = agreed(last, "1-aa", 3, journal.hashes[3])
    batch = lean(journal.batch(4, 2, last, in_step=said))
    assert (b"", None) == (batch.prev_hash, batch.last_ack)
    decision = hq.decide(batch)
    assert (5, journal.hashes[5]) == (decision.seq, decision.hash)
    assert journal.hashes[4:6] == [row.hash for row in decision.rows]
    hq.take(batch)
    assert ((), 5) == (hq.decide(batch).rows, hq.decide(batch).seq)


@pytest.mark.parametrize("lost", ["rows", "epoch", "past", "forged", "base"])
def test_who_is_not_in_step_is_asked_for_everything(journal, hq, world, lost):
    """If HQ took it at its word, it would go on in a past it does not hold."""
    last = evidence(hq.take(journal.batch(1, 4)))
    batch = journal.batch(5, 1, last, in_step=agreed(last, "1-aa", 4, journal.hashes[4]))
    if lost == "rows":
        del hq.rows[2:]
    elif lost == "epoch":
        hq.epoch = "2-bb"
    elif lost == "past":
        other, hq.rows = world()[0], []
        for n in range(4):
            other.append(b"other %d" % n)
        hq.take(other.batch(1, 4))
    elif lost == "forged":
        batch = msgspec.structs.replace(batch, in_step=bytes(16))
    else:
        batch = msgspec.structs.replace(batch, base=-3)
    assert intake.behind(hq.held()) == hq.decide(lean(batch))


def test_only_hqs_last_ack_of_this_very_position_puts_a_till_in_step(journal, hq):
    """If an older one did, a till would take itself to be where HQ has never seen it."""
    last = evidence(hq.take(journal.batch(1, 4)))
    assert AGREEMENT_BYTES == len(agreed(last, "1-aa", 4, journal.hashes[4]))
    for said in (("2-bb", 4, journal.hashes[4]), ("1-aa", 5, journal.hashes[4])):
        assert b"" == agreed(last, *said)
    assert b"" == agreed(last, "1-aa", 4, journal.hashes[3])
    assert b"" == agreed(None, "1-aa", 4, journal.hashes[4])
    assert lean(journal.batch(5, 1, last)).last_ack is last


def test_lost_time_is_learned_from_hqs_own_signature(journal, hq):
    """If it were not, an HQ restored from a backup would miss sales for ever."""
    last = evidence(hq.take(journal.batch(1, 4)))
    del hq.rows[2:]
    assert intake.Rewound(last, 2) == hq.decide(journal.batch(5, 1, last))


def test_a_later_epoch_under_hqs_signature_is_lost_time(journal, hq):
    """If it were not, an HQ restored to before its last incident would live twice in one epoch."""
    hq.epoch = "3-cc"
    last = evidence(hq.take(journal.batch(1, 4)))
    hq.epoch = "2-bb"
    assert intake.Rewound(last, 4) == hq.decide(journal.batch(5, 1, last))


@pytest.mark.parametrize("now", ["2-bb", "1-bb"])
def test_an_older_epoch_is_told_the_present_one(journal, hq, now):
    """If it were not, a till would never send again what a restored HQ has lost."""
    last = evidence(hq.take(journal.batch(1, 4)))
    hq.epoch = now
    expected = Behind(now, 4, journal.hashes[4].hex(), "epoch")
    assert expected == hq.decide(journal.batch(5, 1, last))


def test_evidence_of_another_past_is_a_fork(journal, hq):
    """If it were not, HQ could replace what it had acknowledged."""
    last = evidence(hq.ack(2, bytes(32)))
    hq.take(journal.batch(1, 4))
    fork = Fork(2, journal.hashes[2].hex(), common_seq=4)
    assert fork == hq.decide(journal.batch(5, 1, last))


def test_evidence_without_hqs_signature_is_that_tills_fault_alone(journal, hq):
    """If it bumped the epoch, one till could make all others send everything again."""
    last = LastAck("1-aa", 99, bytes(32), b"forged")
    with pytest.raises(MalformedBatch, match="signature") as caught:
        hq.decide(journal.batch(1, 1, last))
    assert "bad-last-ack" == caught.value.name
    assert "1-aa" == hq.epoch


def a_record(seq: int = 1, **changes) -> WireRecord:
    values = {"seq": seq, "kind": 1, "version": 1, "salt": bytes(16), "body": b"{}"}
    return WireRecord(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"journal_id": "cd" * 16}, "of journal"),
        ({"base": 0}, "no place"),
        ({"prev_hash": b"short"}, "no place"),
        ({"tail_seq": 0}, "own tail"),
        ({"tail_seq": 2**63}, "a number"),
        ({"pruned_seq": 2**63}, "a number"),
        ({"backlog_bytes": 2**64 - 1}, "a number"),
        ({"oldest_unacked_age_s": -(2**63) - 1}, "a number"),
        ({"incarnation": "a\0b"}, "a text"),
        ({"agent_version": "1" * 1001}, "a text"),
        ({"wall": "\0"}, "a text"),
        ({"feed_cursors": {"\0": ""}}, "a text"),
        ({"feed_cursors": {"global": "\0"}}, "a text"),
        ({"records": (a_record(erased_by="\0"), a_record(2))}, "a text"),
        ({"records": (a_record(1), a_record(3))}, "seq 3 stands"),
        ({"records": (a_record(kind=65536),)}, "out of range"),
        ({"records": (a_record(version=-1),)}, "out of range"),
        ({"records": (a_record(salt=b""),)}, "salt"),
        ({"records": (a_record(commitment=bytes(32)),)}, "salt"),
        ({"records": (a_record(erased_by="order-1"),)}, "erased"),
    ],
)
def test_what_no_correct_till_sends_is_malformed_by_name(journal, hq, changes, reason):
    """If it were stored, its hashes would mean nothing; if it crashed, HQ would stop."""
    with pytest.raises(MalformedBatch, match=reason):
        hq.decide(msgspec.structs.replace(journal.batch(1, 2), **changes))
    assert [] == hq.rows
