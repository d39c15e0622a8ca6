"""A scope taken whole: first contact, a lost place, and every way it can go wrong."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import threading
from contextlib import asynccontextmanager

import msgspec
import pytest
from pysqlite3 import dbapi2

from agent.core.exchange.cursors import compact
from agent.core.exchange.snapshots import SignedManifest, make_manifest
from agent.core.exchange.wire import PartyRow
from agent.core.history.model import Card
from agent.core.identifiers import ItemId, PartyId
from agent.core.recognition import Found, Identifier, IdentifierType, ItemKey
from agent.directory import Directory, Keyring, generations
from agent.directory.installing import Installation
from agent.sync.pieces import Pieces
from central.feed.filling import Filling
from central.ledger.replica_files import new_replica
from tests.sealed import MACHINE_KEY

SCOPE = "global"
PHONE = Identifier(IdentifierType.PHONE, "+49301234567")
MAIL = Identifier(IdentifierType.EMAIL, "lea@example.com")


def body(n, name="Milk"):
    return b'{"item_id":"%d","name":"%s","taxes":["full"]}' % (n, name.encode())


def party(name, *identifiers):
    card = msgspec.Raw(msgspec.json.encode(Card(PartyId(name), name)))
    return msgspec.json.encode(PartyRow(card, identifiers))


def offered(shop, tmp_path, **fields):
    """Have the HQ in memory offer what its feed holds now."""
    feed, path = shop.hq.database.feeds[SCOPE], tmp_path / "made.db"
    cursor = shop.hq.page(SCOPE, "", 1_000_000).cursor
    with new_replica(path) as file:
        filling = Filling(file, SCOPE)
        closed = [shop.hq.sealing.closed(SCOPE, each) for each in compact(feed.items)]
        filling.add(closed, again=False)
        filling.settle(cursor)
    values = {"rows": filling.rows, "chunk_bytes": 400}
    return shop.hq.shelf.offer(SCOPE, cursor, path.read_bytes(), **(values | fields))


def name_of(shop, n):
    found = shop.replica.item(ItemKey(item_id=ItemId(str(n))))
    return None if found is None else found.name


def opened(shop, path=None):
    """Open the shop's directory, or one beside it, with the keys of its HQ."""
    keyring = Keyring(MACHINE_KEY)
    keyring.take([shop.hq.sealing.master.key(SCOPE, 1)], bytes(32))
    return Directory.open(path or shop.path, keyring)


@pytest.fixture
def stocked(shop, tmp_path):
    """A shop whose HQ holds ten items, with a real directory."""
    for n in range(10):
        shop.hq.publish(SCOPE, f"item:{n}", n + 1, body=body(n))
    shop.path = tmp_path / "directory.db"
    shop.replica = opened(shop)
    yield shop
    shop.replica.close()


@asynccontextmanager
async def following(shop, run):
    loop = shop.new_loop(installable=shop.replica)
    async with run(loop):
        yield loop


@pytest.mark.asyncio
async def test_a_new_till_takes_the_scope_whole_and_goes_on(stocked, run, tmp_path):
    """If it did not, a new till would read a million customers one by one, or miss what follows."""
    shop = stocked
    manifest = offered(shop, tmp_path)
    await shop.enrol()
    async with following(shop, run):
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)
        assert [n for _, n in shop.hq.shelf.asked] == list(range(len(manifest.chunks)))
        shop.link.publish(SCOPE, "item:3", 11, body=body(3, "Butter"))
        await shop.until(lambda: name_of(shop, 3) == "Butter")
    assert 10 == shop.replica.counts()["items"]
    assert (SCOPE, {f"item:{n}" for n in range(10)}) == (
        shop.changes[0][0],
        set(shop.changes[0][1]),
    )
    assert [] == list(shop.replica.incoming.iterdir())


@pytest.mark.asyncio
async def test_half_a_snapshot_goes_when_somebody_is_erased(stocked, run):
    """Who is erased would stay on the disk, in pieces whose rest is never fetched (P9)."""
    shop = stocked
    await shop.enrol()
    half = shop.replica.incoming / SCOPE / "half"
    async with following(shop, run):
        await shop.until(lambda: name_of(shop, 3) == "Milk")
        half.mkdir(parents=True)
        (half / "0").write_bytes(b"a piece")
        shop.link.publish(SCOPE, "party:p-1", 11, op="erase")
        await shop.until(lambda: not half.exists())


@pytest.mark.asyncio
async def test_a_lost_place_is_found_by_a_snapshot(stocked, run, tmp_path):
    """If it were not, a restored HQ would mean that every till reads everything again."""
    shop = stocked
    await shop.enrol()
    before = shop.hq.backup()
    shop.hq.publish(SCOPE, "party:gone", 11, body=party("gone", PHONE))
    async with following(shop, run):
        await shop.until(lambda: isinstance(shop.replica.party(PHONE), Found))
        shop.replica.put_local(Card(PartyId("lea"), "Lea"), [MAIL])
        shop.hq.restore(before)
        for n in (11, 12):
            shop.hq.publish(SCOPE, f"item:{n}", n, body=body(n))
        manifest = offered(shop, tmp_path)
        shop.link.publish(SCOPE, "item:13", 13, body=body(13))
        await shop.until(lambda: name_of(shop, 13))
    assert manifest.snapshot_id in {asked for asked, _ in shop.hq.shelf.asked}
    assert not isinstance(shop.replica.party(PHONE), Found)
    assert 1 == shop.replica.counts()["local"]


@pytest.mark.asyncio
async def test_each_hq_that_was_put_back_sees_where_the_till_was(
    stocked, run, tmp_path, monkeypatch
):
    """If it did not, an HQ put back twice would not list what it had published and lost."""
    shop, asked = stocked, []
    await shop.enrol()
    before = shop.hq.backup()
    shop.hq.publish(SCOPE, "item:10", 11, body=body(10))
    feed, snapshot = shop.link.feed, shop.link.snapshot

    async def noted(scope, after, wait_s):
        asked.append(after)
        return await feed(scope, after, wait_s)

    async def away(scope):
        if not shop.link.weather.offline and len(shop.hq.shelf.chunks) == 0:
            shop.link.set_offline(True)
        return await snapshot(scope)

    async with following(shop, run):
        await shop.until(lambda: name_of(shop, 10))
        place = shop.replica.cursor(SCOPE)
        monkeypatch.setattr(shop.link, "feed", noted)
        monkeypatch.setattr(shop.link, "snapshot", away)
        shop.hq.restore(before)
        await shop.until(lambda: shop.link.weather.offline)
        asked.clear()
        shop.hq.restore(before)
        manifest = offered(shop, tmp_path)
        shop.link.set_offline(False)
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)
    assert place in asked


@pytest.mark.asyncio
async def test_a_page_of_another_history_is_not_believed(stocked, run, monkeypatch):
    """If it were, a till would go on from where HQ never was."""
    shop, real, spoiled = stocked, stocked.link.feed, []
    await shop.enrol()

    async def feed(scope, after, wait_s):
        page = await real(scope, after, wait_s)
        if scope == SCOPE and not spoiled and page.items:
            spoiled.append(page)
            page = msgspec.structs.replace(page, cursor=page.cursor[:-1] + "x")
        return page

    monkeypatch.setattr(shop.link, "feed", feed)
    async with following(shop, run):
        await shop.until(lambda: shop.replica.cursor(SCOPE))
    assert spoiled
    assert shop.replica.cursor(SCOPE) == spoiled[0].cursor


@pytest.mark.asyncio
async def test_a_download_goes_on_where_it_stopped(stocked, run, tmp_path, monkeypatch):
    """If it did not, a slow line would never have all of it between two restarts."""
    shop = stocked
    manifest = offered(shop, tmp_path)
    await shop.enrol()
    real = shop.link.snapshot_chunk
    last = len(manifest.chunks) - 1

    async def chunk(scope, snapshot_id, number):
        if number == last:
            shop.link.set_offline(True)
        return await real(scope, snapshot_id, number)

    monkeypatch.setattr(shop.link, "snapshot_chunk", chunk)
    async with following(shop, run):
        await shop.until(lambda: shop.link.weather.offline)
    shop.replica.close()
    [folder] = shop.path.with_name("directory.db.incoming").glob("*/*")
    (folder / "1").write_bytes(b"torn by a power cut")
    shop.replica = opened(shop)
    shop.hq.shelf.asked.clear()
    monkeypatch.undo()
    shop.link.set_offline(False)
    async with following(shop, run):
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)
    assert [1, last] == [n for _, n in shop.hq.shelf.asked]


@pytest.mark.asyncio
async def test_a_damaged_piece_is_fetched_again(stocked, run, tmp_path, monkeypatch):
    """If it were kept, all of it would be thrown away at the end, or worse, installed."""
    shop, bad = stocked, iter([b"", b"x" * 400])
    manifest = offered(shop, tmp_path)
    await shop.enrol()
    real = shop.link.snapshot_chunk

    async def chunk(scope, snapshot_id, number):
        content = await real(scope, snapshot_id, number)
        return next(bad, content)

    monkeypatch.setattr(shop.link, "snapshot_chunk", chunk)
    async with following(shop, run):
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)
    assert len(manifest.chunks) + 2 == len(shop.hq.shelf.asked)


def _forged(shop, _tmp_path):
    epoch, signed = shop.hq.shelf.newest[SCOPE]
    shop.hq.shelf.newest[SCOPE] = (epoch, SignedManifest(signed.manifest, "00" * 64))


def _cut_short(shop, tmp_path):
    content = (tmp_path / "made.db").read_bytes()[:9000]
    cursor = shop.hq.page(SCOPE, "", 1_000_000).cursor
    shop.hq.shelf.offer(SCOPE, cursor, content)


def _no_zstd(shop, tmp_path):
    manifest = offered(shop, tmp_path, chunk_bytes=1 << 20)
    pieces = shop.hq.shelf.chunks[SCOPE, manifest.snapshot_id]
    pieces[0] = b"no zstd at all"
    digest = hashlib.sha256(pieces[0]).hexdigest()
    chunk = msgspec.structs.replace(manifest.chunks[0], sha256=digest, bytes=len(pieces[0]))
    _signed(shop, msgspec.structs.replace(manifest, chunks=(chunk,)))


def _larger(shop, tmp_path):
    manifest = offered(shop, tmp_path)
    _signed(shop, msgspec.structs.replace(manifest, size=manifest.size - 1))


def _other_hash(shop, tmp_path):
    _signed(shop, msgspec.structs.replace(offered(shop, tmp_path), sha256="00" * 32))


def _signed(shop, manifest):
    shop.hq.shelf.newest[SCOPE] = (manifest.epoch, make_manifest(shop.hq.shelf.sign, manifest))


def _newer_layout(shop, tmp_path):
    offered(shop, tmp_path, layout=99)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "spoil", [_forged, _cut_short, _no_zstd, _larger, _other_hash, _newer_layout]
)
async def test_what_must_not_be_installed_is_read_page_by_page(stocked, run, tmp_path, spoil):
    """If it were installed, anybody on the line could decide who is a customer."""
    shop = stocked
    offered(shop, tmp_path)
    spoil(shop, tmp_path)
    await shop.enrol()
    async with following(shop, run) as loop:
        await shop.until(lambda: shop.replica.counts()["items"] == 10)
        [trouble] = loop.status().troubles
    assert "snapshot-unusable" == trouble.name
    assert "page by page" in trouble.remedy
    assert not shop.path.is_symlink()
    assert [] == list(shop.path.parent.glob("directory.db.[0-9]*"))


@pytest.mark.asyncio
async def test_another_snapshot_in_the_middle_is_taken_instead(stocked, run, tmp_path, monkeypatch):
    """If it were not, a till would ask for ever for pieces HQ has removed."""
    shop = stocked
    first = offered(shop, tmp_path)
    await shop.enrol()
    real, made = shop.link.snapshot_chunk, []

    async def chunk(scope, snapshot_id, number):
        if number == 2 and not made:
            shop.hq.publish(SCOPE, "item:20", 20, body=body(20))
            made.append(offered(shop, tmp_path))
            del shop.hq.shelf.chunks[SCOPE, first.snapshot_id]
        return await real(scope, snapshot_id, number)

    monkeypatch.setattr(shop.link, "snapshot_chunk", chunk)
    async with following(shop, run):
        await shop.until(lambda: shop.replica.cursor(SCOPE))
        assert made[0].cursor == shop.replica.cursor(SCOPE)
    assert 11 == shop.replica.counts()["items"]


@pytest.mark.asyncio
async def test_hq_rewound_in_the_middle(stocked, run, tmp_path, monkeypatch):
    """If the till believed the lost future, it would keep for ever what HQ does not hold."""
    shop = stocked
    before = shop.hq.backup()
    shop.hq.publish(SCOPE, "item:90", 90, body=body(90))
    offered(shop, tmp_path)
    await shop.enrol()
    real, done = shop.link.snapshot_chunk, []

    async def chunk(scope, snapshot_id, number):
        if number == 2 and not done:
            done.append(1)
            codes = shop.hq.database.journals
            shop.hq.restore(before)
            shop.hq.database.journals = codes
            shop.hq.database.epoch = "2-cd"
            shop.hq.publish(SCOPE, "item:91", 91, body=body(91))
        return await real(scope, snapshot_id, number)

    monkeypatch.setattr(shop.link, "snapshot_chunk", chunk)
    async with following(shop, run):
        await shop.until(lambda: name_of(shop, 91) and name_of(shop, 90) is None)
    assert 11 == shop.replica.counts()["items"]


@pytest.mark.asyncio
async def test_one_that_is_being_made_is_waited_for(stocked, run, tmp_path):
    """If it were not, the first till of a chain would read everything by pages."""
    shop = stocked
    shop.hq.shelf.building.add(SCOPE)
    await shop.enrol()
    async with following(shop, run):
        await shop.settle()
        assert "" == shop.replica.cursor(SCOPE)
        manifest = offered(shop, tmp_path)
        shop.hq.shelf.building.clear()
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)


@pytest.mark.asyncio
async def test_a_full_disk_in_the_middle_keeps_what_there_is(stocked, run, tmp_path):
    """If it did not, a full disk would cost the till its customers, or stay full of pieces."""
    shop = stocked
    shop.replica.put_local(Card(PartyId("lea"), "Lea"), [PHONE])
    manifest = offered(shop, tmp_path)
    await shop.enrol()
    folder = shop.replica.incoming / SCOPE / manifest.snapshot_id
    folder.mkdir(parents=True)
    (folder / "whole").symlink_to("/dev/full")
    async with following(shop, run) as loop:
        await shop.until(lambda: "No space left" in (loop.status().last_error or ""))
        assert isinstance(shop.replica.party(PHONE), Found)
        await shop.until(lambda: shop.replica.cursor(SCOPE) == manifest.cursor)
    assert isinstance(shop.replica.party(PHONE), Found)


@pytest.mark.asyncio
async def test_on_a_low_disk_only_changes_are_read(stocked, run, tmp_path):
    """If a snapshot were fetched, it would take the room sales need."""
    shop = stocked
    offered(shop, tmp_path)
    await shop.enrol()
    loop = shop.new_loop(installable=shop.replica)
    loop._snapshots._may_fetch = lambda: False
    async with run(loop):
        await shop.until(lambda: shop.replica.counts()["items"] == 10)
    assert [] == shop.hq.shelf.asked


@pytest.mark.asyncio
async def test_look_ups_go_on_all_the_while(stocked, run, tmp_path):
    """If one failed or saw half a directory, a customer would not be known in that moment."""
    shop = stocked
    for n in range(10, 3000):
        shop.hq.publish(SCOPE, f"item:{n}", n + 1, body=body(n))
    shop.replica.put_local(Card(PartyId("lea"), "Lea"), [PHONE])
    manifest = offered(shop, tmp_path, chunk_bytes=20_000)
    await shop.enrol()
    stop, seen, failed = threading.Event(), set(), 0

    def look() -> None:
        nonlocal failed
        query = "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM people)"
        in_a_row = 0
        while not stop.is_set():
            try:
                conn = dbapi2.connect(f"file:{shop.path}?mode=ro", uri=True)
                seen.add(conn.execute(query).fetchone())
                conn.close()
                in_a_row = 0
            except dbapi2.Error:
                # The link was read before the swap and followed after it: the next try is right.
                in_a_row += 1
                failed = max(failed, in_a_row)

    thread = threading.Thread(target=look)
    thread.start()
    async with following(shop, run):
        for _ in iter(lambda: shop.replica.cursor(SCOPE) == manifest.cursor, True):
            assert isinstance(shop.replica.party(PHONE), Found)
            await asyncio.sleep(0)
        await shop.settle()
    stop.set()
    thread.join()
    assert failed <= 1
    assert seen <= {(0, 1), (3000, 1)}
    assert (3000, 1) in seen


STEPS = (
    (Pieces, "open"),
    (Pieces, "keep"),
    (Pieces, "unpack"),
    (Pieces, "finish"),
    (Installation, "check"),
    (Installation, "notices"),
    (Installation, "begin"),
    (Installation, "merge"),
    (generations, "point"),
    (generations, "settle"),
    (generations, "remove"),
    (generations, "tidy"),
    (Installation, "finish"),
    (Pieces, "remove"),
)


def _take(shop, path, manifest, chunks, die_at):
    """Do all of it in this process; SIGKILL before and after the so many-eth step. Gives steps."""
    done = 0

    def step():
        nonlocal done
        if done == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def killing(real):
        def call(*args, **kwargs):
            step()
            result = real(*args, **kwargs)
            step()
            return result

        return call

    directory = opened(shop, path)
    for owner, name in STEPS:
        setattr(owner, name, killing(getattr(owner, name)))
    pieces = Pieces(directory.incoming, manifest)
    pieces.open()
    for number, content in enumerate(chunks):
        held = pieces.held(number)
        if held is None:
            pieces.keep(number, content)
        pieces.unpack(content)
    installation = directory.installation(manifest)
    installation.check(pieces.finish())
    installation.notices()
    installation.begin()
    installation.merge()
    directory.put_local(Card(PartyId("meanwhile"), "M"), [MAIL])
    installation.swap()
    installation.finish()
    pieces.remove()
    directory.close()
    return done


def _in_child(call) -> int:
    """Run it in a child of this process; gives how it ended."""
    child = os.fork()
    if child == 0:
        code = 200
        try:
            code = call()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status


def test_killed_at_every_step_it_is_the_old_directory_or_the_new(stocked, tmp_path):
    """If it were neither, a power cut while a snapshot is installed would stop recognition."""
    shop = stocked
    shop.replica.put_local(Card(PartyId("lea"), "Lea"), [PHONE])
    shop.replica.close()
    manifest = offered(shop, tmp_path, chunk_bytes=2500)
    chunks = shop.hq.shelf.chunks[SCOPE, manifest.snapshot_id]
    before = shop.path.read_bytes()
    steps = os.waitstatus_to_exitcode(
        _in_child(lambda: _take(shop, shop.path, manifest, chunks, -1))
    )
    # All but the removal of an older snapshot's file: there is none yet.
    assert steps >= 2 * (len(STEPS) - 1)
    states = []
    for die_at in range(steps):
        folder = tmp_path / f"killed-{die_at}"
        folder.mkdir()
        path = folder / "directory.db"
        path.write_bytes(before)
        for life in (die_at, die_at // 2):
            status = _in_child(lambda path=path, at=life: _take(shop, path, manifest, chunks, at))
            assert os.WIFSIGNALED(status)
            directory = opened(shop, path)
            assert directory.damage is None
            assert isinstance(directory.party(PHONE), Found)
            states.append((directory.counts()["items"], directory.cursor(SCOPE)))
            directory.close()
        assert 0 < os.waitstatus_to_exitcode(
            _in_child(lambda p=path: _take(shop, p, manifest, chunks, -1))
        )
        directory = opened(shop, path)
        assert (10, 2) == (directory.counts()["items"], directory.counts()["local"])
        directory.close()
        assert 2 == len([file for file in folder.iterdir() if file.is_file()])
    assert {(0, ""), (10, manifest.cursor)} == set(states)
    shop.replica = opened(shop)
