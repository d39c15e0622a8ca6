"""A migrated ledger, entries as the intake leaves them, and bodies to fill them with."""

from __future__ import annotations

import os
import random
import shutil
from uuid import uuid4

import msgspec
import psycopg
import pytest
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.testing import TestClient
from pysqlite3 import dbapi2
from sqlalchemy import func, insert, select

from agent.core.entries import commitment, encode, kind_of
from agent.core.entries.bodies import (
    CashMoved,
    ConsentGiven,
    DayTotals,
    PartyEnrolled,
    SaleAttributed,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.faults import Fault
from agent.core.sale.model import Line, ReturnOf, Stamp, TaxAmount, TaxRate, Tender
from central.channels import routes as channels
from central.console import routes as console
from central.daemon.problems import from_fault, from_http
from central.goods import routes as goods
from central.goods import stock_routes as stock
from central.histories import routes as histories
from central.identity import routes as identity
from central.leads import routes as leads
from central.ledger.engine import open_engine, reading, writing
from central.ledger.hq import FeedSignal, Hq
from central.ledger.migrate import migrate
from central.ledger.tables import BODIES, CHAIN, CURSORS, FEED_ROWS
from central.ledger.upserts import upsert
from central.reports import routes as reports
from central.value import routes as value
from tests.central.postgres import server

NOW = "2026-11-02T12:00:00.000Z"
SALT = b"s" * 16


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """One migrated file for all tests to copy: migrating takes longer than most of them."""
    path = tmp_path_factory.mktemp("ledger") / "central.sqlite"
    engine = open_engine(path)
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres():
    """One PostgreSQL server for all tests, started by the first that needs it."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def template(postgres):
    """One migrated database for all tests to copy."""
    engine = open_engine(postgres.create("migrated"))
    migrate(engine)
    engine.dispose()
    return "migrated"


@pytest.fixture
def postgres_url(postgres, template):
    """A migrated database of the test's own, on PostgreSQL."""
    name = f"test-{uuid4().hex}"
    yield postgres.create(name, template)
    postgres.drop(name)


def pytest_generate_tests(metafunc):
    """Run a test marked `both_databases` once on each; others on SQLite alone.

    With TILL_TEST_DATABASE=postgresql in the environment, everything runs on PostgreSQL.
    """
    if "ledger_on" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("both_databases") is not None
        one = os.environ.get("TILL_TEST_DATABASE", "sqlite")
        metafunc.parametrize("ledger_on", ["sqlite", "postgresql"] if marked else [one])


@pytest.fixture
def database_url(request, tmp_path, ledger_on):
    """Where a migrated database of the test's own lies, on the database the test runs on."""
    if ledger_on == "postgresql":
        return request.getfixturevalue("postgres_url")
    file = shutil.copy(request.getfixturevalue("migrated"), tmp_path / "central.sqlite")
    return f"sqlite:///{file}"


@pytest.fixture
def ledger(database_url):
    """A real, migrated database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


class Lost(dbapi2.OperationalError):
    """What PostgreSQL says of a transaction it undid; SQLite never does."""

    sqlstate = "40001"


@pytest.fixture
def lost_races(ledger, monkeypatch):
    """Once called, one in five commits of the ledger loses against another; gives the list."""
    draw, lost = random.Random(40001), []
    commit = ledger.dialect.do_commit
    error = psycopg.errors.SerializationFailure if ledger.name == "postgresql" else Lost

    def unlucky(connection):
        if draw.random() < 0.2:
            lost.append(1)
            connection.rollback()
            raise error
        commit(connection)

    def begin():
        monkeypatch.setattr(ledger.dialect, "do_commit", unlucky)
        return lost

    return begin


class Told:
    """Bodies of entries as a till seals them."""

    def at(self, n):
        return Stamp(f"2026-11-02T10:{n:02d}:00.000Z", n, "boot")

    def line(self, n=1, quantity=1000, price=250, **fields):
        return Line(
            line=n,
            name=fields.pop("name", f"Thing {n}"),
            quantity=quantity,
            unit_price=price,
            extension=price * quantity // 1000,
            taxes=(TaxRate("standard", 1900),),
            **fields,
        )

    def returned(self, sale_id, n=1, quantity=-1000, of_line=1):
        return self.line(n, quantity, returns=ReturnOf(sale_id, of_line))

    def sale(self, n, *, lines=None, ref=None, till="till-1", date="2026-11-02", **fields):
        rows = (self.line(),) if lines is None else lines
        total = sum(row.extension for row in rows)
        return SaleCompleted(
            sale_id=fields.pop("sale_id", f"sale-{n}"),
            receipt_no=f"store-0001-{till}-aaaa-{n}",
            store="store-0001",
            till=till,
            business_date=date,
            currency="EUR",
            prices_include_tax=True,
            opened=self.at(n),
            completed=self.at(n),
            lines=rows,
            tenders=(Tender(1, "cash", total),),
            taxes=(TaxAmount("standard", 1900, total - total // 6, total // 6, total),),
            total=total,
            net=total - total // 6,
            change=0,
            customer_ref=ref,
            **fields,
        )

    def tie(self, n, party_id, ref=None):
        return SaleAttributed(f"sale-{n}", ref or f"ref-{n}", party_id, self.at(n))

    def enrolled(self, party_id, **fields):
        consents = fields.pop("consents", (ConsentGiven("marketing", "email", True),))
        name = fields.pop("name", "Ada Lovelace")
        return PartyEnrolled(
            party_id, "store-0001", "till-1", self.at(1), name, consents=consents, **fields
        )

    def cancelled(self, n):
        return SaleCancelled(
            f"sale-{n}", "store-0001", "till-1", "2026-11-02", self.at(n), self.at(n), (), 250
        )

    def opened(self):
        return TillOpened("store-0001", "till-1", "2026-11-02", self.at(0), 10_000, "EUR")

    def cash(self, amount):
        return CashMoved(
            "c", "store-0001", "till-1", "2026-11-02", self.at(5), amount, "EUR", "stamps"
        )

    def closed(self, z=1, difference=-50, date="2026-11-02"):
        totals = DayTotals(2, 0, 3, 750, 625, 0, 0, (), (), 10_000, 0, 0, 10_750, "r-1", "r-2")
        return TillClosed(
            "store-0001",
            "till-1",
            date,
            z,
            self.at(0),
            self.at(59),
            "EUR",
            totals,
            10_750 + difference,
            difference,
            "eva",
        )


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def receive(ledger):
    """Leave bodies in a journal as the intake does, behind what is there."""

    def _receive(journal_id, *bodies, kind=None):
        with writing(ledger) as conn:
            held = select(func.coalesce(func.max(CHAIN.c.seq), 0))
            seq = conn.execute(held.where(CHAIN.c.journal_id == journal_id)).scalar_one()
            for body in bodies:
                seq += 1
                _insert(conn, journal_id, seq, body, kind)
            new = upsert(CURSORS).values(journal_id=journal_id, have_seq=seq, have_hash=b"h")
            conn.execute(
                new.on_conflict_do_update(
                    index_elements=["journal_id"], set_={"have_seq": new.excluded.have_seq}
                )
            )

    return _receive


def _insert(conn, journal_id, seq, body, kind):
    sealed = body if isinstance(body, bytes | None) else encode(body)
    number = kind or (1 if isinstance(body, bytes | None) else kind_of(body).kind)
    conn.execute(
        insert(CHAIN).values(
            journal_id=journal_id,
            seq=seq,
            kind=number,
            version=1,
            commitment=b"c" if sealed is None else commitment(SALT, sealed),
            hash=b"h",
            received_at=NOW,
        )
    )
    if sealed is not None:
        row = {"journal_id": journal_id, "seq": seq, "salt": SALT, "body": sealed}
        conn.execute(insert(BODIES).values(row))


@pytest.fixture
def rows(ledger):
    """Read a table as dictionaries."""

    def _rows(table, *order):
        with reading(ledger) as conn:
            return [dict(row) for row in conn.execute(select(table).order_by(*order)).mappings()]

    return _rows


@pytest.fixture
def feed(rows):
    """Read what tills are told, by key: scope, op and decoded body."""

    def _feed():
        return {
            (row["scope"], row["key"]): (row["op"], msgspec.json.decode(row["body"]))
            for row in rows(FEED_ROWS, FEED_ROWS.c.fseq)
        }

    return _feed


class Reads:
    """An access log that can be looked at."""

    def __init__(self):
        self.rows = []

    def __call__(self, reader, action, party_ids):
        self.rows += [(reader, action, party_id) for party_id in party_ids]


@pytest.fixture
def reads():
    """Who read what of whom."""
    return Reads()


@pytest.fixture(scope="session")
def application():
    """All rooms' routes, put together once: that takes longer than most tests."""
    rooms = (channels, console, goods, stock, histories, identity, leads, reports, value)
    return Litestar(
        route_handlers=[route for room in rooms for route in room.ROUTES],
        exception_handlers={Fault: from_fault, HTTPException: from_http},
    )


@pytest.fixture
def client(application, ledger, reads):
    """Speak HTTP to the rooms' routes; the staff token is `right`."""
    application.state["hq"] = Hq(
        engine=ledger,
        now=lambda: NOW,
        wake_applier=lambda: None,
        feed_changed=FeedSignal(),
        access_log=reads,
        admits="right".__eq__,
        name="The <chain>",
    )
    with TestClient(application) as client:
        yield client
