"""The writer's thread: what is one transaction, who hears what, and what a bad disk does."""

from __future__ import annotations

import asyncio
import resource
import threading
from concurrent.futures import Future

import pytest
from pysqlite3 import dbapi2

from agent.core.faults import StateFault
from agent.journal import (
    JournalBusy,
    JournalClosed,
    JournalDamaged,
    JournalNotWritable,
    chains,
    database,
    events,
    prints,
    worker,
    writer,
)
from agent.journal.jobs import Job
from agent.journal.verify import verify
from tests.journal.shop import sell


class Gate:
    """A write that keeps the writer busy until it is let go, so that others gather behind it."""

    def __init__(self):
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, _):
        self.entered.set()
        assert self.open.wait(10)
        return "gate"


@pytest.fixture
def commits(monkeypatch):
    """How many functions each transaction held."""
    sizes = []
    original = writer.commit

    def counting(conn, batch, path):
        sizes.append(len(batch))
        return original(conn, batch, path)

    monkeypatch.setattr(writer, "commit", counting)
    return sizes


async def behind_a_gate(journal, *functions):
    """Run functions in one batch; give what each gave or raised."""
    gate = Gate()
    first = asyncio.create_task(journal.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    others = [asyncio.create_task(journal.write(function)) for function in functions]
    await asyncio.sleep(0)
    gate.open.set()
    assert await first == "gate"
    return await asyncio.gather(*others, return_exceptions=True)


def put_print(conn, print_id):
    prints.enqueue(
        conn,
        print_id=print_id,
        till="till-1",
        device="receipt",
        kind=prints.RECEIPT,
        payload=None,
        at="now",
    )


def seller(sale_id, till="till-1"):
    return lambda conn: sell(conn, sale_id, till)


@pytest.mark.asyncio
async def test_waiting_writes_share_one_commit(commits, open_journal):
    """Sixteen tills would wait for sixteen fsyncs, one after another."""
    journal = open_journal()
    found = await behind_a_gate(journal, *(seller(f"sale-{n}") for n in range(20)))
    assert [appended.seq for appended in found] == list(range(1, 21))
    assert commits == [1, 20]


@pytest.mark.asyncio
async def test_a_batch_has_a_limit(commits, open_journal, monkeypatch):
    """The first of an endless batch would never hear of its sale."""
    monkeypatch.setattr(writer, "BATCH_MAX", 8)
    found = await behind_a_gate(open_journal(), *(seller(f"sale-{n}") for n in range(20)))
    assert [appended.seq for appended in found] == list(range(1, 21))
    assert commits == [1, 8, 8, 4]


@pytest.mark.asyncio
async def test_failing_function_takes_back_only_itself(journal):
    """One till's mistake would undo its neighbours' sales, or leave half of its own."""

    def half(conn):
        sell(conn, "half")
        events.add(conn, "till-1", "sale", "t", {})
        raise LookupError

    found = await behind_a_gate(
        journal, seller("a"), half, seller("b", "till-2"), seller("a"), seller("c")
    )
    assert [type(one) for one in found] == [
        chains.Appended,
        LookupError,
        chains.Appended,
        StateFault,
        chains.Appended,
    ]
    assert [one.seq for one in found if isinstance(one, chains.Appended)] == [1, 1, 2]
    assert await journal.read(lambda conn: events.after(conn, "till-1", 0, 9)) == []
    assert all(report.ok for report in await journal.read(verify))


@pytest.mark.asyncio
async def test_failing_alone_takes_back_itself(journal):
    """The shortcut for a single function must undo as well as a savepoint does."""

    def half(conn):
        sell(conn, "half")
        raise LookupError

    with pytest.raises(LookupError):
        await journal.write(half)
    assert (await journal.write(seller("a"))).seq == 1


@pytest.mark.asyncio
async def test_failing_takes_back_what_was_remembered(journal):
    """Numbers of what was rolled back would be left out, or given to nothing."""

    def half(conn):
        sell(conn, "half")
        put_print(conn, "p-half")
        events.add(conn, "till-1", "sale", "t", {})
        raise LookupError

    def whole(conn):
        put_print(conn, "p-a")
        return sell(conn, "a").seq, events.add(conn, "till-1", "sale", "t", {})

    found = await behind_a_gate(journal, seller("before"), half, whole)
    assert [LookupError, (2, 1)] == [type(found[1]), found[2]]
    turns = await journal.read(lambda conn: conn.execute("SELECT turn FROM print_job").fetchall())
    assert [(1,)] == turns
    assert all(report.ok for report in await journal.read(verify))


@pytest.mark.asyncio
async def test_what_is_remembered_is_not_trusted_over_the_file(journal):
    """An entry behind one the writer does not know of would break the chain."""
    await journal.write(seller("a"))
    unknown = "INSERT INTO chain VALUES (1, 2, 2, 1, zeroblob(32), zeroblob(32), 1, 0, 0)"
    await journal.write(lambda conn: conn.execute(unknown).fetchall())
    with pytest.raises(dbapi2.IntegrityError, match="without holes"):
        await journal.write(seller("b"))
    assert (await journal.write(seller("b"))).seq == 3


@pytest.mark.asyncio
async def test_what_grew_is_told_by_what_is_remembered(open_journal):
    """A follower would sleep on, or be woken for nothing, after a write that failed."""
    journal = open_journal()
    await journal.write(seller("a"))
    with pytest.raises(StateFault):
        await journal.write(lambda conn: (put_print(conn, "p"), sell(conn, "a")))
    await journal.write(lambda conn: put_print(conn, "p"))
    await journal.write(lambda conn: events.add(conn, "till-1", "sale", "t", {}))
    await journal.write(seller("b"))
    journal.close()  # Signals come a moment after the answer, and before the end.
    signals = journal.signals
    assert (1, 2, 1) == (signals.events.value, signals.entries.value, signals.prints.value)


@pytest.mark.asyncio
async def test_mistake_in_sql_is_the_callers(journal):
    """A typing error in one function must not look like a broken disk, nor break the next."""
    found = await behind_a_gate(
        journal, seller("a"), lambda conn: conn.execute("SELEC"), seller("b")
    )
    assert isinstance(found[1], dbapi2.OperationalError)
    assert [found[0].seq, found[2].seq] == [1, 2]


@pytest.mark.asyncio
async def test_result_is_heard_of_only_after_the_commit(journal, path):
    """A receipt would be released for a sale that a power cut takes back (P2)."""
    other = database.open_reading(path)
    await journal.write(seller("a"))
    assert other.execute("SELECT count(*) FROM chain").fetchall() == [(1,)]
    other.close()


@pytest.mark.asyncio
async def test_reader_does_not_wait_for_the_writer(journal):
    """A look-up at the till would hang while another till's sale is on its way to the disk."""
    gate = Gate()
    await journal.write(seller("a"))
    writing = asyncio.create_task(journal.write(lambda conn: (sell(conn, "b"), gate(conn))))
    await asyncio.to_thread(gate.entered.wait)
    heads = await asyncio.wait_for(journal.read(chains.heads), 30)
    assert heads[0].tail_seq == 1
    gate.open.set()
    await writing
    assert (await journal.read(chains.heads))[0].tail_seq == 2


@pytest.mark.asyncio
async def test_reader_cannot_write(journal):
    """A function handed to the wrong method would write outside the writer's order."""
    with pytest.raises(JournalNotWritable):
        await journal.read(lambda conn: conn.execute("DELETE FROM event"))
    assert await journal.read(events.newest) == 0


@pytest.mark.asyncio
async def test_cancelled_caller_leaves_the_writer_alone(journal):
    """A page that closes in the middle of a sale would stop all tills."""
    gate = Gate()
    given_up = asyncio.create_task(journal.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    gate.open.set()
    assert (await journal.write(seller("a"))).seq == 1


def test_loop_that_is_gone_leaves_the_writer_alone(journal):
    """An event loop that ended in between would end the writer with it."""
    gate = Gate()

    async def give_up():
        asyncio.get_running_loop().create_task(journal.write(gate)).add_done_callback(repr)
        await asyncio.sleep(0)

    asyncio.run(give_up())
    gate.open.set()
    assert journal.write_blocking(seller("a")).seq == 1


@pytest.mark.asyncio
async def test_full_disk_fails_the_whole_batch_and_nothing_else(journal, path):
    """A sale half on disk would be shown as done, or the agent would never sell again."""
    await journal.write(seller("before"))
    await journal.write(lambda conn: conn.execute("PRAGMA max_page_count = 1").fetchall())
    found = await behind_a_gate(
        journal,
        lambda conn: events.add(conn, "till-1", "small", "t", {}),
        lambda conn: events.add(conn, "till-1", "large", "t", {"x": "y" * 100_000}),
        seller("a"),
    )
    assert all(isinstance(one, JournalNotWritable) for one in found)
    assert found[1].name == "journal-not-writable"
    assert "disk full" in found[1].detail
    assert str(path.parent) in found[1].remedy
    await journal.write(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchall())
    assert await journal.read(events.newest) == 0
    assert (await journal.write(seller("after"))).seq == 2
    assert all(report.ok for report in await journal.read(verify))


@pytest.mark.asyncio
async def test_commit_that_fails_stores_nothing(journal, path):
    """A commit the disk refuses at the last moment must be told to every caller of the batch."""
    await journal.write(seller("before"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name("journal.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, limits[1]))
    try:
        found = await behind_a_gate(journal, seller("a"), lambda _: "nothing", seller("b"))
        with pytest.raises(JournalNotWritable):
            await journal.write(seller("alone"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [type(one) for one in found] == [JournalNotWritable] * 3
    assert "nothing of this was stored" in found[0].detail
    assert isinstance(found[0].__cause__, dbapi2.OperationalError)
    assert [(await journal.write(seller(one))).seq for one in ("a", "b")] == [2, 3]
    assert all(report.ok for report in await journal.read(verify))


@pytest.mark.asyncio
async def test_own_mistake_is_still_told_when_the_disk_fails(journal, path):
    """A caller whose request was wrong anyway must not be sent to look at the disk."""
    await journal.write(seller("before"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name("journal.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, limits[1]))
    try:
        found = await behind_a_gate(journal, seller("a"), seller("before"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [type(one) for one in found] == [JournalNotWritable, StateFault]


def test_locked_database_is_told(journal, path):
    """A tool that holds the file open for writing must be named as the disk's refusal, in time."""
    journal.write_blocking(lambda conn: conn.execute("PRAGMA busy_timeout = 50").fetchall())
    other = dbapi2.connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalNotWritable, match="locked"):
        journal.write_blocking(seller("a"))
    other.execute("ROLLBACK")
    other.close()
    assert journal.write_blocking(seller("a")).seq == 1


def test_damaged_page_is_told(journal):
    """Damage found while selling needs another remedy than a full disk."""

    class Malformed(dbapi2.DatabaseError):
        sqlite_errorcode = 11

    def damaged(_):
        raise Malformed("database disk image is malformed")

    with pytest.raises(JournalDamaged, match="malformed"):
        journal.write_blocking(damaged)
    with pytest.raises(JournalDamaged, match="malformed"):
        journal.read_blocking(damaged)
    assert journal.write_blocking(seller("a")).seq == 1


def test_too_many_waiting_writes_are_refused(journal, monkeypatch):
    """A hanging disk would fill the memory instead of being reported."""
    monkeypatch.setattr(worker, "WAITING_MAX", 3)
    gate = Gate()
    busy = threading.Thread(target=journal.write_blocking, args=(gate,))
    busy.start()
    assert gate.entered.wait(10)
    waiting = [Future() for _ in range(3)]
    for number, future in enumerate(waiting):
        journal._writer.submit(Job(seller(f"sale-{number}"), future))
    with pytest.raises(JournalBusy) as caught:
        journal.write_blocking(seller("one-too-many"))
    assert "dmesg" in caught.value.remedy
    gate.open.set()
    busy.join()
    assert [future.result(10).seq for future in waiting] == [1, 2, 3]
    assert journal.write_blocking(seller("later")).seq == 4


def test_closing_writes_what_is_queued(open_journal):
    """A sale accepted in the last moment would be lost by an orderly stop."""
    journal = open_journal()
    gate = Gate()
    results = []
    threads = [
        threading.Thread(target=lambda f=f: results.append(journal.write_blocking(f)))
        for f in (gate, seller("a"))
    ]
    threads[0].start()
    assert gate.entered.wait(10)
    threads[1].start()
    while journal._writer.queue.empty():
        threads[1].join(0.001)
    closing = threading.Thread(target=journal.close)
    closing.start()
    gate.open.set()
    for thread in (*threads, closing):
        thread.join()
    assert len(results) == 2
    with pytest.raises(JournalClosed):
        journal.write_blocking(seller("b"))
    with pytest.raises(JournalClosed):
        journal.read_blocking(chains.heads)
    assert open_journal().read_blocking(chains.heads)[0].tail_seq == 1
