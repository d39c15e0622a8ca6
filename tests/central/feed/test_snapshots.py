"""Snapshots as HQ makes, keeps and gives them out."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
from contextlib import closing
from multiprocessing import get_context

import pytest
import zstandard
from pysqlite3 import dbapi2

from agent.core.exchange.cursors import parse
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.replica import FORMAT
from agent.core.exchange.snapshots import is_chunk, read_manifest
from central.feed import building, horizon, keeping
from central.feed.building import Order, build
from central.feed.keeping import SnapshotKeeper
from central.feed.making import SnapshotFailed
from central.feed.pages import page
from central.ledger.engine import open_engine, reading, writing
from central.ledger.epoch import bump_epoch
from central.ledger.migrate import migrate
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.snapshot_tables import FEED_DAYS, FEED_HORIZONS
from central.ledger.tables import FEED_ROWS
from tests.sealed import MASTER

NOW = "2026-03-01T12:00:00.000Z"


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at


def item(n, name="Milk"):
    body = {"item_id": str(n), "name": name, "taxes": ["full"], "gtins": [f"{n:014}"]}
    return Change(f"item:{n}", "put", json.dumps(body).encode())


def party(n):
    card = {"party_id": f"p{n}", "name": f"N{n}"}
    known_by = [
        {"means": "identifier", "type": "phone", "value": f"+49{n + m}"} for m in (0, 10**9)
    ]
    row = {"card": card, "identifiers": known_by}
    return Change(f"party:p{n}", "put", json.dumps(row).encode())


def tell(engine, *changes, scope=GLOBAL):
    with writing(engine) as conn:
        publish_many(conn, scope, changes)


@pytest.fixture
def engine(tmp_path):
    made = open_engine(tmp_path / "central.sqlite")
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keeper(engine, tmp_path, clock):
    made = SnapshotKeeper(engine, tmp_path, lambda message: message[:64], MASTER, clock, rows_min=3)
    # A process for each would take a second; one test below has it.
    made._maker._build = lambda order: build(engine, order)
    yield made
    made.stop()


def test_it_is_made_by_a_process_of_its_own(engine, tmp_path, clock):
    """Wrong: HQ answers nobody while it packs a million customers, or cannot stop meanwhile."""
    keeper = SnapshotKeeper(
        engine, tmp_path, lambda message: message[:64], MASTER, clock, rows_min=3
    )
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    assert keeper.manifest(GLOBAL)
    keeper.stop()
    tell(engine, item(4))
    with pytest.raises(SnapshotFailed, match="HQ stops"):
        keeper._maker.make(GLOBAL, keeper.holder)


def have_one_made(order, said):
    """Be an HQ that has a snapshot made, tell by which process, and wait to be killed."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=building.run, args=(order, theirs), daemon=True)
    process.start()
    said.send(process.pid)
    ours.recv()


def test_what_is_made_ends_with_the_hq_that_was_killed(engine, tmp_path):
    """Wrong: what a killed HQ began works on, and PostgreSQL cannot be restored beside it."""
    (tmp_path / "made").mkdir()
    order = Order(engine.url.render_as_string(), GLOBAL, str(tmp_path / "made"), MASTER)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    hq = context.Process(target=have_one_made, args=(order, theirs))
    # Nobody can read the ledger meanwhile: the process that makes it waits for a long time.
    with closing(dbapi2.connect(engine.url.database, isolation_level=None)) as lock:
        engine.dispose()
        lock.execute("PRAGMA locking_mode = EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        hq.start()
        maker = os.pidfd_open(ours.recv())
        hq.kill()
        hq.join()
        ended, _, _ = select.select([maker], [], [], 20)
        os.close(maker)
    assert [maker] == ended


def built(engine, tmp_path, name="made", **fields):
    """Build a snapshot in this process; the file, and what was said of it."""
    folder = tmp_path / name
    folder.mkdir()
    done = build(engine, Order("", GLOBAL, str(folder), MASTER, **fields))
    packed = b"".join((folder / str(n)).read_bytes() for n in range(len(done.chunks)))
    whole = tmp_path / f"{name}.db"
    whole.write_bytes(zstandard.ZstdDecompressor().decompress(packed))
    return done, whole


def rows(whole, query):
    conn = dbapi2.connect(str(whole))
    try:
        return conn.execute(query).fetchall()
    finally:
        conn.close()


def test_a_file_holds_what_the_feed_holds(engine, tmp_path):
    """Wrong: a new till knows other customers and items than one that read every page."""
    order = Change(
        "order:W1",
        "put",
        b'{"order_no":"W1","channel":"web","state":"ready",'
        b'"placed_at":"2026-01-01T00:00:00Z","total":1,"currency":"EUR"}',
    )
    signed = Change("signed-order:1", "put", b'{"order":"x","signature":"y"}')
    tell(
        engine,
        item(1),
        party(1),
        order,
        signed,
        Change("item:9", "del"),
        Change("party:p8", "erase"),
        Change("item:bad", "put", b"[]"),
        Change("new:1", "put"),
    )
    done, whole = built(engine, tmp_path)
    assert done.sha256 == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert (8, 8) == (done.fseq, done.rows + 1)
    assert [("1", "Milk")] == rows(whole, "SELECT item_id, name FROM items")
    assert [(1,)] == rows(whole, "SELECT rowid FROM item_words WHERE item_words MATCH 'milk'")
    assert [("p1", 2)] == rows(
        whole, "SELECT party, count(*) FROM people JOIN found_by ON person = id"
    )
    assert [("W1",)] == rows(whole, "SELECT order_no FROM orders")
    assert [("signed-order:1",), ("new:1",)] == rows(whole, "SELECT key FROM notices ORDER BY fseq")
    assert [("item:bad",)] == rows(whole, "SELECT key FROM refused")
    assert [
        ("item:1", "put"),
        ("item:9", "del"),
        ("order:W1", "put"),
    ] == rows(whole, "SELECT key, op FROM versions ORDER BY key")
    assert [("p8", "erase")] == rows(whole, "SELECT party, op FROM gone")
    assert [(f"{done.epoch}.8.{done.running_hash}",)] == rows(whole, "SELECT cursor FROM scopes")
    assert [(FORMAT,)] == rows(whole, "PRAGMA user_version")


def test_what_is_published_while_a_file_is_made_is_in_it_once(engine, tmp_path, monkeypatch):
    """Wrong: a snapshot holds two cards of one customer, or an erased one's."""
    tell(engine, item(1), item(2), party(1), party(2), Change("new:1", "put"))
    monkeypatch.setattr("central.feed.building.PORTION", 2)
    told = iter(
        [(item(1, "Butter"), Change("party:p1", "erase"), party(2), Change("new:1", "put"))]
    )
    real = building._portion

    def portion(conn, scope, at):
        found = real(conn, scope, at)
        for changes in told:
            tell(engine, *changes)
        return found

    monkeypatch.setattr("central.feed.building._portion", portion)
    done, whole = built(engine, tmp_path)
    assert 9 == done.fseq
    assert [("1", "Butter"), ("2", "Milk")] == rows(
        whole, "SELECT item_id, name FROM items ORDER BY item_id"
    )
    assert [("p2",)] == rows(whole, "SELECT party FROM people")
    assert [(2,)] == rows(whole, "SELECT count(*) FROM found_by")
    assert [(1,)] == rows(whole, "SELECT count(*) FROM notices")
    assert b"N1" not in whole.read_bytes()


def test_another_epoch_overtakes_a_file(engine, tmp_path, monkeypatch):
    """Wrong: a file is half of one history and half of another."""
    tell(engine, item(1), item(2))
    epochs = iter(["1-a", "2-b"])
    monkeypatch.setattr("central.feed.building.current_epoch", lambda _conn: next(epochs))
    with pytest.raises(building.SnapshotOvertaken):
        built(engine, tmp_path)
    assert [] == list((tmp_path / "made").iterdir())


def test_one_is_made_by_itself_and_given_out(keeper, engine):
    """Wrong: HQ works for each new till, or has nothing to give."""
    tell(engine, item(1), item(2))
    with pytest.raises(keeping.NoSnapshot):
        keeper.manifest(GLOBAL)
    tell(engine, item(3))
    with pytest.raises(keeping.SnapshotBeingMade):
        keeper.manifest(GLOBAL)
    keeper.look()
    signed = keeper.manifest(GLOBAL)
    manifest = read_manifest(signed, GLOBAL, lambda *_: True)
    assert (3, 3) == (parse(manifest.cursor).fseq, manifest.rows)
    for number, chunk in enumerate(manifest.chunks):
        assert is_chunk(chunk, keeper.chunk(GLOBAL, manifest.snapshot_id, number))
    keeper.look()
    assert signed == keeper.manifest(GLOBAL)
    for scope, name, number in (
        (GLOBAL, manifest.snapshot_id, 99),
        (GLOBAL, "../../etc", 0),
        ("store:s", manifest.snapshot_id, 0),
    ):
        with pytest.raises(keeping.NoSnapshot):
            keeper.chunk(scope, name, number)


def test_a_newer_one_follows_many_changes_or_a_day(keeper, engine, clock):
    """Wrong: a new till reads a year of changes after its snapshot, or none is ever removed."""
    tell(engine, *[item(n) for n in range(20)])
    keeper.look()
    first = keeper.manifest(GLOBAL)
    tell(engine, item(1, "New"))
    keeper.look()
    assert first == keeper.manifest(GLOBAL)
    clock.at = "2026-03-02T13:00:00.000Z"
    keeper.look()
    second = keeper.manifest(GLOBAL)
    assert first != second
    tell(engine, item(1), item(2))
    keeper.look()
    assert second != keeper.manifest(GLOBAL)
    old = read_manifest(first, GLOBAL, lambda *_: True).snapshot_id
    assert keeper.chunk(GLOBAL, old, 0)
    clock.at = "2026-03-03T14:00:00.000Z"
    keeper.look()
    with pytest.raises(keeping.NoSnapshot):
        keeper.chunk(GLOBAL, old, 0)
    assert 1 == len([place for place in keeper.folder.iterdir() if place.is_dir()])


@pytest.mark.parametrize("is_gone", [True, False])
def test_one_whose_file_was_damaged_is_made_anew(keeper, engine, is_gone):
    """Wrong: a byte that changed on HQ's disk keeps every new till without customers for a day."""
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    damaged = read_manifest(keeper.manifest(GLOBAL), GLOBAL, lambda *_: True)
    path = keeper.folder / damaged.snapshot_id / "0"
    content = path.read_bytes()
    if is_gone:
        path.unlink()
    else:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(keeping.NoSnapshot):
        keeper.chunk(GLOBAL, damaged.snapshot_id, 0)
    with pytest.raises(keeping.SnapshotBeingMade):
        keeper.manifest(GLOBAL)
    keeper.look()
    made = read_manifest(keeper.manifest(GLOBAL), GLOBAL, lambda *_: True)
    assert is_chunk(made.chunks[0], keeper.chunk(GLOBAL, made.snapshot_id, 0))
    assert [made.snapshot_id] == [place.name for place in keeper.folder.iterdir() if place.is_dir()]


def test_none_of_another_epoch_is_given_out(keeper, engine):
    """Wrong: after a rewind tills install what HQ does not hold any more, for ever again."""
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    before = read_manifest(keeper.manifest(GLOBAL), GLOBAL, lambda *_: True)
    with writing(engine) as conn:
        bump_epoch(conn, "")
    with pytest.raises(keeping.SnapshotBeingMade):
        keeper.manifest(GLOBAL)
    with pytest.raises(keeping.NoSnapshot):
        keeper.chunk(GLOBAL, before.snapshot_id, 0)
    keeper.look()
    assert before.epoch != read_manifest(keeper.manifest(GLOBAL), GLOBAL, lambda *_: True).epoch


def test_one_of_another_layout_is_made_anew(keeper, engine, monkeypatch):
    """Wrong: after an update every till reads a million customers page by page for a day."""
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    before = keeper.manifest(GLOBAL)
    monkeypatch.setattr("central.feed.shelf.FORMAT", FORMAT - 1)
    with pytest.raises(keeping.SnapshotBeingMade):
        keeper.manifest(GLOBAL)
    monkeypatch.undo()
    assert before == keeper.manifest(GLOBAL)


def test_files_nobody_indexes_are_removed(keeper, engine):
    """Wrong: a restored or killed HQ fills its disk with files it does not know of."""
    tell(engine, item(1))
    keeper.look()
    (keeper.folder / "stray").mkdir()
    (keeper.folder / "stray" / "0").write_bytes(b"x")
    keeper.look()
    assert ["holder"] == [place.name for place in keeper.folder.iterdir()]


def test_lost_files_are_made_again(keeper, engine):
    """Wrong: after a restore to another disk tills ask for ever for files that are not there."""
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    [folder] = [place for place in keeper.folder.iterdir() if place.is_dir()]
    shutil.rmtree(folder)
    with pytest.raises(keeping.SnapshotBeingMade):
        keeper.manifest(GLOBAL)
    keeper.look()
    assert folder.name not in keeper.manifest(GLOBAL).manifest


def test_another_process_gives_out_its_own(keeper, engine, tmp_path, clock):
    """Wrong: of two HQ processes one gives out files that only the other one has."""
    other = SnapshotKeeper(engine, tmp_path / "b", lambda m: m, MASTER, clock, rows_min=3)
    tell(engine, item(1), item(2), item(3))
    keeper.look()
    with pytest.raises(keeping.SnapshotBeingMade):
        other.manifest(GLOBAL)


def test_one_that_cannot_be_made_leaves_tills_their_pages(keeper, engine, monkeypatch):
    """Wrong: tills wait for a snapshot for ever because HQ's disk is full."""
    tell(engine, item(1), item(2), item(3))
    monkeypatch.setattr(keeper._maker, "_folder", keeper.folder / "gone")
    with pytest.raises(SnapshotFailed, match="could not be made"):
        keeper.look()
    with pytest.raises(keeping.NoSnapshot):
        keeper.manifest(GLOBAL)
    monkeypatch.undo()
    tell(engine, item(4))
    keeper.look()
    assert keeper.manifest(GLOBAL)


def test_old_tombstones_go_after_so_many_days(engine):
    """Wrong: the feed keeps every deletion for ever, or drops one that a till has yet to read."""
    tell(engine, item(1), Change("party:p1", "erase"), Change("item:2", "del"))
    days = [f"2026-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(8)]
    with writing(engine) as conn:
        assert horizon.note_day(conn, days[0])
        assert not horizon.note_day(conn, days[0])
    tell(engine, Change("item:3", "del"))
    with writing(engine) as conn:
        for day in days[1:]:
            assert not horizon.forget_deleted(conn, GLOBAL, days=7)
            horizon.note_day(conn, day)
        before = [row.key for row in conn.execute(FEED_ROWS.select())]
        horizon.forget_deleted(conn, GLOBAL, days=7)
        after = [row.key for row in conn.execute(FEED_ROWS.select())]
        assert 3 == horizon.horizon(conn, GLOBAL)
        assert 7 == len(conn.execute(FEED_DAYS.select()).all()) - 1
    assert (["item:1", "party:p1", "item:2", "item:3"], ["item:1", "item:3"]) == (before, after)


def test_a_position_before_forgotten_deletions_is_gone(engine):
    """Wrong: what was erased lives on at a till that was in a cupboard for a year."""
    tell(engine, item(1))
    with reading(engine) as conn:
        early = page(conn, GLOBAL, "").cursor
    tell(engine, Change("item:1", "erase"), item(2))
    with writing(engine) as conn:
        late = page(conn, GLOBAL, early).cursor
        conn.execute(FEED_HORIZONS.insert().values(scope=GLOBAL, fseq=2))
        with pytest.raises(FeedGone, match="forgotten"):
            page(conn, GLOBAL, early)
        assert () == page(conn, GLOBAL, late).items
        assert 2 == len(page(conn, GLOBAL, "").items)
