"""`till-agent journal export`, `verify --file` and `import`: a journal that leaves its machine."""

from __future__ import annotations

import json
import shutil

import pytest
from pysqlite3 import dbapi2

from agent.daemon.checked import load_checked
from agent.daemon.clock import SystemClock
from agent.daemon.files import opened_journal
from agent.journal import chains, endings, lineage, sales
from agent.journal.successors import succeed
from agent.journal.verify import verify
from tests.daemon.conftest import Shop
from tests.journal.shop import completed, erase, sign_on


def sell(conn, sale_id):
    tail = chains.sales_tail(conn, "till-1")
    body = completed(sale_id, tail.next_receipt())
    return chains.append(conn, "till-1", body, salt=b"s" * 16, tail=tail)


def fill(shop):
    with opened_journal(load_checked(shop.config)) as (journal, _):
        for number in range(20):
            journal.write_blocking(lambda conn, n=number: sell(conn, f"sale-{n}"))
            journal.write_blocking(lambda conn, n=number: sign_on(conn, f"actor-{n}"))
        side = journal.read_blocking(chains.heads)[1].journal_id
        journal.write_blocking(lambda conn: erase(conn, side, 3, order_id="order-7", at="now"))


@pytest.fixture
def archive(shop):
    fill(shop)
    file = shop.directory / "journals.jsonl"
    ran = shop.run("journal", "export", str(file))
    assert 0 == ran.code, ran.err
    assert "44 lines" in ran.out
    return file


@pytest.mark.parametrize(
    ("named", "why"),
    [(".", "is there already"), ("/", "is there already"), ("x" * 300, "cannot be written")],
)
def test_what_cannot_be_a_file_to_export_to(shop, named, why):
    """A person would read a traceback."""
    ran = shop.run("journal", "export", named)
    assert (1, True) == (ran.code, why in ran.err.replace("\n", " ")), ran


def test_an_exported_file_proves_itself(archive, till_agent):
    """Nobody could tell, years later and elsewhere, whether it is what the till wrote."""
    ran = till_agent("journal", "verify", "--file", str(archive))
    assert (0, "") == (ran.code, ran.err)
    assert "till-1 sales 20 entries, intact" in ran.out
    found = till_agent("journal", "verify", "--file", str(archive), "--json").json
    assert (40, "store-0001", 2) == (found["records"], found["store"], len(found["journals"]))
    archive.write_bytes(archive.read_bytes().replace(b'\\"total\\":398', b'\\"total\\":399', 1))
    ran = till_agent("journal", "verify", "--file", str(archive))
    assert 1 == ran.code
    assert "line 3: the body of entry 1 is not the one that was sealed" in ran.err
    ran = till_agent("journal", "verify", "--file", str(archive) + "x")
    assert (1, True) == (ran.code, "cannot be read" in ran.err)


def test_an_export_is_its_owners_alone(archive):
    """Every user of the machine could read what customers said."""
    assert 0o600 == archive.stat().st_mode & 0o777


def test_nothing_is_overwritten(shop, archive):
    """A good export would be lost to a second one of a damaged journal."""
    before = archive.read_bytes()
    ran = shop.run("journal", "export", str(archive))
    assert 1 == ran.code
    assert "nothing is overwritten" in ran.err
    assert before == archive.read_bytes()


@pytest.mark.parametrize("is_damaged", [False, True])
def test_what_lies_beside_an_export_is_left_alone(shop, is_damaged):
    """Somebody's file would be lost because of its name, or half an export stay there."""
    fill(shop)
    if is_damaged:
        with (shop.state / "journal.db").open("r+b") as file:
            file.write(b"not a database!!")
    folder = shop.directory / "medium"
    folder.mkdir()
    file, foreign = folder / "sales.jsonl", folder / "sales.jsonl.part"
    foreign.write_bytes(b"mine")
    assert int(is_damaged) == shop.run("journal", "export", str(file)).code
    assert b"mine" == foreign.read_bytes()
    left = {foreign} if is_damaged else {foreign, file}
    assert left == set(folder.iterdir())


@pytest.mark.usefixtures("archive")
def test_an_export_that_cannot_be_proven_is_no_export(shop):
    """A damaged journal would be kept as its own backup."""
    conn = dbapi2.connect(str(shop.state / "journal.db"), isolation_level=None)
    conn.execute("DROP TRIGGER body_no_update")
    conn.execute("UPDATE body SET bytes = x'ff' WHERE place = 1 << 40 | 5")
    conn.close()
    file = shop.directory / "again.jsonl"
    ran = shop.run("journal", "export", str(file))
    assert 1 == ran.code
    assert "does not prove itself" in ran.err
    assert not file.exists()
    tail = shop.run("journal", "tail", "-n", "17", "--json").json
    assert "unreadable" in tail[1]["body"]


def test_half_an_export_is_not_left_behind(shop):
    """An empty file would look like an export, and refuse the next try as "there already"."""
    fill(shop)
    with (shop.state / "journal.db").open("r+b") as file:
        file.write(b"not a database!!")
    file = shop.directory / "again.jsonl"
    ran = shop.run("journal", "export", str(file))
    assert (1, True) == (ran.code, "journal-damaged" in ran.err)
    assert not file.exists()


def test_a_backup_is_verified_as_an_export_is(shop, tmp_path):
    """Nobody could tell whether a backup that lay in a drawer still holds what it held."""
    fill(shop)
    medium = tmp_path / "medium"
    medium.mkdir()
    backup = shop.run("backup", str(medium), "--json").json["path"]
    ran = shop.run("journal", "verify", "--file", backup)
    assert (0, "") == (ran.code, ran.err)
    assert "till-1 sales 20 entries, intact" in ran.out
    assert ["sales", "side"] == [
        each["lane"] for each in shop.run("journal", "verify", "--file", backup, "--json").json
    ]
    conn = dbapi2.connect(backup, isolation_level=None)
    conn.execute("DROP TRIGGER body_no_update")
    conn.execute("UPDATE body SET bytes = x'ff' WHERE place = 1 << 40 | 5")
    conn.close()
    ran = shop.run("journal", "verify", "--file", backup)
    assert (1, True) == (ran.code, "BROKEN" in ran.out)
    assert "another copy" in ran.err


def test_another_machine_takes_it_in(archive, tmp_path):
    """What an old disk held, and HQ does not, would have no way there."""
    (tmp_path / "other").mkdir()
    other = Shop(tmp_path / "other")
    ran = other.run("journal", "import", str(archive))
    assert 0 == ran.code, ran.err
    assert "taken in" in ran.out
    again = other.run("journal", "import", str(archive), "--json")
    assert [False, False] == [each["taken"] for each in again.json]
    with opened_journal(load_checked(other.config)) as (journal, _):
        reports = journal.read_blocking(verify)
        assert [(True, True, 20), (True, True, 20)] == [
            (each.ok, each.sealed, each.unacked) for each in reports if each.sealed
        ]
        assert "sale-7" == journal.read_blocking(
            lambda conn: sales.completed(conn, "sale-7").sale_id
        )
        journal.write_blocking(lambda conn: sell(conn, "new"))
        assert all(each.ok for each in journal.read_blocking(verify))
    file = tmp_path / "both.jsonl"
    assert 0 == other.run("journal", "export", str(file)).code
    assert 4 == len(other.run("journal", "verify", "--file", str(file), "--json").json["journals"])


def test_what_differs_is_not_taken_in(shop, archive):
    """Two histories under one id would stand side by side (P4)."""
    assert 0 == shop.run("journal", "import", str(archive)).code
    with opened_journal(load_checked(shop.config)) as (journal, _):
        journal.write_blocking(lambda conn: sell(conn, "later"))
    assert 0 == shop.run("journal", "import", str(archive)).code
    longer = shop.directory / "longer.jsonl"
    shop.run("journal", "export", str(longer))
    (shop.directory / "copy").mkdir()
    copy = Shop(shop.directory / "copy")
    assert 0 == copy.run("journal", "import", str(archive)).code
    ran = copy.run("journal", "import", str(longer))
    assert 1 == ran.code
    assert "or more (up to 21)" in ran.err
    assert 0 == copy.run("journal", "verify").code


def test_half_a_file_leaves_nothing(archive, tmp_path):
    """A cut-off file would leave half a journal that looks whole."""
    archive.write_bytes(archive.read_bytes()[:-300])
    (tmp_path / "other").mkdir()
    other = Shop(tmp_path / "other")
    ran = other.run("journal", "import", str(archive))
    assert 1 == ran.code
    assert "stops before its end" in ran.err or "no line of an archive" in ran.err
    assert not (other.state / "journal.db").exists()


def test_verify_tells_what_only_this_disk_has(shop, archive):
    """A package that is removed would take sales with it that HQ never got."""
    assert archive.exists()
    reports = shop.run("journal", "verify", "--json").json
    assert [20, 20] == [each["unacked"] for each in reports]
    assert json.dumps(reports)
    assert "20 not at HQ" in shop.run("journal", "verify").out


def test_a_copys_successor_ends_no_journal_here(shop, archive, tmp_path):
    """A copied disk that was taken in would stop the till that stands in the shop."""
    assert archive.exists()
    (tmp_path / "copy").mkdir()
    copy = Shop(tmp_path / "copy")
    for name in ("journal.db", "device.key"):
        shutil.copy(shop.state / name, copy.state / name)
    clock = SystemClock()

    def go_on(conn):
        head = chains.heads(conn)[0]
        done = {"held_seq": 20, "held_hash": head.tail_hash, "reason": "fork"}
        succeed(conn, head.journal_id, **done, clock_stamp=clock.stamp(), random=clock.random)

    with opened_journal(load_checked(copy.config)) as (journal, _):
        journal.write_blocking(go_on)
        journal.write_blocking(lambda conn: sell(conn, "sold-by-the-copy"))
    file = tmp_path / "copy.jsonl"
    assert 0 == copy.run("journal", "export", str(file)).code
    with opened_journal(load_checked(shop.config)) as (journal, _):
        journal.write_blocking(lambda conn: sell(conn, "sold-here"))
    ran = shop.run("journal", "import", str(file))
    assert 0 == ran.code, ran.err
    with opened_journal(load_checked(shop.config)) as (journal, _):
        read = journal.read_blocking
        assert [] == [report.fault for report in read(verify) if report.fault]
        head = read(chains.heads)[0]
        assert (False, None, 21) == (head.sealed, head.held_seq, head.due_seq)
        assert read(lambda conn: lineage.successor(conn, head.journal_id)) is None
        assert 21 == read(lambda conn: endings.due_seq(conn, head.journal_id))
        journal.write_blocking(lambda conn: sell(conn, "and-on"))
