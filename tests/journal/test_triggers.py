"""What the database itself refuses, whoever asks."""

from __future__ import annotations

import pytest
from pysqlite3 import dbapi2

from tests.journal.shop import erase, sell, sign_on


@pytest.fixture
def raw(open_journal, path):
    """A connection like any tool would open, on a journal with a sale and a sign-on in it."""
    journal = open_journal()
    journal.write_blocking(lambda conn: sell(conn, "sale-a"))
    journal.write_blocking(lambda conn: sell(conn, "sale-b"))
    journal.write_blocking(lambda conn: sign_on(conn, "anna"))
    journal.close()
    conn = dbapi2.connect(str(path), isolation_level=None)
    yield conn
    conn.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE chain SET hash = x'00'",
        "UPDATE chain SET seq = seq + 10 WHERE seq = 2",
        "DELETE FROM chain WHERE seq = 2",
        "DELETE FROM chain",
        "INSERT INTO chain VALUES (1, 4, 1, 1, x'00', x'00', 3, 0, 0)",
        "INSERT INTO chain VALUES (1, 3, 1, 1, x'00', x'00', 2, 0, 0)",
        "INSERT INTO chain VALUES (1, 3, 2, 1, x'00', x'00', 3, 0, 0)",
        "INSERT INTO chain VALUES (1, 3, 12, 1, x'00', x'00', 2, 0, 3)",
        "INSERT INTO chain VALUES (1, 3, 12, 1, x'00', x'00', 2, 1, 0)",
        "INSERT INTO chain VALUES (1, 0, 2, 1, x'00', x'00', 2, 0, 0)",
        "INSERT INTO chain VALUES (1, 2, 1, 1, x'00', x'00', 2, 0, 0)",
        "INSERT OR REPLACE INTO chain VALUES (1, 2, 1, 1, x'00', x'00', 2, 0, 0)",
        "INSERT INTO chain VALUES (99, 1, 1, 1, x'00', x'00', 1, 0, 0)",
        "UPDATE body SET bytes = x'00'",
        "UPDATE body SET salt = x'00'",
        "UPDATE OR REPLACE body SET place = place + 1",
        "DELETE FROM body",
        "INSERT OR REPLACE INTO body (place, salt, bytes) SELECT place, x'00', x'00' FROM body",
    ],
)
def test_history_is_never_rewritten(raw, sql):
    """Any tool with the file at hand could change what was sold (P4)."""
    before = raw.execute("SELECT * FROM chain").fetchall()
    with pytest.raises(dbapi2.IntegrityError):
        raw.execute(sql)
    assert raw.execute("SELECT * FROM chain").fetchall() == before
    assert raw.execute("SELECT count(*) FROM body").fetchone() == (3,)


def test_body_goes_only_by_a_recorded_order(raw):
    """An erasure without a record could not be told from a loss."""
    place, journal_id = raw.execute(
        "SELECT b.place, j.id FROM body b JOIN journal j ON j.no = b.journal WHERE j.lane = 'side'"
    ).fetchone()
    erase(raw, journal_id, 1, order_id="order-7", at="now")
    assert raw.execute("SELECT 1 FROM body WHERE place = ?", (place,)).fetchone() is None
    for sql in (
        "DELETE FROM erase_order",
        "UPDATE erase_order SET order_id = 'other'",
        "INSERT OR REPLACE INTO erase_order SELECT * FROM erase_order",
    ):
        with pytest.raises(dbapi2.IntegrityError):
            raw.execute(sql)
    with pytest.raises(dbapi2.IntegrityError):
        raw.execute("INSERT INTO body (place, salt, bytes) VALUES (?, x'00', x'00')", (place,))


def test_erased_bytes_are_gone_from_the_file(raw, path):
    """Deleted rows that stay readable in the file would make the erasure a word."""
    needle = raw.execute("SELECT bytes FROM body ORDER BY place DESC LIMIT 1").fetchone()[0][:60]
    journal_id = raw.execute("SELECT id FROM journal WHERE lane = 'side'").fetchone()[0]
    assert needle in path.read_bytes()
    erase(raw, journal_id, 1, order_id="order-7", at="now")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert needle not in path.read_bytes()
