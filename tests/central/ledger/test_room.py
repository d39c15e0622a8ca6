"""The disk of HQ's database: a person hears of it before it is full."""

from __future__ import annotations

import re
import shutil

import pytest

from central.daemon.status import disk_low
from central.ledger import room
from central.ledger.engine import open_engine, reading
from central.reports.attention import concerns

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def conn(ledger):
    with reading(ledger) as conn:
        yield conn


def test_a_disk_with_room_is_not_worth_a_word(conn, monkeypatch):
    """Wrong: every HQ is said to run out of room."""
    monkeypatch.setattr(room, "LOW_BYTES", 0)
    assert ("", []) == (disk_low(conn), concerns(conn, NOW))


def test_little_room_is_said_wherever_a_person_looks(tmp_path, migrated, monkeypatch):
    """Wrong: nobody hears of the disk before the tills wait for it (P12)."""
    monkeypatch.setattr(room, "LOW_BYTES", 1 << 62)
    engine = open_engine(shutil.copy(migrated, tmp_path / "central.sqlite"))
    with reading(engine) as conn:
        [concern] = concerns(conn, NOW)
        assert ("disk-low", room.REMEDY) == (concern.name, concern.remedy)
        # Other programs write to the same disk in between.
        said = re.compile(r"[0-9]+( MB are left .+)")
        assert f"{said.fullmatch(concern.detail)[1]}: {concern.remedy}" in disk_low(conn)
    engine.dispose()


def test_a_database_that_was_taken_away_does_not_keep_the_status_from_answering(
    tmp_path, monkeypatch
):
    """Wrong: who looks what is wrong gets an error instead of an answer."""
    monkeypatch.setattr(room, "LOW_BYTES", 1 << 62)
    file = tmp_path / "central.sqlite"
    engine = open_engine(file)
    with reading(engine) as conn:
        file.unlink()
        assert "MB are left" in disk_low(conn)
    engine.dispose()
