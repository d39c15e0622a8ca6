"""A damaged file: kept, and everything that can be read of it goes on."""

from __future__ import annotations

import contextlib
import random
import re
from itertools import count

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pysqlite3 import dbapi2

from agent.core.entries.bodies import EntryCarried, JournalBegun, OrderReceived, SaleCompleted
from agent.core.entries.canonical import decode
from agent.core.exchange.acks import evidence, make_ack
from agent.core.exchange.credentials import make_answer, make_request
from agent.core.exchange.orders import EraseBody, Order
from agent.core.faults import Fault
from agent.core.loyalty import Lease
from agent.journal import (
    Journal,
    baskets,
    chains,
    cursors,
    days,
    erasures,
    moving,
    pairing,
    prints,
    purses,
    registry,
    sales,
)
from agent.journal.cursors import Acked, Held
from agent.journal.faults import JournalDamaged, JournalUnusable
from agent.journal.preparation import Owner
from agent.journal.prune import prune
from agent.journal.salvage import salvage
from agent.journal.salvaged import last, lines
from agent.journal.successors import succeed
from agent.journal.verify import verify
from tests.journal.shop import (
    KEY,
    STAMP,
    STORE,
    TILLS,
    CountingClock,
    basket,
    close_day,
    committed,
    erase,
    give_back,
    sell,
    sign_on,
)

SALES = 30
ACKED = 10
SEEDS = count(20)
OWNER = Owner(STORE, TILLS, KEY)


def fill(path):
    """A busy day at one till; the journal as a power cut leaves it: file and log."""
    clock = CountingClock(1)
    with Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=clock) as journal:
        write = journal.write_blocking
        for number in range(SALES):
            write(lambda conn, n=number: sell(conn, f"sale-{n:03}"))
            write(lambda conn, n=number: sign_on(conn, f"actor-{n:03}"))
        write(lambda conn: sell(conn, "back", lines=(give_back("sale-003", 1, 500),)))
        write(lambda conn: baskets.save(conn, basket("open-1")))
        write(lambda conn: registry.put(conn, "enrolled/till-1", {"credential": "paper"}))
        write(lambda conn: pairing.issue(conn, "till-1", "ab" * 32, "now"))
        receipt = {"device": "receipt", "kind": prints.RECEIPT, "payload": None, "at": "now"}
        write(
            lambda conn: prints.enqueue(
                conn, print_id="p-1", till="till-1", sale_id="sale-001", **receipt
            )
        )
        side = write(chains.heads)[1].journal_id
        write(lambda conn: erase(conn, side, 5, order_id="order-7", at="now"))
        head = write(chains.heads)[0]
        hash_ = write(lambda conn: chains.hash_at(conn, head.journal_id, ACKED))
        ack = Acked("e1", ACKED, hash_, b"s" * 64, 0)
        write(lambda conn: cursors.set_acked(conn, head.journal_id, ack))
        return path.read_bytes(), path.with_name("journal.db-wal").read_bytes()


def put(path, main, log=None):
    """Lay a file, and its log, as a crash leaves them."""
    for name in path.parent.iterdir():
        name.unlink()
    path.write_bytes(main)
    if log is not None:
        path.with_name("journal.db-wal").write_bytes(log)


def whole(path):
    """Give the day as one file, everything checkpointed into it."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    path = tmp_path_factory.mktemp("day") / "journal.db"
    main, log = fill(path)
    return main, log, whole(path)


def opened(path):
    return Journal.open(
        path, store=STORE, tills=TILLS, device_key=KEY, clock=CountingClock(next(SEEDS))
    )


def rescued(path, why="a page is damaged"):
    done = salvage(path, OWNER, CountingClock(next(SEEDS)), why)
    return done, opened(path)


def faults(conn):
    return [report.fault for report in verify(conn) if report.fault]


def sold(conn):
    found = (sales.completed(conn, f"sale-{n:03}") for n in range(SALES))
    return {sale.sale_id for sale in found if sale}


def carried(conn, lane="sales"):
    head = next(
        head
        for head in chains.heads(conn)
        if (head.till, head.lane, head.sealed) == ("till-1", lane, 0)
    )
    records = chains.records(conn, head.journal_id, 1, 10_000)
    return head, [decode(one.kind, one.version, one.body) for one in records]


def test_a_sound_file_comes_over_whole(day, tmp_path):
    """Salvage by hand, of a file that is not as bad as it looked, would lose something."""
    path = tmp_path / "journal.db"
    put(path, day[0], day[1])
    done, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert SALES == len(read(sold))
        assert [] == read(faults)
        assert (0, 1, True) == (done.lost, done.baskets, done.enrolled)
        _, bodies = read(carried)
        assert (ACKED, "damaged", SALES + 1 - ACKED) == (
            bodies[0].seq,
            bodies[0].reason,
            bodies[0].carried,
        )
        assert isinstance(bodies[0], JournalBegun)
        assert all(isinstance(one, EntryCarried) and one.verified for one in bodies[1:])
        assert {1: 500} == read(lambda conn: sales.returned(conn, "sale-003"))
        assert "open-1" == read(lambda conn: baskets.get(conn, "open-1")).sale_id
        assert {"credential": "paper"} == read(lambda conn: registry.get(conn, "enrolled/till-1"))
        assert "till-1" == read(lambda conn: pairing.find(conn, "ab" * 32))
        assert "queued" == read(lambda conn: prints.get(conn, "p-1")).state
        old = read(chains.heads)[0]
        assert ACKED == read(lambda conn: cursors.acked(conn, old.journal_id)).seq
        assert (True, ACKED) == (old.sealed, old.due_seq)
        texts = read(lambda conn: conn.execute("SELECT bytes FROM body").fetchall())
        assert not [text for (text,) in texts if b"actor-004" in text]
        assert done == read(last)
        assert "journal.damaged-1.db" in "\n".join(lines(done))
        journal.write_blocking(lambda conn: sell(conn, "after"))
        journal.write_blocking(lambda conn: close_day(conn, 1))
    assert day[0] == path.with_name("journal.damaged-1.db").read_bytes()
    assert day[1] == path.with_name("journal.damaged-1.db-wal").read_bytes()
    assert not [each for each in tmp_path.iterdir() if "wreck" in each.name or "new" in each.name]


def texts_in(image):
    """Which sales are still there in the bytes, whole."""
    return {
        f"sale-{n:03}"
        for n in range(SALES)
        if f'"sale_id":"sale-{n:03}","receipt_no"'.encode() in image
    }


WOUNDS = {
    "header": lambda image: b"\0" * 4096 + image[4096:],
    "first-64k": lambda image: b"\0" * 65536 + image[65536:],
    "half": lambda image: image[: len(image) // 2],
    "end": lambda image: image[:-5000],
    "not-a-database": lambda image: b"x" * 100 + image[100:],
    "middle": lambda image: image[:40960] + b"\xff" * 8192 + image[49152:],
}


@pytest.mark.parametrize("wound", sorted(WOUNDS))
def test_what_is_still_there_goes_on(day, tmp_path, wound):
    """A till would refuse to sell, or sales whose every byte is on the disk would be given up."""
    path = tmp_path / "journal.db"
    damaged = WOUNDS[wound](day[2])
    put(path, damaged)
    _, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert texts_in(damaged) <= read(sold) | {"sale-000"}
        assert [] == read(faults)
        journal.write_blocking(lambda conn: sell(conn, "after"))
        journal.write_blocking(lambda conn: sign_on(conn, "new"))
        assert [] == read(faults)
    with opened(path) as again:
        again.write_blocking(lambda conn: sell(conn, "after-that"))


@pytest.mark.parametrize("seed", range(4))
def test_scattered_damage(day, tmp_path, seed):
    """One bad sector more than tried by hand, and the agent would not start."""
    chance = random.Random(seed)
    image = bytearray(day[2])
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(0, len(image) // 512) * 512
        size = chance.choice([1, 16, 512, 4096])
        image[at : at + size] = chance.randbytes(size)
    path = tmp_path / "journal.db"
    put(path, bytes(image[: len(day[2])]))
    done, journal = rescued(path)
    with journal:
        assert [] == journal.read_blocking(faults)
        assert SALES // 3 < len(journal.read_blocking(sold)) + done.lost
        journal.write_blocking(lambda conn: sell(conn, "after"))


def test_what_cannot_be_proven_is_marked(day, tmp_path):
    """A changed amount would go to HQ as if it had been proven."""
    path = tmp_path / "journal.db"
    number = next(
        n
        for n in range(ACKED + 1, SALES)
        if day[2].count(f'"sale_id":"sale-{n:03}","receipt_no"'.encode()) == 1
    )
    at = day[2].index(f'"sale_id":"sale-{number:03}","receipt_no"'.encode())
    at = day[2].index(b'"total":398', at)
    put(path, day[2][:at] + b'"total":399' + day[2][at + 11 :])
    with pytest.raises(JournalDamaged, match="not the one that was sealed"):
        opened(path)
    done, journal = rescued(path)
    with journal:
        _, bodies = journal.read_blocking(carried)
        unproven = [one for one in bodies[1:] if not one.verified]
        assert [number + 1] == [one.seq for one in unproven]
        assert [1] == [each.unproven for each in done.journals if each.unproven]
        assert [] == journal.read_blocking(faults)


def test_text_that_is_none_any_more_is_kept_and_disturbs_nobody(day, tmp_path):
    """An entry whose text is torn would keep the shop closed, salvaged or not."""
    path = tmp_path / "journal.db"
    at = day[2].rindex(b'"sale_id":"sale-020","receipt_no"')
    put(path, day[2][:at] + b"\x00}" + day[2][at + 2 :])
    done, journal = rescued(path)
    with journal:
        assert [1] == [each.unproven for each in done.journals if each.unproven]
        assert [] == journal.read_blocking(faults)
        head, bodies = journal.read_blocking(carried)
        torn = 1 + next(at for at, one in enumerate(bodies) if at and not one.verified)
        day_ = journal.read_blocking(lambda conn: days.since_opened(conn, "till-1"))
        newest = journal.read_blocking(lambda conn: chains.entries(conn, "till-1", "sales", 0))
        assert SALES == len([each for each in day_ if isinstance(each, SaleCompleted)])
        assert torn not in [seq for seq, _ in newest]
        assert (
            journal.read_blocking(lambda conn: chains.body_at(conn, head.journal_id, torn)) is None
        )


def test_nothing_left_at_all(tmp_path):
    """A till whose disk ate the file would stay closed."""
    path = tmp_path / "journal.db"
    put(path, b"\x55" * 65536)
    done, journal = rescued(path)
    with journal:
        assert (0, False, 4) == (done.baskets, done.enrolled, len(done.journals))
        assert "no enrolment" in list(lines(done))[-1]
        _, bodies = journal.read_blocking(carried)
        assert [("", 0, "damaged", 0)] == [
            (one.predecessor, one.seq, one.reason, one.carried) for one in bodies
        ]
        journal.write_blocking(lambda conn: sell(conn, "after"))
        assert [] == journal.read_blocking(faults)


def test_a_salvaged_journal_is_salvaged_again(day, tmp_path):
    """The second bad sector would take what the first one left."""
    path = tmp_path / "journal.db"
    put(path, day[0], day[1])
    first, journal = rescued(path)
    with journal:
        journal.write_blocking(lambda conn: sell(conn, "between"))
    second, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert ["journal.damaged-1.db", "journal.damaged-2.db"] == [first.kept, second.kept]
        assert SALES == len(read(sold))
        assert "between" == read(lambda conn: sales.completed(conn, "between")).sale_id
        assert [] == read(faults)
        _, bodies = read(carried)
        assert not [one for one in bodies if getattr(one, "kind", 0) == 201]


def _carriers_of_three_sales(path):
    """Salvage once: the sales stand in their old journal, and travel in the one that goes on."""
    with opened(path) as journal:
        for number in range(3):
            journal.write_blocking(lambda conn, n=number: sell(conn, f"sale-{n:03}"))
    _, journal = rescued(path)
    with journal:
        head, bodies = journal.read_blocking(carried)
    assert 3 == len([one for one in bodies if isinstance(one, EntryCarried)])
    return head


@contextlib.contextmanager
def _tampered(path):
    with contextlib.closing(dbapi2.connect(str(path), isolation_level=None)) as conn:
        named = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        for (name,) in conn.execute(named).fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        yield conn


def _number(conn, journal_id):
    return conn.execute("SELECT no FROM journal WHERE id = ?", (journal_id,)).fetchone()[0]


def test_what_an_ended_journal_holds_is_carried_again(tmp_path):
    """A sale whose carrier is lost would stand in its old journal for ever, and never reach HQ."""
    path = tmp_path / "journal.db"
    head = _carriers_of_three_sales(path)
    with _tampered(path) as conn:
        place = (_number(conn, head.journal_id), head.tail_seq)
        conn.execute("DELETE FROM chain WHERE journal = ? AND seq = ?", place)
        conn.execute("DELETE FROM body WHERE journal = ? AND seq = ?", place)
    _, journal = rescued(path)
    with journal:
        _, bodies = journal.read_blocking(carried)
        assert [] == journal.read_blocking(faults)
    sold_again = [one.seq for one in bodies if isinstance(one, EntryCarried) and one.kind == 1]
    assert [1, 2, 3] == sorted(sold_again)


def test_a_proven_entry_is_carried_not_its_damaged_copy(tmp_path):
    """HQ would get a sale with a changed byte, while the till holds the very one it sealed."""
    path = tmp_path / "journal.db"
    head = _carriers_of_three_sales(path)
    with _tampered(path) as conn:
        place = (_number(conn, head.journal_id), head.tail_seq)
        query = "SELECT bytes FROM body WHERE journal = ? AND seq = ?"
        text = conn.execute(query, place).fetchone()[0]
        changed = text.replace(b"sale-002", b"sale-0O2")
        assert changed != text
        conn.execute("UPDATE body SET bytes = ? WHERE journal = ? AND seq = ?", (changed, *place))
    done, journal = rescued(path)
    with journal:
        successor, bodies = journal.read_blocking(carried)
        assert [] == journal.read_blocking(faults)
    sold_again = [one for one in bodies if isinstance(one, EntryCarried) and one.kind == 1]
    assert [(1, True), (2, True), (3, True)] == sorted(
        (one.seq, one.verified) for one in sold_again
    )
    assert not [one for one in sold_again if "sale-0O2" in one.body]
    told = sum(each.carried for each in done.journals if each.new_id == successor.journal_id)
    assert [told, 0] == [sum(isinstance(one, EntryCarried) for one in bodies), done.lost]


def test_pruned_and_succeeded_journals_come_over(tmp_path):
    """What HQ alone still has would be told as lost, or stop the salvage."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        write = journal.write_blocking
        for number in range(6):
            write(lambda conn, n=number: sell(conn, f"sale-{n:03}"))
        write(lambda conn: sell(conn, "back", lines=(give_back("sale-000", 1, 500),)))
        write(lambda conn: close_day(conn, 1))
        head = write(chains.heads)[0]
        hash_ = write(lambda conn: chains.hash_at(conn, head.journal_id, 8))
        ack = Acked("e1", 8, hash_, b"s" * 64, 8)
        write(lambda conn: cursors.set_acked(conn, head.journal_id, ack))
        write(lambda conn: prune(conn, head.journal_id, 7))
        write(lambda conn: sell(conn, "late"))
        clock = CountingClock(11)
        go_on = {"reason": "fork", "clock_stamp": STAMP, "random": clock.random}
        write(lambda conn: succeed(conn, head.journal_id, held_seq=8, held_hash=hash_, **go_on))
        write(lambda conn: sell(conn, "later"))
    done, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert 0 == done.lost
        assert [] == read(faults)
        assert {1: 500} == read(lambda conn: sales.returned(conn, "sale-000"))
        for sale_id in ("late", "later"):
            found = read(lambda conn, one=sale_id: sales.completed(conn, one))
            assert sale_id == found.sale_id
        with pytest.raises(Fault, match="no longer kept"):
            read(lambda conn: sales.completed(conn, "sale-001"))


@pytest.mark.parametrize("stop", range(12))
def test_a_power_cut_while_the_files_are_moved(day, tmp_path, monkeypatch, stop):
    """The next start would find no journal, or one file with another one's log."""
    path = tmp_path / "journal.db"
    put(path, day[0], day[1])
    steps = []
    for name in ("rename", "unlink"):
        real = getattr(type(path), name)

        def counted(self, *args, real=real, **kwargs):
            if "wreck" not in self.name and "lock" not in self.name:
                steps.append(self.name)
                if len(steps) == stop + 1:
                    raise KeyboardInterrupt
            return real(self, *args, **kwargs)

        monkeypatch.setattr(type(path), name, counted)
    with contextlib.suppress(KeyboardInterrupt):
        salvage(path, OWNER, CountingClock(5), "test")
    monkeypatch.undo()
    with opened(path) as journal:
        assert SALES == len(journal.read_blocking(sold))
        assert [] == journal.read_blocking(faults)
    if path.with_name("journal.damaged-1.db").exists():
        assert day[0] == path.with_name("journal.damaged-1.db").read_bytes()
        assert day[1] == path.with_name("journal.damaged-1.db-wal").read_bytes()
    assert not path.with_name("journal.moving").exists()


def test_no_room_changes_nothing(day, tmp_path, monkeypatch):
    """A full disk in the middle would leave neither the old file nor a new one."""
    path = tmp_path / "journal.db"
    put(path, day[0], day[1])

    def full(_path, _aside):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(moving, "replace", full)
    with pytest.raises(JournalUnusable, match="No space left") as refused:
        salvage(path, OWNER, CountingClock(5), "test")
    assert "salvage-failed" == refused.value.name
    assert (day[0], day[1]) == (path.read_bytes(), path.with_name("journal.db-wal").read_bytes())


FRAME = 24 + 4096


@pytest.mark.parametrize("at", ["header", "first", "middle"])
def test_a_log_that_is_damaged_in_the_middle_is_noticed(day, tmp_path, at):
    """SQLite would cut the log off there without a word, and the sales behind it were gone."""
    path = tmp_path / "journal.db"
    log = bytearray(day[1])
    frames = len(log) // FRAME
    log[{"header": 17, "first": 100, "middle": 32 + frames // 2 * FRAME + 500}[at]] ^= 1
    put(path, day[0], bytes(log))
    with pytest.raises(JournalDamaged, match="commits stand behind the break"):
        opened(path)
    assert bytes(log) == path.with_name("journal.db-wal").read_bytes()
    done, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert SALES == len(read(sold))
        assert (0, True) == (done.lost, done.enrolled)
        assert [] == read(faults)
        assert "open-1" == read(lambda conn: baskets.get(conn, "open-1")).sale_id
        assert {"credential": "paper"} == read(lambda conn: registry.get(conn, "enrolled/till-1"))
        job = read(lambda conn: prints.get(conn, "p-1"))
        assert job is None or job.state == "uncertain"


@pytest.mark.parametrize("cut", [1, 100, FRAME, 3 * FRAME])
def test_an_end_that_a_power_cut_has_torn_is_no_damage(day, tmp_path, cut):
    """Every power cut would be taken for a broken disk."""
    path = tmp_path / "journal.db"
    put(path, day[0], day[1][:-cut])
    with opened(path) as journal:
        assert [] == journal.read_blocking(faults)
        assert SALES == len(journal.read_blocking(sold))


@pytest.mark.parametrize("at", [1, 100, FRAME - 30])
def test_a_last_commit_that_is_torn_is_no_damage(day, tmp_path, at):
    """What a power cut did to the last commit cannot be told from a broken sector: it is undone."""
    path = tmp_path / "journal.db"
    log = bytearray(day[1])
    log[-at] ^= 1
    put(path, day[0], bytes(log))
    with opened(path) as journal:
        assert [] == journal.read_blocking(faults)
        assert SALES == len(journal.read_blocking(sold))


def test_an_entry_that_was_never_committed_replaces_none(tmp_path):
    """A sale that a power cut undid would come back in the place of one that was answered."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        journal.write_blocking(lambda conn: sell(conn, "before"))
        start = path.with_name("journal.db-wal").stat().st_size
        journal.write_blocking(lambda conn: sell(conn, "undone"))
        undone = path.with_name("journal.db-wal").read_bytes()
        main = path.read_bytes()
    log = bytearray(undone)
    log[start + 30] ^= 1
    put(path, main, bytes(log))
    with opened(path) as journal:
        journal.write_blocking(lambda conn: sell(conn, "instead"))
        journal.write_blocking(lambda conn: sell(conn, "and-on"))
        committed = path.with_name("journal.db-wal").read_bytes()
        main = path.read_bytes()
    # As if the log had gone on where the torn end lay, in a file no start has emptied between.
    put(path, main, committed + undone[start:])
    _, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert "instead" == read(lambda conn: sales.completed(conn, "instead")).sale_id
        assert "and-on" == read(lambda conn: sales.completed(conn, "and-on")).sale_id
        assert read(lambda conn: sales.completed(conn, "undone")) is None
        assert [] == read(faults)


LEASE = Lease("p-1", "points", 7, "s1", "till-1", "j", "2026-11-22")


def test_what_hq_had_ordered_is_carried_out_again(path):
    """An erased text would live on, an order be received twice, a lease be given twice."""
    clock = CountingClock(1)
    with Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=clock) as journal:
        write = journal.write_blocking
        for number in range(4):
            write(lambda conn, n=number: sign_on(conn, f"actor-{n:03}"))
        side = write(chains.heads)[1].journal_id
        meant = (side, 2, write(lambda conn: committed(conn, side, 2)))
        bodies = {"erase": EraseBody((meant,)), "lease": LEASE, "revoke": {}}
        for kind, body in bodies.items():
            raw = msgspec.Raw(msgspec.json.encode(body))
            text = msgspec.json.encode(Order(f"o-{kind}", kind, "global", "1-a", "now", raw))
            receipt = OrderReceived(text.decode(), "ab", STAMP, "done")
            write(lambda conn, one=receipt: chains.append(conn, "till-1", one, salt=bytes(16)))
        write(
            lambda conn: chains.append(
                conn, "till-1", OrderReceived("[", "ab", STAMP, "done"), salt=bytes(16)
            )
        )
    done = salvage(path, OWNER, clock, "by hand")
    assert 0 == done.lost
    with Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=clock) as journal:
        read = journal.read_blocking
        received = read(
            lambda conn: conn.execute(
                "SELECT till, order_id, outcome FROM order_received ORDER BY order_id"
            ).fetchall()
        )
        assert [("till-1", f"o-{kind}", "done") for kind in sorted(bodies)] == received
        assert {"o-lease": LEASE} == read(lambda conn: purses.purse(conn, "j").leases)
        erased = read(
            lambda conn: conn.execute(
                "SELECT count(*) FROM erase_order WHERE order_id = 'o-erase'"
            ).fetchall()
        )
        assert [(2,)] == erased
        assert all(report.ok for report in read(verify))
    assert b"actor-001" not in path.read_bytes()


@pytest.mark.parametrize("is_enrolled", [True, False])
def test_an_order_reaches_the_text_of_a_journal_whose_id_is_lost(path, is_enrolled):
    """A text that HQ has ordered erased would go to HQ once more, under a name no order knows."""
    clock = CountingClock(1)
    with Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=clock) as journal:
        write = journal.write_blocking
        write(lambda conn: sign_on(conn, "actor-000"))
        write(lambda conn: sign_on(conn, "actor-001"))
        ids = {head.lane: head.journal_id for head in write(chains.heads)[:2]}
        meant = (ids["side"], 2, write(lambda conn: committed(conn, ids["side"], 2)))
        if is_enrolled:
            kept = {"request": {"journals": ids}, "answer": {"credential": "paper"}}
            write(lambda conn: registry.put(conn, "enrolled/till-1", kept))
        raw = msgspec.Raw(msgspec.json.encode(EraseBody((meant,))))
        text = msgspec.json.encode(Order("o-1", "erase", "global", "1-a", "now", raw)).decode()
        done = OrderReceived(text, "ab", STAMP, "done")
        write(lambda conn: chains.append(conn, "till-1", done, salt=bytes(16)))
    put(path, re.sub(rb'(?<!")' + ids["side"].encode(), b"\xff" * 32, whole(path)))
    done, journal = rescued(path)
    with journal:
        assert 0 == done.lost
        assert [] == journal.read_blocking(faults)
        known = {head.journal_id for head in journal.read_blocking(chains.heads)}
        assert is_enrolled == (ids["side"] in known)
        again = journal.write_blocking(
            lambda conn: (
                erase(conn, ids["side"], 2, order_id="o-1", at="now")
                if is_enrolled
                else erasures.erase(
                    conn, ids["side"], 2, commitment=meant[2], order_id="o-1", at="now"
                )
            )
        )
        assert 1 <= len(again.places)
    assert b"actor-001" not in path.read_bytes()
    assert b"actor-000" in path.read_bytes()


def test_a_sale_whose_entry_is_lost_is_no_basket_again(path):
    """A sale that HQ has would be found open and paid at the till, and completed a second time."""
    with opened(path) as journal:
        write = journal.write_blocking
        write(lambda conn: baskets.save(conn, basket("sold")))
        write(lambda conn: sell(conn, "sold"))
        assert write(lambda conn: baskets.get(conn, "sold")) is None
    image = whole(path)
    at = image.index(b'"sale_id":"sold","receipt_no"')
    put(path, image[:at] + b"\xff" * 300 + image[at + 300 :])
    done, journal = rescued(path)
    with journal:
        read = journal.read_blocking
        assert read(lambda conn: sales.completed(conn, "sold")) is None
        assert read(lambda conn: baskets.get(conn, "sold")) is None
        assert 0 == done.baskets


@pytest.mark.parametrize("is_known", [True, False])
def test_what_was_lost_here_is_told_from_what_hq_lacks(tmp_path, is_known):
    """A shop whose sales are all at HQ would be told that they are gone."""
    path = tmp_path / "journal.db"
    fill(path)
    conn = dbapi2.connect(str(path), isolation_level=None)
    root = Ed25519PrivateKey.generate()
    sales_id = chains.heads(conn)[0].journal_id
    hash_ = chains.hash_at(conn, sales_id, 20)
    said = make_ack(root.sign, epoch="e1", journal_id=sales_id, seq=20, hash_=hash_)
    last_ack = evidence(said)
    ack = Acked(last_ack.epoch, last_ack.seq, last_ack.hash, last_ack.signature)
    cursors.set_acked(conn, sales_id, ack)
    key = root.public_key().public_bytes_raw().hex() if is_known else "torn"
    registry.put(conn, "enrolled/till-1", {"answer": {"root_key": key}})
    conn.execute("DROP TRIGGER chain_no_delete")
    conn.execute("DROP TRIGGER body_erase_order")
    conn.execute("DELETE FROM chain WHERE journal = 1 AND seq IN (12, 13)")
    conn.execute("DELETE FROM body WHERE journal = 1 AND seq IN (12, 13)")
    conn.execute("VACUUM")
    conn.close()
    done, journal = rescued(path)
    with journal:
        found = next(each for each in done.journals if each.old_id == sales_id)
        assert (2, 13, 2 if is_known else 0) == (found.lost, found.lost_upto, found.at_hq)
        words = "HQ has them all" if is_known else "HQ may have them"
        assert words in next(line for line in lines(done) if "LOST" in line)
        journal.write_blocking(
            lambda conn: cursors.note_held(conn, sales_id, Held("e1", found.proven, 20))
        )
        assert "2 entries were lost here, HQ has them all" == journal.read_blocking(last).missing


@pytest.mark.parametrize("what", ["", "root_key", "signature", "credential"])
def test_an_enrolment_that_hq_did_not_sign_is_none(path, what):
    """A till would go on with a credential nobody accepts, and refuse HQ as a stranger."""
    fill(path)
    root = Ed25519PrivateKey.generate()
    public = root.public_key().public_bytes_raw()
    request = make_request(root.sign, code="", device_key=KEY, store=STORE, till="t", journals={})
    answer = make_answer(root.sign, request, issued_at="now", root_key=public, epoch="e1")
    kept = msgspec.to_builtins(answer)
    if what:
        kept[what] = kept[what].translate(str.maketrans("0123456789", "1234567890"))
    conn = dbapi2.connect(str(path), isolation_level=None)
    registry.put(conn, "enrolled/till-1", {"answer": kept})
    conn.close()
    done, journal = rescued(path)
    with journal:
        held = journal.read_blocking(lambda conn: registry.get(conn, "enrolled/till-1"))
        assert (not what, not what) == (done.enrolled, held is not None)
