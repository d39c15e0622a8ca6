"""PostgreSQL: durable sessions, turns, races that are done again, bulk rows, what is refused."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from central.ledger import engine as ledger_engine
from central.ledger.bulk import FEW, insert_rows
from central.ledger.engine import (
    LedgerBusy,
    LedgerFault,
    LostRace,
    after_commit,
    is_passing,
    open_engine,
    reading,
    transact,
    writing,
)
from central.ledger.leases import APPLIER, Lease
from central.ledger.migrate import NEWEST, migrate
from central.ledger.outbox import GLOBAL, publish
from central.ledger.tables import APPLIED, CHAIN, FEED_MARKS
from central.ledger.work_tables import LEASES

COMMITS = 60


@pytest.fixture
def engine(postgres_url):
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def other(postgres_url):
    """Another program on the same database."""
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


def shown(conn, name):
    return conn.execute(text(f"SHOW {name}")).scalar_one()


def test_a_session_is_durable_and_each_transaction_what_it_should_be(engine, postgres):
    """Wrong: HQ acknowledges what a power cut takes away, or reads a picture that moves."""
    with writing(engine) as conn:
        assert "on" == shown(conn, "synchronous_commit")
        assert "read committed" == shown(conn, "transaction_isolation")
        assert "30s" == shown(conn, "lock_timeout")
    with reading(engine) as conn:
        assert "repeatable read" == shown(conn, "transaction_isolation")
        assert "on" == shown(conn, "transaction_read_only")
    postgres.run(f"ALTER DATABASE \"{engine.url.database}\" SET synchronous_commit = 'off'")
    engine.dispose()
    with writing(engine) as conn:
        assert "on" == shown(conn, "synchronous_commit")


def test_a_server_that_loses_commits_is_refused(postgres, postgres_url):
    """Wrong: HQ promises durability on a server that was told not to keep it."""
    postgres.set("full_page_writes", "off")
    try:
        with pytest.raises(LedgerFault, match="full_page_writes = off"):
            open_engine(postgres_url)
    finally:
        postgres.set("full_page_writes", "on")


def test_what_cannot_be_reached_is_named_without_its_password(tmp_path, postgres):
    """Wrong: a password stands in the log, or nobody knows which server does not answer."""
    nowhere = f"postgresql://hq:s3cret@/central?host={tmp_path}"
    for url in (nowhere, postgres.url("missing")):
        with pytest.raises(LedgerFault, match="cannot be used") as caught:
            open_engine(url)
        assert "s3cret" not in caught.value.detail + caught.value.remedy
        assert "database_password_file" in caught.value.remedy


def test_another_encoding_is_refused(postgres):
    """Wrong: the first name with an umlaut is set aside."""
    postgres.run(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' STRATEGY file_copy"
    )
    with pytest.raises(LedgerFault, match="LATIN1, not UTF-8"):
        open_engine(postgres.url("latin"))


def test_two_programs_publish_without_a_gap_and_in_order(engine, other):
    """Wrong: a lower number becomes visible after a higher one, and a till never reads it."""
    seen = []
    done = threading.Event()

    def tell(ledger, name):
        for n in range(COMMITS):
            transact(ledger, lambda conn, n=n: publish(conn, GLOBAL, f"{name}:{n}", "put", b"1"))

    def watch():
        watched = open_engine(engine.url)
        query = select(FEED_MARKS.c.fseq).where(FEED_MARKS.c.scope == GLOBAL)
        while not done.is_set():
            with reading(watched) as conn:
                seen.append(set(conn.execute(query).scalars()))
        watched.dispose()

    threads = [
        threading.Thread(target=tell, args=(ledger, str(n)))
        for n, ledger in enumerate((engine, other, engine))
    ]
    watching = threading.Thread(target=watch)
    for thread in (watching, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watching.join()
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in seen)
    with reading(engine) as conn:
        last = conn.execute(select(FEED_MARKS.c.fseq).order_by(FEED_MARKS.c.fseq.desc())).first()
    assert 3 * COMMITS == last.fseq


def test_a_turn_that_does_not_come_is_named(engine, other):
    """Wrong: an import that hangs on another machine makes every till wait without a word."""
    with engine.connect() as impatient, writing(other):
        impatient.execute(text("SET lock_timeout = '50ms'"))
        with pytest.raises(LedgerBusy, match="lock timeout"), ledger_engine._told():
            impatient.execute(text("LOCK TABLE writer_turn IN EXCLUSIVE MODE"))
        with writing(engine, turn=False) as conn:
            assert not ledger_engine.has_turn(conn)
    with writing(engine) as conn:
        assert ledger_engine.has_turn(conn)


def terminated(conn, killer):
    """End the server's process of a transaction that goes on all the same."""
    pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with writing(killer, turn=False) as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid})"))
    with writing(killer) as other:
        other.execute(text("SELECT 1"))
    conn.execute(text("SELECT 1"))


def test_a_killed_program_leaves_its_turn_at_once(engine, other):
    """Wrong: HQ stands still until somebody ends a session by hand."""
    with pytest.raises(LedgerBusy, match="not available"), writing(other) as conn:
        terminated(conn, engine)
    with writing(other) as conn:
        assert 1 == conn.execute(text("SELECT 1")).scalar_one()


@pytest.mark.both_databases
def test_a_lost_race_is_run_again_from_its_start(ledger, lost_races):
    """Wrong: one in five commits fails, and something is lost, done twice, or told too early."""
    told, lost = [], lost_races()

    def add(conn, n):
        after_commit(conn, n, lambda: told.append(n))
        insert_rows(conn, APPLIED, [(f"j-{n}", n)])
        return n

    for n in range(COMMITS):
        assert n == transact(ledger, lambda conn, n=n: add(conn, n), turn=n % 2 == 0)
    assert lost
    assert list(range(COMMITS)) == told
    with reading(ledger) as conn:
        assert COMMITS == len(conn.execute(select(APPLIED)).all())


def test_a_race_that_is_lost_for_ever_is_said(engine):
    """Wrong: a transaction that never succeeds is tried until the end of time."""
    tries = []

    def lose(conn):
        tries.append(1)
        conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"))

    with pytest.raises(LostRace, match="came first"):
        transact(engine, lose)
    assert ledger_engine.TRIES == len(tries)


def test_a_wrong_statement_is_nobodys_race(engine):
    """Wrong: a fault of the program is reported as a busy database, and tried for ever."""
    with pytest.raises(OperationalError) as caught, writing(engine) as conn:
        conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '54000'; END $$"))
    assert not is_passing(caught.value)


@pytest.mark.both_databases
@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 1000])
def test_many_rows_arrive_as_they_were(ledger, count):
    """Wrong: bulk rows differ from single ones: a byte, a sign, a zero in the middle."""
    rows = [
        (f"j-ü-{n % 3}", n - 5, n % 65536, 1, bytes(range(n % 256)), b"\x00" * 32, "at")
        for n in range(count)
    ]
    with writing(ledger) as conn:
        insert_rows(conn, CHAIN, rows)
    with reading(ledger) as conn:
        assert sorted(rows) == sorted(tuple(row) for row in conn.execute(select(CHAIN)))
    with pytest.raises(IntegrityError), writing(ledger) as conn:
        insert_rows(conn, CHAIN, rows)
    with writing(ledger) as conn:
        insert_rows(conn, CHAIN, [])


def test_one_holds_the_lease_and_another_takes_over(engine, other):
    """Wrong: two apply at once for nothing, or nobody goes on where one was killed."""
    one, two = Lease(engine, APPLIER), Lease(other, APPLIER)
    assert (True, False, True) == (one.keep(), two.keep(), one.keep())
    with writing(engine) as conn:
        conn.execute(LEASES.update().values(until_s=0))
    assert (True, False) == (two.keep(), one.keep())
    two.give_up()
    assert (True, False, False) == (one.keep(), two.keep(), two.held)


def test_many_programs_migrate_at_once(postgres):
    """Wrong: two HQ processes that start together leave a half-made schema."""
    url = postgres.create("at-once")
    done = []

    def bring_up():
        engine = open_engine(url)
        done.append(migrate(engine).after)
        engine.dispose()

    threads = [threading.Thread(target=bring_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [NEWEST] * 3 == done


def test_nothing_counts_globally_and_no_trigger_writes(engine):
    """Wrong: the schema cannot be spread over machines."""
    with reading(engine) as conn:
        assert [] == inspect(conn).get_sequence_names()
        query = text(
            "SELECT DISTINCT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal ORDER BY p.proname"
        )
        guards = list(conn.execute(query).scalars())
    assert ["refuse_change", "refuse_unordered"] == guards
