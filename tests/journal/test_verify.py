"""Verification: a journal is what was written, or the report says where it is not."""

from __future__ import annotations

import contextlib

import pytest
from pysqlite3 import dbapi2

from agent.core.entries.chain import commitment, link
from agent.journal import chains, cursors
from agent.journal.cursors import Acked
from agent.journal.links import PAGE
from agent.journal.verify import verify, verify_recent
from tests.journal.shop import close_day, erase, give_back, sell, sign_on


def fill(journal):
    """A short day at both tills, with an erased sign-on and an ack."""
    write = journal.write_blocking
    write(lambda conn: sign_on(conn, "anna"))
    write(lambda conn: sign_on(conn, "bert"))
    write(lambda conn: sell(conn, "sale-a"))
    write(lambda conn: sell(conn, "other", "till-2"))
    write(lambda conn: sell(conn, "back", lines=(give_back("sale-a", 1, 500),)))
    write(lambda conn: close_day(conn, 1))
    appended = write(lambda conn: sell(conn, "sale-b"))
    side = write(chains.heads)[1].journal_id
    write(lambda conn: erase(conn, side, 1, order_id="order-7", at="now"))
    ack = Acked("e1", appended.seq, appended.hash, b"s", 0)
    write(lambda conn: cursors.set_acked(conn, appended.journal_id, ack))


@pytest.fixture
def raw(open_journal, path):
    """The file of that day, in the hands of somebody who removed the triggers."""
    journal = open_journal()
    fill(journal)
    journal.close()
    conn = dbapi2.connect(str(path), isolation_level=None)
    for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {name}")
    yield conn
    conn.close()


@contextlib.contextmanager
def changed(conn, sql, parameters=()):
    """Change something, look, and put it back."""
    conn.execute("BEGIN")
    conn.execute(sql, parameters)
    yield
    conn.execute("ROLLBACK")


def faults(conn):
    return [report.fault for report in verify(conn) if not report.ok]


def test_sound_journals_are_found_sound(raw):
    """A verification that cries wolf is switched off."""
    reports = verify(raw)
    assert [(report.till, report.lane, report.tail_seq) for report in reports] == [
        ("till-1", "sales", 4),
        ("till-1", "side", 2),
        ("till-2", "sales", 1),
        ("till-2", "side", 0),
    ]
    assert [report.fault for report in reports] == [None] * 4
    assert all(report.ok for report in verify_recent(raw, 1))


def test_journal_longer_than_a_page_is_walked_to_its_end(write, read):
    """The second page would never be looked at."""
    write(lambda conn: [sign_on(conn, f"a-{n}") for n in range(2 * PAGE + 3)])
    assert [report.tail_seq for report in read(verify)] == [0, 2 * PAGE + 3, 0, 0]
    assert all(report.ok for report in read(verify))
    assert all(report.ok for report in read(lambda conn: verify_recent(conn, PAGE + 1)))


FLIPPED = {
    ("SELECT place, bytes FROM body", "UPDATE body SET bytes = ? WHERE place = ?"),
    ("SELECT place, salt FROM body", "UPDATE body SET salt = ? WHERE place = ?"),
    (
        "SELECT journal << 40 | seq, commitment FROM chain",
        "UPDATE chain SET commitment = ? WHERE journal << 40 | seq = ?",
    ),
    (
        "SELECT journal << 40 | seq, hash FROM chain",
        "UPDATE chain SET hash = ? WHERE journal << 40 | seq = ?",
    ),
    ("SELECT no, genesis FROM journal", "UPDATE journal SET genesis = ? WHERE no = ?"),
    ("SELECT no, device_key FROM journal", "UPDATE journal SET device_key = ? WHERE no = ?"),
}


@pytest.mark.parametrize(("select", "update"), sorted(FLIPPED))
def test_every_flipped_byte_is_found(raw, select, update):
    """One byte that can be changed unseen is an amount that can be changed unseen."""
    rows = raw.execute(select).fetchall()
    assert len(rows) >= 4
    for at, value in rows:
        for position in range(0, len(value), 7 if len(value) > 100 else 1):
            flipped = bytearray(value)
            flipped[position] ^= 1 << (position % 8)
            with changed(raw, update, (bytes(flipped), at)):
                assert faults(raw), f"{update} at {at}, byte {position}"


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        (
            "UPDATE body SET bytes = x'7b7d' WHERE place = 1 << 40 | 1",
            "body of entry 1 is not the",
        ),
        ("UPDATE body SET salt = x'' WHERE place = 1 << 40 | 1", "salt of 0 bytes"),
        ("DELETE FROM body WHERE place = 1 << 40 | 2", "entry 2 is missing without an erase"),
        ("UPDATE chain SET kind = 2 WHERE journal = 1 AND seq = 1", "hash of entry 1"),
        ("UPDATE chain SET version = 2 WHERE journal = 1 AND seq = 1", "hash of entry 1"),
        ("UPDATE chain SET kind = -1 WHERE journal = 1 AND seq = 1", "entry 1 cannot be one"),
        ("UPDATE chain SET hash = x'00' WHERE journal = 1 AND seq = 2", "hash of entry 2"),
        ("UPDATE chain SET seq = seq + 5 WHERE journal = 1 AND seq = 4", "entry 4 is missing"),
        ("DELETE FROM chain WHERE journal = 1 AND seq = 2", "entry 2 is missing"),
        ("DELETE FROM chain WHERE journal = 1 AND seq = 4", "3, the bodies go on to entry 4"),
        ("DELETE FROM chain WHERE journal = 1", "ends at entry 0, the bodies go on to entry 4"),
        (
            "DELETE FROM chain WHERE journal = 2 AND seq = 2",
            "ends at entry 1, the bodies go on to entry 2",
        ),
        ("UPDATE journal SET store = 'store-2' WHERE no = 1", "the genesis does not bind"),
        ("UPDATE journal SET till = 'till-9' WHERE no = 1", "the genesis does not bind"),
        ("UPDATE journal SET predecessor = x'00' WHERE no = 1", "the genesis does not bind"),
        ("UPDATE journal SET id = 'ff' WHERE no = 1", "the head cannot be one"),
        ("UPDATE chain SET receipts = 4 WHERE journal = 1 AND seq = 4", "entry 4 says that"),
        ("UPDATE chain SET z_number = 2 WHERE journal = 1 AND seq = 3", "entry 3 says that"),
        ("UPDATE chain SET closed_seq = 2 WHERE journal = 1 AND seq = 4", "entry 4 says that"),
        ("DELETE FROM sale_index WHERE sale_id = 'sale-a'", "entry 1 is not indexed"),
        ("UPDATE sale_index SET seq = 4 WHERE sale_id = 'sale-a'", "entry 1 is not indexed"),
        ("INSERT INTO sale_index VALUES ('ghost', 1, 1)", "4 sales are indexed, the chain holds 3"),
        ("INSERT INTO body (place, salt, bytes) VALUES (1 << 40, x'', x'')", "5 bodies"),
        ("INSERT INTO body (place, salt, bytes) VALUES (1 << 40 | 9, x'', x'')", "on to entry 9"),
        (
            "INSERT INTO body (place, salt, bytes) VALUES (2 << 40 | 1, x'', x'')",
            "in spite of erase order order-7",
        ),
        ("DELETE FROM erase_order", "entry 1 is missing without an erase"),
        ("UPDATE acked SET seq = 9", "HQ acknowledged entry 9"),
        ("UPDATE acked SET hash = x'00'", "HQ acknowledged another entry under number 4"),
        ("DELETE FROM journal WHERE no = 1", "belong to no journal"),
        ("UPDATE returned SET quantity = 400", "returned"),
        ("DELETE FROM returned", "returned"),
        ("INSERT INTO returned VALUES ('sale-b', 1, 1000)", "returned"),
    ],
)
def test_what_is_wrong_is_said(raw, sql, fault):
    """A report that only says "broken" leaves IT with the whole file to look through."""
    with changed(raw, sql):
        assert any(fault in found for found in faults(raw)), faults(raw)


def test_one_broken_journal_hides_no_other(raw):
    """The first fault found must not end the search."""
    with changed(raw, "UPDATE chain SET hash = x'00'"):
        assert [report.ok for report in verify(raw)] == [False, False, False, True]


def test_ack_of_nothing_is_sound(raw):
    """A journal HQ knows but holds nothing of is not broken."""
    with changed(raw, "UPDATE acked SET seq = 0, hash = x''"):
        assert faults(raw) == []


def resealed(conn, body):
    """Rewrite the last sale with all its hashes, as someone with the program at hand could."""
    journal_id = conn.execute("SELECT id FROM journal WHERE no = 1").fetchone()[0]
    previous = conn.execute("SELECT hash FROM chain WHERE journal = 1 AND seq = 3").fetchone()[0]
    committed = commitment(b"s" * 16, body)
    fresh = link(journal_id, 4, previous, 1, 1, committed)
    conn.execute("UPDATE body SET salt = ?, bytes = ? WHERE place = 1 << 40 | 4", (b"s" * 16, body))
    sql = "UPDATE chain SET commitment = ?, hash = ? WHERE journal = 1 AND seq = 4"
    conn.execute(sql, (committed, fresh))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"-3", b"-7", "carries the receipt number"),
        (b"sale-b", b"sale-c", "is not indexed by its id sale-c"),
        (b"sale.completed", b"sale.unknown--", "cannot be read"),
        (b'"total":398', b'"total":399', "HQ acknowledged another entry"),
    ],
)
def test_rewriting_with_new_hashes_is_found(raw, old, new, fault):
    """Numbers, index and HQ's ack witness what the chain alone no longer can."""
    body = raw.execute("SELECT bytes FROM body WHERE place = 1 << 40 | 4").fetchone()[0]
    receipt = body.replace(old, new, 1)
    if old == b"-3":
        receipt = body.replace(b'-3","store"', b'-7","store"', 1)
    assert receipt != body
    raw.execute("BEGIN")
    resealed(raw, receipt)
    assert any(fault in found for found in faults(raw)), faults(raw)
    raw.execute("ROLLBACK")
