"""The work beside selling: on time, beside the tills, one after the other, loud when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import msgspec
import pytest
from pysqlite3 import dbapi2
from structlog.testing import capture_logs

from agent.core.entries.bodies import CashierSigned, PartyEnrolled
from agent.core.identifiers import ActorId, PartyId, StoreId, TillId
from agent.core.space import Level
from agent.daemon import nightly
from agent.daemon.clock import SystemClock
from agent.daemon.upkeep import EVENTS_SHED, Upkeep
from agent.journal import Journal, JournalDamaged, chains, cursors, events, prune, upkeep
from agent.journal.backup_faults import BackupFault
from agent.journal.cursors import Acked
from agent.journal.verify import verify
from agent.settings import AgentSettings, Settings, StoreSettings, TillSettings
from tests.disks import MB, Hog, needs_root, small_disk
from tests.journal.shop import close_day, erase, sell

STORE, TILL = StoreId("store-1"), TillId("till-1")


class Night:
    """An agent's journal and the work beside it."""

    def __init__(self, folder, *, reserve_bytes=0, **agent):
        self.folder = folder
        self.clock = SystemClock()
        self.settings = Settings(
            store=StoreSettings(id=STORE),
            tills=(TillSettings(id=TILL),),
            agent=AgentSettings(state_dir=str(folder), **agent),
        )
        self.journal = Journal.open(
            folder / "journal.db",
            store=STORE,
            tills=[TILL],
            device_key=bytes(32),
            clock=self.clock,
            reserve_bytes=reserve_bytes,
        )
        self.upkeep = Upkeep(self.journal, self.clock, lambda: self.settings, "0123456789abcdef")

    def change(self, **agent):
        replaced = msgspec.structs.replace(self.settings.agent, **agent)
        self.settings = msgspec.structs.replace(self.settings, agent=replaced)

    def done(self):
        return self.journal.read_blocking(upkeep.done)

    def sign_on(self):
        body = CashierSigned(ActorId("Anna"), STORE, TILL, self.clock.stamp())
        salt = self.clock.random(16)
        self.journal.write_blocking(lambda conn: chains.append(conn, TILL, body, salt=salt))

    def days(self, count, sales=2):
        """Sell and close the till, so many times."""
        for day in range(count):
            for number in range(sales):
                name = f"{time.monotonic_ns()}-{number}"
                self.journal.write_blocking(lambda conn, name=name: sell(conn, name))
            z = self.journal.read_blocking(_z_number) + 1
            self.journal.write_blocking(lambda conn, z=z: close_day(conn, z))
            assert day < count

    def acknowledge(self, *, safe):
        """Have HQ hold everything, and so much of each journal safely."""
        for head in self.journal.read_blocking(chains.heads):
            ack = Acked("1", head.tail_seq, head.tail_hash, b"s", min(safe, head.tail_seq))
            self.journal.write_blocking(
                lambda conn, head=head, ack=ack: cursors.set_acked(conn, head.journal_id, ack)
            )

    def damage(self):
        with contextlib.closing(dbapi2.connect(str(self.journal.path))) as conn:
            rows = conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in rows:
                conn.execute(f"DROP TRIGGER {name}")
            conn.execute("UPDATE body SET bytes = x'00'")
            conn.commit()


def _z_number(conn):
    return conn.execute("SELECT max(z_number) FROM head").fetchall()[0][0]


def _day_sizes(conn):
    return conn.execute("SELECT * FROM day_size").fetchall()


@pytest.fixture
def make(tmp_path):
    made = []

    def making(folder=tmp_path, **more):
        made.append(Night(folder, **more))
        return made[-1]

    yield making
    for night in made:
        night.journal.close()


@pytest.fixture
def night(make):
    made = make()
    made.sign_on()
    return made


@pytest.mark.asyncio
async def test_an_intact_journal_is_said_to_be_intact(night):
    """Nobody would know whether the check ran at all."""
    with capture_logs() as logs:
        reports = await night.upkeep.verify()
        await night.upkeep.check_pages()
    assert all(report.ok for report in reports)
    assert {"journal checked"} == {line["event"] for line in logs}
    done = night.done()
    assert done["verify"].ok
    assert "1 entries" in done["verify"].detail
    assert done["integrity"].ok_at
    assert not done["backup"].ok_at


@pytest.mark.asyncio
async def test_a_damaged_journal_is_an_error_with_a_remedy(night):
    """A disk that rots would be found out only when an old receipt is needed."""
    night.damage()
    with capture_logs() as logs, pytest.raises(JournalDamaged):
        await night.upkeep.verify()
    errors = [line for line in logs if line["log_level"] == "error"]
    assert len(errors) == 1
    assert "journal verify" in errors[0]["remedy"]
    kept = night.done()["verify"]
    assert ("journal-damaged", "") == (kept.fault, kept.ok_at)
    assert "till-1" in kept.reason
    assert kept.remedy


@pytest.mark.asyncio
async def test_what_fails_at_night_keeps_nothing_else_from_being_done(night, tmp_path):
    """One broken stick would end all checks of a chain, and nobody would see it."""
    night.change(backup_dir=str(tmp_path / "away"))
    with capture_logs() as logs:
        await night.upkeep.night()
    done = night.done()
    assert all(done[task].ok_at for task in ("verify", "integrity", "prune"))
    assert ("backup-dir-missing", "") == (done["backup"].fault, done["backup"].ok_at)
    assert ["upkeep failed"] == [line["event"] for line in logs if line["log_level"] == "error"]
    (tmp_path / "away").mkdir()
    await night.upkeep.night()
    assert night.done()["backup"].ok


class Soon(nightly.CronTrigger):
    """A night at every second."""

    def __init__(self, **_):
        super().__init__(second="*")


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["night", "start", "disk"])
async def test_the_work_is_done_at_its_hour(what, monkeypatch):
    """The schedule would be written down and never kept."""
    called = asyncio.Event()

    class Watched:
        """Notes which work is asked for."""

        async def _called(self):
            called.set()

        async def _nothing(self):
            return None

        night = _called if what == "night" else _nothing
        verify = _called if what == "start" else _nothing
        tend = _called if what == "disk" else _nothing

    monkeypatch.setattr(nightly, "CronTrigger", Soon)
    monkeypatch.setattr(nightly, "AFTER_START_S", 0)
    monkeypatch.setattr(nightly, "TENDED_S", 1)
    task = asyncio.create_task(nightly.run_nightly(Watched(), "Europe/Berlin"))
    try:
        async with asyncio.timeout(60):
            await called.wait()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.asyncio
async def test_a_check_under_way_ends_with_the_agent(night):
    """A till would take minutes to stop, and be killed by the service manager."""
    night.days(3, sales=60)
    work = asyncio.create_task(night.upkeep.verify())
    await asyncio.sleep(0)
    work.cancel()
    began = time.monotonic()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    assert time.monotonic() - began < 5
    assert not night.done()["verify"].ok_at


@pytest.mark.asyncio
async def test_only_what_is_safe_at_hq_and_old_enough_is_thinned_out(night):
    """HQ could not be healed from the store, or goods sold last month not be taken back."""
    night.days(6)
    night.change(keep_days=2)
    night.acknowledge(safe=4)
    assert 4 == await night.upkeep.prune()
    night.acknowledge(safe=1_000)
    gone = await night.upkeep.prune()
    heads = {head.lane: head for head in night.journal.read_blocking(chains.heads)}
    sales = heads["sales"].journal_id
    floor = night.journal.read_blocking(lambda conn: prune.retention_floor(conn, sales, 2))
    assert floor == night.journal.read_blocking(lambda conn: prune.pruned_seq(conn, sales))
    assert gone == floor - 4
    assert 0 < floor < heads["sales"].tail_seq
    assert 0 == await night.upkeep.prune()
    assert all(report.ok for report in night.journal.read_blocking(verify))


@pytest.mark.asyncio
async def test_without_hq_nothing_is_thinned_out(night):
    """The only copy there is would be thrown away."""
    night.days(5)
    night.change(keep_days=1)
    assert 0 == await night.upkeep.prune()


@pytest.mark.asyncio
async def test_growth_is_measured_when_a_day_was_closed(night):
    """There would be no forecast, or one that a wrong clock makes."""
    assert None is (await night.upkeep.tend()).growth
    for _ in range(3):
        night.days(1, sales=30)
        verdict = await night.upkeep.tend()
    rows = night.journal.read_blocking(_day_sizes)
    assert [1, 2, 3] == [row[1] for row in rows]
    assert verdict.growth > 30 * 500
    await night.upkeep.tend()
    assert rows == night.journal.read_blocking(_day_sizes)


@pytest.mark.asyncio
async def test_nothing_of_an_erased_text_stays_in_the_log(night):
    """The name would be read off the disk until some hundred sales later (P9)."""
    stamp, salt = night.clock.stamp(), night.clock.random(16)
    met = PartyEnrolled(PartyId("p-1"), STORE, TILL, stamp, "Wilhelmina Ostrowski")
    head = night.journal.write_blocking(lambda conn: chains.append(conn, TILL, met, salt=salt))
    await night.upkeep.tend()

    def found():
        files = sorted(night.journal.path.parent.glob("journal.db*"))
        return [each.name for each in files if b"Ostrowski" in each.read_bytes()]

    assert ["journal.db"] == found()
    night.journal.write_blocking(lambda conn: erase(conn, head.journal_id, head.seq))
    assert "journal.db" in found()
    # Somebody who still reads what was there before is waited for another time.
    with contextlib.closing(dbapi2.connect(str(night.journal.path))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM body").fetchall()
        night.sign_on()
        await night.upkeep.tend()
    await night.upkeep.tend()
    assert [] == found()


@needs_root
@pytest.mark.asyncio
async def test_a_disk_that_fills_is_told_and_told_again_when_it_is_over(make, tmp_path):
    """The cashier would learn of it from a refused sale, and IT never."""
    with small_disk(tmp_path, "tmpfs", 32) as place:
        night, hog, told = make(place, reserve_bytes=MB), Hog(place), []

        async def tell(level, detail, remedy):
            told.append((level, bool(detail), bool(remedy)))

        night.upkeep.tell = tell
        await night.upkeep.tend()
        assert MB == night.journal.space.reserve.held
        hog.fill()
        await night.upkeep.tend()
        await night.upkeep.tend()
        hog.free()
        await night.upkeep.tend()
        assert [(Level.FULL, True, True), (Level.OK, False, False)] == told
        night.journal.close()


@needs_root
@pytest.mark.asyncio
async def test_old_events_go_when_the_disk_fills(make, tmp_path):
    """Room that a sale needs would be held by events of last week."""
    with small_disk(tmp_path, "tmpfs", 32) as place:
        night = make(place, reserve_bytes=MB)
        await night.upkeep.tend()

        def tell(conn):
            for number in range(EVENTS_SHED + 1200):
                events.add(conn, TILL, "sale", "now", {"n": number})

        night.journal.write_blocking(tell)
        Hog(place).fill(but=2 * MB)
        await night.upkeep.tend()
        oldest, newest = night.journal.read_blocking(events.span)
        assert EVENTS_SHED == newest - oldest + 1
        night.journal.close()


@needs_root
@pytest.mark.asyncio
async def test_a_medium_that_was_pulled_out_is_not_an_empty_folder(make, tmp_path):
    """A night's copy would lie on the till's own disk, and everybody think that there is one."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with small_disk(tmp_path, "ext4", 16) as stick:
        night = make(state, backup_dir=str(stick))
        made = await night.upkeep.back_up(stick)
        assert (True, "") == (made.second_medium, made.warning)
        assert "second" == night.done()["backup"].place
    with pytest.raises(BackupFault) as caught:
        await night.upkeep.back_up(Path(night.settings.agent.backup_dir))
    assert "backup-medium-away" == caught.value.name
    assert [] == list(stick.iterdir())
    kept = night.done()["backup"]
    assert ("second", "backup-medium-away") == (kept.place, kept.fault)
    assert kept.ok_at
