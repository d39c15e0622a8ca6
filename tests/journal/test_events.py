"""Events, positions, tokens and small values."""

from __future__ import annotations

import pytest

from agent.core.faults import StateFault
from agent.journal import chains, cursors, events, pairing, registry
from agent.journal.cursors import Acked
from agent.journal.events import Event
from tests.journal.shop import sell


def test_events_of_a_till_after_a_cursor(write, read):
    """A page that comes back must see what it missed: all of it, once, and of its own till."""
    first = write(lambda conn: events.add(conn, "till-1", "scan", "t1", {"n": 1}))
    write(lambda conn: events.add(conn, "till-2", "scan", "t2", {"n": 2}))
    third = write(lambda conn: events.add(conn, "till-1", "sale", "t3", {"n": 3}))
    found = read(lambda conn: events.after(conn, "till-1", 0, 9))
    assert found == [Event(first, "scan", "t1", {"n": 1}), Event(third, "sale", "t3", {"n": 3})]
    assert read(lambda conn: events.after(conn, "till-1", first, 9)) == found[1:]
    assert read(lambda conn: events.after(conn, "till-1", 0, 1)) == found[:1]
    assert read(lambda conn: events.after(conn, "till-1", third, 9)) == []
    assert read(events.newest) == third


def test_newest_before_the_first_event(read):
    """A page on a fresh agent must begin at the beginning."""
    assert read(events.newest) == 0


def test_old_events_are_dropped_in_small_steps(write, read, monkeypatch):
    """Events would fill the disk, or one sale would wait for a great cleaning up."""
    monkeypatch.setattr(events, "PRUNE_EVERY", 4)
    monkeypatch.setattr(events, "PRUNE_STEP", 5)
    monkeypatch.setattr(events, "KEPT", 10)
    for _ in range(40):
        last = write(lambda conn: events.add(conn, "till-1", "scan", "t", {}))
    found = read(lambda conn: events.after(conn, "till-1", 0, 99))
    assert [event.cursor for event in found] == list(range(31, 41))
    assert last == 40


def test_cursors_grow_over_pruning_and_restart(open_journal):
    """A cursor given twice would hide an event from a page that has seen the first one."""
    first = open_journal()
    seen = first.write_blocking(lambda conn: events.add(conn, "till-1", "scan", "t", {}))
    first.close()
    second = open_journal()
    assert second.signals.events.value == seen
    assert second.write_blocking(lambda conn: events.add(conn, "till-1", "x", "t", {})) > seen


@pytest.fixture
def journal_id(write):
    """A journal with three entries."""
    for sale_id in "abc":
        appended = write(lambda conn, sale_id=sale_id: sell(conn, sale_id))
    return appended.journal_id


def test_position_is_none_before_the_first_ack(read, journal_id):
    """A journal HQ never saw must be sent from its first entry."""
    assert read(lambda conn: cursors.acked(conn, journal_id)) is None


def test_ack_is_kept_with_its_evidence(write, read, journal_id):
    """Without HQ's signature the till could not prove to a restored HQ what it had."""
    ack = Acked("e1", 2, b"h" * 32, b"s" * 64, 1)
    assert write(lambda conn: cursors.set_acked(conn, journal_id, ack)) == ack
    assert read(lambda conn: cursors.acked(conn, journal_id)) == ack
    other = next(head for head in read(chains.heads) if head.journal_id != journal_id)
    assert read(lambda conn: cursors.acked(conn, other.journal_id)) is None


def test_position_only_grows_within_an_epoch(write, read, journal_id):
    """A late, older ack would make the till send everything again."""
    newer = Acked("e1", 3, b"h" * 32, b"s" * 64, 2)
    write(lambda conn: cursors.set_acked(conn, journal_id, newer))
    older = Acked("e1", 1, b"g" * 32, b"s" * 64, 0)
    assert write(lambda conn: cursors.set_acked(conn, journal_id, older)) == newer
    unsafe = Acked("e1", 3, b"h" * 32, b"s" * 64, 0)
    assert write(lambda conn: cursors.set_acked(conn, journal_id, unsafe)).safe_seq == 2
    assert read(lambda conn: cursors.acked(conn, journal_id)).safe_seq == 2


def test_new_epoch_begins_anew(write, journal_id):
    """A rewound HQ that holds less must be believed, or it would never get the rest again."""
    old = Acked("e1", 3, b"h" * 32, b"s" * 64, 3)
    write(lambda conn: cursors.set_acked(conn, journal_id, old))
    rewound = Acked("e2", 1, b"g" * 32, b"t" * 64, 0)
    assert write(lambda conn: cursors.set_acked(conn, journal_id, rewound)) == rewound


def test_token_speaks_for_its_till_until_revoked(write, read):
    """A token that outlives its withdrawal leaves the till open to whoever has it."""
    for token in ("hash-a", "hash-b"):
        write(lambda conn, token=token: pairing.issue(conn, "till-1", token, "now"))
    write(lambda conn: pairing.issue(conn, "till-2", "hash-c", "now"))
    assert read(lambda conn: pairing.find(conn, "hash-a")) == "till-1"
    assert read(lambda conn: pairing.find(conn, "hash-x")) is None
    assert len(write(lambda conn: pairing.revoke(conn, "till-1"))) == 2
    assert read(lambda conn: pairing.find(conn, "hash-a")) is None
    assert read(lambda conn: pairing.find(conn, "hash-c")) == "till-2"


def test_small_values_are_kept_and_forgotten(write, read):
    """The credential must be there after a restart, and gone when it is withdrawn."""
    assert read(lambda conn: registry.get(conn, "credential")) is None
    for value in ({"a": [1, None, "x"]}, "text", 7, False, []):
        write(lambda conn, value=value: registry.put(conn, "credential", value))
        assert read(lambda conn: registry.get(conn, "credential")) == value
    write(lambda conn: registry.put(conn, "credential", None))
    assert read(lambda conn: registry.get(conn, "credential")) is None


def test_refused_write_leaves_no_event(write, read):
    """A page would show a sale that was never made."""

    def tell_and_sell(conn):
        events.add(conn, "till-1", "sale", "t", {})
        sell(conn, "a")

    write(tell_and_sell)
    with pytest.raises(StateFault):
        write(tell_and_sell)
    assert len(read(lambda conn: events.after(conn, "till-1", 0, 9))) == 1
