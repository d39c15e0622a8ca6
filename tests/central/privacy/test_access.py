"""The log of who read what of whom."""

from __future__ import annotations

import pytest

from central.ledger.engine import reading, writing
from central.ledger.faults import LedgerBusy
from central.ledger.tables import PERSON_READS
from central.privacy.access import FOLDER, AccessRecorder

NOW = "2026-01-02T03:04:05.000Z"


@pytest.fixture
def log(ledger, tmp_path):
    """Write down reads beside a ledger."""
    return AccessRecorder(ledger, tmp_path, lambda: NOW)


def rows(ledger):
    with reading(ledger) as conn:
        found = conn.execute(PERSON_READS.select()).all()
    assert len(found) == len({row.read_id for row in found})
    return sorted((row.party_id, row.reader, row.action) for row in found)


@pytest.mark.both_databases
def test_each_person_read_has_one_row(log, ledger):
    """Wrong: somebody looks at a customer and nobody can say who it was (P9)."""
    log("staff", "search", ["p1", "p2", "p1"])
    log("staff", "search", [])
    log.settle()
    log.settle()
    assert [("p1", "staff", "search"), ("p2", "staff", "search")] == rows(ledger)


def test_a_read_is_on_the_disk_while_another_writes(log, ledger, tmp_path):
    """Wrong: whoever asks waits for whatever HQ is just writing, or is answered with no trace."""
    with writing(ledger):
        log("staff", "card", ["p1"])
        (lines,) = (tmp_path / FOLDER).iterdir()
        assert b'"p1"' in lines.read_bytes()
        assert 0o600 == lines.stat().st_mode & 0o777
    log.close()
    assert [("p1", "staff", "card")] == rows(ledger)
    assert [] == list((tmp_path / FOLDER).iterdir())


def test_what_cannot_be_written_down_is_not_answered(log, ledger, tmp_path):
    """Wrong: on a full or broken disk people are looked at, and nobody will ever know."""
    (tmp_path / FOLDER).write_bytes(b"")
    with pytest.raises(LedgerBusy, match="written down first"):
        log("staff", "card", ["p1"])
    (tmp_path / FOLDER).unlink()
    log("staff", "card", ["p2"])
    log.settle()
    assert [("p2", "staff", "card")] == rows(ledger)


def test_reads_of_a_process_that_died_are_taken_up(ledger, tmp_path):
    """Wrong: HQ is killed after its answer, and the read is in no log."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    line = b'["p1","r-1","%s","staff","card"]\n' % NOW.encode()
    (folder / "dead.lines").write_bytes(line + line + b'["p2","r-2')
    AccessRecorder(ledger, tmp_path, lambda: NOW).settle()
    assert [("p1", "staff", "card")] == rows(ledger)
    assert [] == list(folder.iterdir())


def test_who_is_looked_at_all_the_time_is_settled_once_in_a_beat(log, ledger):
    """Wrong: under load HQ commits after every few looks, and all who look wait for the disk."""
    log("staff", "card", ["p1"])
    assert not log.look()
    assert [("p1", "staff", "card")] == rows(ledger)


def test_who_still_writes_keeps_the_file(log, ledger, tmp_path):
    """Wrong: one of several HQ processes takes another's file away, and what it writes is lost."""
    log("staff", "card", ["p1"])
    AccessRecorder(ledger, tmp_path, lambda: NOW).settle()
    assert [] == rows(ledger)
    log("staff", "card", ["p2"])
    log.settle()
    assert [("p1", "staff", "card"), ("p2", "staff", "card")] == rows(ledger)
