"""Each command killed at any of its steps: the same command finishes, and nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from agent.daemon.checked import load_checked
from agent.daemon.files import JOURNAL, opened_journal
from agent.journal import chains, reading
from agent.journal.device_key import load_or_create
from agent.journal.verify import verify
from tests.central.served import Till, served_hq
from tests.cutting import KILLED, cut, spread
from tests.daemon.conftest import Shop
from tests.journal.shop import sign_on

FEW, ALL = 5, 200
LONG = [pytest.mark.long, pytest.mark.timeout(3_600)]
HOW_MANY = [pytest.param(FEW, id="few"), pytest.param(ALL, id="all", marks=LONG)]
ENTRIES = 12
WOUND = 8192


def filled(shop, count=ENTRIES):
    with opened_journal(load_checked(shop.config)) as (journal, _):
        for number in range(count):
            journal.write_blocking(lambda conn, n=number: sign_on(conn, f"actor-{n}"))


def facts(state):
    """Give every fact of a journal file, whichever of its journals it stands in."""

    def read(conn):
        heads = chains.heads(conn)
        numbers = range(1, len(heads) + 1)
        return sorted(
            {
                str(body.actor)
                for no in numbers
                for _, body in chains.facts_of(conn, no, 0)
                if hasattr(body, "actor")
            }
        )

    return reading(state / JOURNAL, read)


def is_sound(state):
    return all(report.ok for report in reading(state / JOURNAL, verify))


class Cutting:
    """One command, on a fresh copy of the same machine for each cut."""

    def __init__(self, shop, tmp_path):
        self.shop, self.kept, self.around = shop, tmp_path / "kept", tmp_path / "around"
        self.around.mkdir()

    def keep(self):
        """Remember the machine as it is now."""
        shutil.copytree(self.shop.state, self.kept)

    def put_back(self):
        for place in (self.shop.state, self.around):
            shutil.rmtree(place)
        shutil.copytree(self.kept, self.shop.state)
        self.around.mkdir()

    def each(self, most, *command):
        """Give every step, the command having been killed there."""
        run = lambda: self.shop.run(*command).code  # noqa: E731
        code, steps = cut(self.shop.directory, run)
        assert 0 == code, self.shop.run(*command)
        for at in spread(steps, most):
            self.put_back()
            code, _ = cut(self.shop.directory, run, at)
            assert KILLED == code, at
            yield at

    def left(self):
        """Name what lies in the state directory beside what is always there."""
        usual = {
            JOURNAL,
            "journal.lock",
            "device.key",
            "reserve",
            "journal.db-wal",
            "journal.db-shm",
        }
        return {path.name for path in self.shop.state.iterdir()} - usual


@pytest.fixture
def cutting(tmp_path):
    return Cutting(Shop(tmp_path), tmp_path)


@pytest.mark.parametrize("most", HOW_MANY)
def test_a_salvage(cutting, most):
    """A power cut while the damaged file is saved would cost what could be read of it."""
    filled(cutting.shop)
    path = cutting.shop.state / JOURNAL
    with path.open("r+b") as file:
        file.write(bytes(WOUND))
    damaged = path.read_bytes()
    cutting.keep()
    assert 0 == cutting.shop.run("journal", "salvage").code
    expected = facts(cutting.shop.state)
    assert ENTRIES == len(expected)
    cutting.put_back()
    for at in cutting.each(most, "journal", "salvage"):
        again = cutting.shop.run("journal", "salvage")
        assert again.code == 0 or "journal-sound" in again.err, (at, again)
        assert (expected, True) == (facts(cutting.shop.state), is_sound(cutting.shop.state)), at
        assert damaged == (cutting.shop.state / "journal.damaged-1.db").read_bytes(), at
        assert cutting.left() <= {"journal.damaged-1.db", "journal.damaged-1.db-wal"}, at
        filled(cutting.shop, 1)


@pytest.mark.parametrize("most", HOW_MANY)
def test_an_export(cutting, most):
    """Half a file would be taken for the journal, or stand in the way of the next try."""
    filled(cutting.shop)
    cutting.keep()
    file = cutting.around / "journals.jsonl"
    for at in cutting.each(most, "journal", "export", str(file)):
        if not file.exists():
            assert 0 == cutting.shop.run("journal", "export", str(file)).code, at
        assert 0 == cutting.shop.run("journal", "verify", "--file", str(file)).code, at
        assert {file.name} == {path.name for path in cutting.around.iterdir()}, at


@pytest.mark.parametrize("most", HOW_MANY)
@pytest.mark.parametrize("form", ["export", "backup"])
def test_an_import(cutting, most, form, tmp_path):
    """Half an old disk's journal would be taken for all of it."""
    (tmp_path / "old").mkdir()
    old = Shop(tmp_path / "old")
    filled(old)
    file = tmp_path / "old.jsonl"
    if form == "export":
        assert 0 == old.run("journal", "export", str(file)).code
    else:
        file = Path(old.run("backup", str(tmp_path), "--json").json["path"])
    filled(cutting.shop, 1)
    cutting.keep()
    for at in cutting.each(most, "journal", "import", str(file)):
        ran = cutting.shop.run("journal", "import", str(file))
        assert 0 == ran.code, (at, ran)
        heads = reading(cutting.shop.state / JOURNAL, chains.heads)
        assert [0, 0, 1, ENTRIES] == sorted(head.tail_seq for head in heads), at
        assert is_sound(cutting.shop.state), at
        assert set() == cutting.left(), at


@pytest.mark.parametrize("most", HOW_MANY)
def test_a_backup(cutting, most):
    """A copy that is only half there would be kept in place of a whole one."""
    filled(cutting.shop)
    cutting.keep()
    for at in cutting.each(most, "backup", str(cutting.around)):
        for copy in cutting.around.glob("*.db"):
            assert ENTRIES == len(facts_of_file(copy)), at
        assert 0 == cutting.shop.run("backup", str(cutting.around)).code, at
        assert {".db"} == {path.suffix for path in cutting.around.iterdir()}, at


def facts_of_file(copy):
    assert all(report.ok for report in reading(copy, verify))
    return [head.tail_seq for head in reading(copy, chains.heads)][1] * [copy]


@pytest.mark.parametrize("most", HOW_MANY)
@pytest.mark.parametrize("then", ["again", "started"])
def test_sealing_a_disk(cutting, most, then):
    """Half of a machine would be copied to others, or a shop not open with what was left."""
    filled(cutting.shop, 0)
    first = (cutting.shop.state / "device.key").read_bytes()
    (cutting.shop.state / "device.key.new").write_bytes(b"half a key")
    cutting.keep()
    for at in cutting.each(most, "setup", "--seal-image"):
        if then == "started":
            with opened_journal(load_checked(cutting.shop.config)) as (journal, key):
                journal.write_blocking(lambda conn: sign_on(conn, "eva"))
            assert key.public_bytes == load_or_create(cutting.shop.state).public_bytes
            continue
        ran = cutting.shop.run("setup", "--seal-image")
        assert 0 == ran.code, (at, ran)
        assert ["journal.lock"] == [path.name for path in cutting.shop.state.iterdir()], at
    assert first


@pytest.mark.asyncio
@pytest.mark.parametrize("most", HOW_MANY)
async def test_a_renewed_key(cutting, most, tmp_path):
    """A till would stand there with a key that HQ does not know, and with a journal of another."""
    (tmp_path / "hq").mkdir()
    async with served_hq(tmp_path / "hq") as hq:
        shop = cutting.shop
        shop.write(hq=hq.url)
        run = asyncio.to_thread
        ran = await run(shop.run, "enrol", hq.code(Till()))
        assert 0 == ran.code, ran
        code, steps = await run(cut, shop.directory, lambda: shop.run("renew-key").code)
        assert 0 == code
        for at in spread(steps, most):
            await run(cut, shop.directory, lambda: shop.run("renew-key").code, at)
            ran = await run(shop.run, "renew-key")
            assert 0 == ran.code, (at, ran)
            assert set() == cutting.left(), at
        with opened_journal(load_checked(shop.config)):
            pass
