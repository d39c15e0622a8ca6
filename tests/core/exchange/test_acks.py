"""Acks: only HQ's own word about exactly this journal counts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.exchange.acks import (
    ack_bytes,
    evidence,
    genuine,
    genuine_safe,
    make_ack,
    proves,
)
from agent.core.exchange.wire import LastAck, Pace

JOURNAL = "ab" * 16
HASH = bytes(range(32))

positions = st.tuples(
    st.text(max_size=4), st.text(max_size=4), st.integers(0, 9), st.binary(max_size=3)
)


@given(positions, positions)
def test_two_positions_are_never_the_same_bytes(one, other):
    """If they were, a signature over one position would prove another."""
    assert (one == other) == (ack_bytes(*one) == ack_bytes(*other))


def test_a_signed_ack_is_genuine(sign, verify):
    """If it were not, nothing would ever count as sent."""
    ack = make_ack(sign, epoch="1-aa", journal_id=JOURNAL, seq=7, hash_=HASH)
    assert genuine(ack, JOURNAL, verify)
    assert (HASH.hex(), 0, Pace()) == (ack.hash, ack.safe_seq, ack.next)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "2-aa"},
        {"seq": 8},
        {"hash": "00" * 32},
        {"hash": "zz"},
        {"signature": ""},
        {"signature": "zz"},
        {"seq": -1},
        {"seq": 2**80},
        {"journal_id": "cd" * 16},
    ],
)
def test_a_changed_ack_is_not_genuine(sign, verify, change):
    """If it were, a proxy could make a till believe that HQ holds its sales."""
    ack = make_ack(sign, epoch="1-aa", journal_id=JOURNAL, seq=7, hash_=HASH)
    assert not genuine(msgspec.structs.replace(ack, **change), JOURNAL, verify)


def test_an_ack_of_another_journal_is_not_genuine_here(sign, verify):
    """If it were, one till's ack could stand for another's sales."""
    ack = make_ack(sign, epoch="1-aa", journal_id="cd" * 16, seq=7, hash_=HASH)
    assert not genuine(ack, JOURNAL, verify)


def test_an_ack_is_its_own_evidence(sign, verify):
    """If it were not, a rewound HQ could not be shown what it signed."""
    pace = Pace(delay_ms=5)
    ack = make_ack(sign, epoch="1-aa", journal_id=JOURNAL, seq=7, hash_=HASH, pace=pace)
    last = evidence(ack)
    assert (7, HASH) == (last.seq, last.hash)
    assert proves(last, JOURNAL, verify)
    assert pace == ack.next


@pytest.mark.parametrize("seq", [-1, 2**63, 8])
def test_evidence_of_another_seq_proves_nothing(sign, verify, seq):
    """If it did, a till could bump HQ's epoch at will."""
    signature = sign(ack_bytes("1-aa", JOURNAL, 7, HASH))
    assert not proves(LastAck("1-aa", seq, HASH, signature), JOURNAL, verify)


def safe_ack(sign, safe_seq=3, safe_hash=b"s" * 32):
    """Sign an ack that also says how far HQ's backups reach."""
    return make_ack(
        sign,
        epoch="1-aa",
        journal_id=JOURNAL,
        seq=7,
        hash_=HASH,
        safe_seq=safe_seq,
        safe_hash=safe_hash,
    )


def test_a_signed_safe_position_over_the_own_hash_is_safe(sign, verify):
    """If it were not, no till would ever make room."""
    assert 3 == genuine_safe(safe_ack(sign), JOURNAL, b"s" * 32, verify)


@pytest.mark.parametrize(
    "change",
    [
        {"safe_seq": 4},
        {"safe_seq": 8},
        {"safe_seq": 0},
        {"safe_seq": -1},
        {"safe_hash": "00" * 32},
        {"safe_hash": "zz"},
        {"safe_signature": ""},
        {"safe_signature": "zz"},
    ],
)
def test_a_changed_safe_position_is_not_safe(sign, verify, change):
    """If it were, a proxy could make a till delete what HQ has only once."""
    ack = msgspec.structs.replace(safe_ack(sign), **change)
    assert 0 == genuine_safe(ack, JOURNAL, b"s" * 32, verify)


def test_another_journals_safe_position_is_not_safe_here(sign, verify):
    """If it were, a backup of one till would let another one prune."""
    ack = safe_ack(sign)
    assert 0 == genuine_safe(ack, "cd" * 16, b"s" * 32, verify)
    assert 0 == genuine_safe(ack, JOURNAL, None, verify)
    assert 0 == genuine_safe(ack, JOURNAL, b"o" * 32, verify)


@pytest.mark.parametrize("given", [{"safe_seq": 8}, {"safe_seq": 0}, {"safe_hash": b""}])
def test_hq_signs_no_safe_position_above_the_ack_or_without_a_hash(sign, given):
    """If it did, it would promise more than it holds."""
    ack = safe_ack(sign, **given)
    assert (0, "", "") == (ack.safe_seq, ack.safe_hash, ack.safe_signature)
