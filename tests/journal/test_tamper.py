"""No byte of a journal, stored or exported, can be changed unseen; a small run of `tamper`."""

from __future__ import annotations

from agent.journal.verify import verify
from tests.journal import tamper


def test_no_changed_byte_goes_unseen(tmp_path):
    """One byte that can be changed unseen is an amount that can be changed unseen."""
    path = tmp_path / "journal.db"
    lines = tamper.filled(path, tamper.key(), 104)
    conn = tamper.bare(path)
    stored, filed = tamper.rows(conn, stride=26), tamper.archive(lines, stride=29)
    whole = tamper.sampled(conn, 10)
    assert (0, 0, 0) == (stored.unseen, filed.unseen, whole.unseen)
    assert stored.made > 1_000 < filed.made
    assert all(report.ok for report in verify(conn))
    conn.close()
