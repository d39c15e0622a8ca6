"""A command that is refused leaves nothing behind: the disk may be about to be copied."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from sqlalchemy import select

from agent.daemon.files import JOURNAL
from central.daemon.state import utc_now
from central.intake import orders
from central.ledger.engine import writing
from central.ledger.tables import CREDENTIALS
from tests.central.served import Till, served_hq
from tests.daemon.test_cut_off import filled


@pytest.fixture
def medium(tmp_path):
    (tmp_path / "medium").mkdir()
    return tmp_path / "medium"


def left(shop):
    return {path.name for path in shop.state.iterdir()} - {"journal.lock"}


@pytest.mark.parametrize(
    "command",
    [
        ("renew-key",),
        ("journal", "export", "FILE"),
        ("journal", "salvage"),
        ("journal", "salvage", "--yes"),
        ("journal", "import", "FILE"),
        ("journal", "verify"),
        ("journal", "tail"),
        ("backup", "DIR"),
    ],
)
def test_on_a_sealed_disk(shop, medium, command):
    """Every copy of the disk would be the same machine."""
    shop.write(hq="http://127.0.0.1:9")
    (medium / "old.db").write_bytes(b"SQLite format 3\0and then nothing")
    named = {"FILE": str(medium / "old.db"), "DIR": str(medium)}
    ran = shop.run(*(named.get(word, word) for word in command))
    assert (1, set()) == (ran.code, left(shop)), ran
    assert "→" in ran.err


def test_a_backup_where_there_is_no_state_directory(shop, medium):
    """A person would read a traceback instead of what to do."""
    shop.state.rmdir()
    (medium / "old.db").write_bytes(b"SQLite format 3\0and then nothing")
    ran = shop.run("journal", "import", str(medium / "old.db"))
    assert (1, True) == (ran.code, "does not exist" in ran.err), ran
    assert "→" in ran.err


def test_an_import_that_the_journal_refuses(shop, medium):
    """A file that cannot be taken in would found a machine."""
    filled(shop, 2)
    file = medium / "journals.jsonl"
    assert 0 == shop.run("journal", "export", str(file)).code
    shutil.rmtree(shop.state)
    shop.state.mkdir(mode=0o700)
    file.write_bytes(file.read_bytes()[:-20])
    assert 1 == shop.run("journal", "import", str(file)).code
    assert set() == left(shop)


@pytest.mark.asyncio
async def test_a_code_that_hq_refuses(shop, tmp_path):
    """A mistyped code on the image would make all its copies one machine."""
    (tmp_path / "hq").mkdir()
    async with served_hq(tmp_path / "hq") as hq:
        shop.write(hq=hq.url)
        run = asyncio.to_thread
        refused = await run(shop.run, "enrol", "no such code")
        assert (1, set()) == (refused.code, left(shop)), refused
        assert 0 == (await run(shop.run, "enrol", hq.code(Till()))).code
        key = (shop.state / "device.key").read_bytes()
        assert 1 == (await run(shop.run, "enrol", "no such code")).code
        assert (True, key) == (
            (shop.state / JOURNAL).exists(),
            (shop.state / "device.key").read_bytes(),
        )


@pytest.mark.asyncio
async def test_a_renewal_that_hq_refuses(shop, tmp_path):
    """A key nobody was told of would lie there, and be taken for one that HQ may know."""
    (tmp_path / "hq").mkdir()
    async with served_hq(tmp_path / "hq") as hq:
        shop.write(hq=hq.url)
        run = asyncio.to_thread
        assert 0 == (await run(shop.run, "enrol", hq.code(Till()))).code
        with writing(hq.engine) as conn:
            (key,) = conn.execute(select(CREDENTIALS.c.device_key)).scalars()
            orders.revoke(conn, hq.root, key, reason="stolen", now=utc_now())
        before = left(shop)
        refused = await run(shop.run, "renew-key")
        assert (1, before) == (refused.code, left(shop)), refused
        assert "stolen" in refused.err
