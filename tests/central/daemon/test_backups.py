"""Backups under a serving HQ: verified, listed, what is safe by them, and back again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agent.core.exchange.acks import evidence, genuine_safe
from central.daemon.state import locked
from central.intake.root_key import verifier
from central.ledger.authority_tables import BACKUPS, REWINDS, SAFE_POSITIONS
from central.ledger.engine import writing
from central.ledger.tables import INCIDENTS

pytestmark = pytest.mark.asyncio


def exists(path):
    return Path(path).exists()


def made(call, directory, *options):
    code, out, err = call("backup", str(directory), "--json", *options)
    assert 0 == code, err
    return json.loads(out)


async def test_a_backup_is_taken_while_hq_serves_and_moves_what_is_safe(
    hq_at, home, call, tmp_path
):
    """Wrong: stores never learn what they may prune, or learn it of a backup nobody has read."""
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(3)
        first = await link.send(till.batch())
        assert (0, "", "") == (first.safe_seq, first.safe_hash, first.safe_signature)
        found = made(call, tmp_path / "backups")
        assert (3, 1, 1, 0) == (
            found["records"],
            found["journals"],
            found["kept"],
            found["safe_lag"],
        )
        till.seal(2)
        ack = await link.send(till.batch(4))
        root = verifier(bytes.fromhex(till.answer.root_key))
        safe = genuine_safe(ack, till.journals["side"], till.hash_at("side", 3), root)
        assert (5, 3, 3) == (ack.seq, ack.safe_seq, safe)
        assert ack.server_time


async def test_only_what_every_listed_backup_holds_is_safe(hq_at, home, call, tmp_path):
    """Wrong: a store prunes what HQ, restored from the older backup, would need (P5)."""
    directory = tmp_path / "backups"
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(1)
        await link.send(till.batch())
        first = made(call, directory)
        till.seal(1)
        await link.send(till.batch(2))
        made(call, directory)
        assert [1] == [row.seq for row in hq.rows(SAFE_POSITIONS)]
        till.seal(1)
        await link.send(till.batch(3))
        third = made(call, directory, "--keep", "2")
        assert ([first["backup_id"]], 2) == (third["removed"], third["kept"])
        assert [2] == [row.seq for row in hq.rows(SAFE_POSITIONS)]
        assert not exists(first["place"])
        newcomer, other = await hq.enrolled("store-0002", "till-1")
        newcomer.seal(1)
        assert 0 == (await other.send(newcomer.batch())).safe_seq


async def test_a_lost_backup_is_noticed_and_struck_off_only_by_its_owner(
    hq_at, home, call, tmp_path
):
    """Wrong: an unmounted disk lets stores prune what only its backup lacks."""
    directory = tmp_path / "backups"
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(1)
        await link.send(till.batch())
        first = made(call, directory)
        till.seal(1)
        await link.send(till.batch(2))
        made(call, directory)
        assert 0 == call("backup", "--check")[0]
        assert "still at" in call("backup", "--forget", first["backup_id"])[2]
        shutil.rmtree(first["place"])
        code, out, _ = call("backup", "--check", "--json")
        assert (1, ["missing", "whole"]) == (
            code,
            [each["state"] for each in json.loads(out)["backups"]],
        )
        assert [1] == [row.seq for row in hq.rows(SAFE_POSITIONS)]
        assert 0 == call("backup", "--forget", first["backup_id"])[0]
        assert [2] == [row.seq for row in hq.rows(SAFE_POSITIONS)]
        assert 1 == call("backup", "--forget", "x")[0]


async def test_a_changed_backup_is_found_and_never_restored(hq_at, home, call, tmp_path):
    """Wrong: HQ is put back to a copy that rotted or was edited."""
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(2)
        await link.send(till.batch())
        place = Path(made(call, tmp_path / "backups")["place"])
    copy = place / "central.sqlite"
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    code, out, _ = call("backup", "--check", "--json")
    assert (1, "damaged") == (code, json.loads(out)["backups"][0]["state"])
    before = (home / "central.sqlite").read_bytes()
    code, _, err = call("restore", str(place))
    assert (1, True) == (code, "(backup-damaged)" in err)
    assert before == (home / "central.sqlite").read_bytes()
    assert "(no-backup)" in call("restore", str(tmp_path))[2]


async def test_a_journal_that_does_not_hold_is_in_the_backup_and_safe_nowhere(
    hq_at, home, call, tmp_path
):
    """Wrong: one damaged journal ends all backups, or is declared safe as it is (P6)."""
    async with hq_at(home) as hq:
        good, link = await hq.enrolled()
        bad, other = await hq.enrolled("store-0001", "till-2")
        for till, way in ((good, link), (bad, other)):
            till.seal(2)
            await way.send(till.batch())
        with writing(hq.engine) as conn:
            conn.exec_driver_sql("DROP TRIGGER body_no_update")
            conn.exec_driver_sql(
                "UPDATE body SET body = x'00' WHERE journal_id = ?", (bad.journals["side"],)
            )
        code, out, _ = call("backup", str(tmp_path / "backups"), "--json")
        assert (1, [bad.journals["side"]]) == (code, list(json.loads(out)["faults"]))
        assert [good.journals["side"]] == [row.journal_id for row in hq.rows(SAFE_POSITIONS)]


async def test_the_root_key_is_in_a_backup_only_if_asked(hq_at, home, call, tmp_path):
    """Wrong: whoever finds a backup can sign as HQ; or a lost key cannot be put back."""
    async with hq_at(home):
        plain = made(call, tmp_path / "backups")
        full = made(call, tmp_path / "backups", "--with-root-key")
    assert not (Path(plain["place"]) / "root.key").exists()
    assert 0o600 == (Path(full["place"]) / "root.key").stat().st_mode & 0o777
    (home / "root.key").unlink()
    assert "(root-key)" in call("restore", plain["place"])[2]
    assert 0 == call("restore", full["place"])[0]
    assert 0o600 == (home / "root.key").stat().st_mode & 0o777


async def test_a_backup_of_another_hq_is_refused(hq_at, home, call, tmp_path):
    """Wrong: a test system's backup replaces the books."""
    other = tmp_path / "other"
    other.mkdir()
    async with hq_at(home):
        place = made(call, tmp_path / "backups")["place"]
    async with hq_at(other):
        pass
    shutil.copyfile(other / "root.key", home / "root.key")
    assert "(another-hq)" in call("restore", place)[2]


async def test_restore_needs_hq_stopped_keeps_what_was_there_and_heals(hq_at, home, call, tmp_path):
    """Wrong: a restore overwrites the only copy, or what came after the backup stays lost (P5)."""
    async with hq_at(home) as hq:
        till, link = await hq.enrolled()
        till.seal(2)
        await link.send(till.batch())
        place = made(call, tmp_path / "backups")["place"]
        made(call, tmp_path / "backups")
        late, other = await hq.enrolled("store-0001", "till-2")
        till.seal(3)
        late.seal(4)
        before = await link.send(till.batch(3)), await other.send(late.batch())
    code, out, err = call("restore", place, "--json")
    assert 0 == code, err
    restored = json.loads(out)
    assert exists(restored["aside"])
    assert (2, 2) == (restored["listed"], restored["records"])
    assert restored["epoch"].startswith("2-")
    async with hq_at(home) as hq:
        link, other = till.link(hq.url), late.link(hq.url)
        hq.links += [link, other]
        assert 2 == sum(row.left_at is None for row in hq.rows(BACKUPS))
        told = await link.send(till.batch(6, last_ack=evidence(before[0])))
        assert ("epoch", 2, restored["epoch"]) == (told.name, told.have_seq, told.epoch)
        assert 5 == (await link.send(till.batch(3))).seq
        (incident,) = hq.rows(INCIDENTS)
        assert (None, True) == (incident.closed_at, place.rpartition("/")[2] in incident.detail)
        await other.enrol(late.readmission())
        told = await other.send(late.batch(5, last_ack=evidence(before[1])))
        assert ("epoch", 0) == (told.name, told.have_seq)
        assert 4 == (await other.send(late.batch())).seq
        for lane_till, way in ((till, link), (late, other)):
            await way.send(lane_till.batch(1, lane="sales"))
        (incident,) = hq.rows(INCIDENTS)
        assert (True, "4 of 4 journals") == (
            incident.closed_at is not None,
            incident.detail.partition(": ")[2].partition(" of live")[0],
        )
        assert [True] == [row.closed_at is not None for row in hq.rows(REWINDS)]


async def test_restore_while_hq_serves_is_refused(hq_at, home, call, tmp_path):
    """Wrong: the database is taken away under a running HQ."""
    async with hq_at(home):
        place = made(call, tmp_path / "backups")["place"]
    with locked(home):
        assert "(already-serving)" in call("restore", place)[2]


async def test_what_cannot_be_written_leaves_nothing_behind(hq_at, home, call, tmp_path):
    """Wrong: a full or read-only medium leaves half a backup that looks like one."""
    async with hq_at(home):
        (tmp_path / "file").write_text("x")
        code, _, err = call("backup", str(tmp_path / "file"))
        assert (1, True) == (code, "(backup-not-written)" in err)
        left = tmp_path / "backups" / ".unfinished-old"
        left.mkdir(parents=True)
        made(call, tmp_path / "backups")
        assert not left.exists()
    assert 2 == call("backup")[0]
