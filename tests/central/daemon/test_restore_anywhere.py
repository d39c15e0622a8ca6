"""Backup and restore on either database, and from one to the other."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from agent.core.exchange.acks import evidence
from agent.core.exchange.wire import Ack
from central.daemon.cli import app
from central.daemon.state import root_key
from central.intake.batches import receive
from central.intake.codes import issue_code
from central.intake.enrolment import enrol
from central.intake.orders import erase
from central.ledger.authority_tables import REWINDS, SIGNED_ORDERS
from central.ledger.engine import open_engine, reading, transact
from central.ledger.hq import Device
from central.ledger.tables import BODIES, CURSORS, FEED_ROWS
from central.ledger.verify import verify
from tests.central.served import Till

NOW = "2026-11-02T12:00:00.000Z"


class Place:
    """An HQ on some database, spoken to past HTTP, and its commands."""

    def __init__(self, directory, url):
        self.directory, self.url = directory, url
        self.config = directory / f"{url.partition(':')[0]}.toml"
        self.config.write_text(f'[central]\nstate_dir = "{directory}/state"\ndatabase = "{url}"\n')
        (directory / "state").mkdir(exist_ok=True)

    def call(self, *arguments):
        result = CliRunner().invoke(app, [*arguments, "--json", "--config", str(self.config)])
        assert 0 == result.exit_code, result.stderr
        return json.loads(result.stdout)

    def refused(self, *arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.config)])
        return result.exit_code, result.stderr

    def use(self, function):
        """Have something done on the open database, as a running HQ does."""
        engine = open_engine(self.url)
        try:
            return function(engine, root_key(self.directory / "state", engine))
        finally:
            engine.dispose()

    def enrolled(self, *names):
        till = Till(*names)

        def let_in(engine, root):
            code = transact(engine, lambda conn: issue_code(conn, till.store, till.till, NOW))
            return transact(engine, lambda conn: enrol(conn, till.request(code), root, NOW))

        till.answer = self.use(let_in)
        return till

    def send(self, till, batch):
        device = Device(till.keyid, till.store, till.till)
        return self.use(lambda engine, root: receive(engine, root, device, batch, NOW).reply)

    def rows(self, table):
        def read(engine, _root):
            with reading(engine) as conn:
                return conn.execute(table.select()).all()

        return self.use(read)

    def faults(self):
        def read(engine, _root):
            with reading(engine) as conn:
                return [report.fault for report in verify(conn) if report.fault]

        return self.use(read)


@pytest.fixture
def place(tmp_path, database_url):
    return Place(tmp_path, database_url)


@pytest.mark.both_databases
def test_a_restored_database_heals_and_the_replaced_one_is_kept(place, tmp_path):
    """Wrong: backups work on one of the two databases only, or the other is overwritten."""
    till = place.enrolled()
    till.seal(3)
    place.send(till, till.batch())
    backup = place.call("backup", str(tmp_path / "backups"))
    assert (3, 1, 0) == (backup["records"], backup["kept"], backup["safe_lag"])
    till.seal(4)
    before = place.send(till, till.batch(4))
    assert (7, 3) == (before.seq, before.safe_seq)
    restored = place.call("restore", backup["place"])
    assert restored["aside"]
    assert [0, 3] == sorted(row.have_seq for row in place.rows(CURSORS))
    told = place.send(till, till.batch(8, last_ack=evidence(before)))
    assert ("epoch", 3, restored["epoch"]) == (told.name, told.have_seq, told.epoch)
    assert 7 == place.send(till, till.batch(4)).seq
    assert isinstance(place.send(till, till.batch(1, lane="sales")), Ack)
    (rewind,) = place.rows(REWINDS)
    assert (True, backup["backup_id"]) == (rewind.closed_at is not None, rewind.restored_from)
    assert [] == place.faults()
    again = place.call("backup", str(tmp_path / "backups"))
    assert (2, 7) == (again["kept"], again["records"])
    assert [] == [
        each for each in place.call("backup", "--check")["backups"] if each["state"] != "whole"
    ]


@pytest.mark.both_databases
def test_erasures_and_publications_work_alike(place):
    """Wrong: an order is given, published or carried out on one of the two databases only."""
    till = place.enrolled()
    till.seal(2)
    place.send(till, till.batch())
    entry = (till.journals["side"], 1)
    place.use(
        lambda engine, root: transact(
            engine, lambda conn: erase(conn, root, [entry], reason="asked", now=NOW)
        )
    )
    assert [2] == [row.seq for row in place.rows(BODIES)]
    (order,) = place.rows(SIGNED_ORDERS)
    keys = {row.key for row in place.rows(FEED_ROWS)}
    assert f"signed-order:{order.order_id}" in keys
    assert "except store-0001/till-1" not in json.dumps(place.call("status")["orders"])
    assert ["till-1"] == [each["till"] for each in place.call("status")["orders"][0]["awaited"]]


def test_a_backup_of_sqlite_moves_hq_to_postgresql(tmp_path, migrated, postgres_url):
    """Wrong: a chain that outgrows SQLite has no way to the other database."""
    small = Place(tmp_path, f"sqlite:///{tmp_path}/central.sqlite")
    (tmp_path / "central.sqlite").write_bytes(migrated.read_bytes())
    till = small.enrolled()
    till.seal(3)
    before = small.send(till, till.batch())
    backup = small.call("backup", str(tmp_path / "backups"))
    large = Place(tmp_path, postgres_url)
    large.call("restore", backup["place"])
    assert [0, 3] == sorted(row.have_seq for row in large.rows(CURSORS))
    assert "epoch" == large.send(till, till.batch(4, last_ack=evidence(before))).name
    till.seal(1)
    assert 4 == large.send(till, till.batch(4)).seq
    assert [] == large.faults()


def test_a_restore_cut_off_in_postgresql_is_no_new_hq(tmp_path, postgres_url, monkeypatch):
    """Wrong: HQ begins on the empty schema a power cut has left, as if it were a new one."""
    place = Place(tmp_path, postgres_url)
    place.call("migrate")
    till = place.enrolled("store-0001", "till-1")
    till.seal(2)
    place.send(till, till.batch())
    backup = place.call("backup", str(tmp_path / "backups"))["place"]

    def power_cut(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("central.daemon.restoring.load_copy", power_cut)
        assert 0 != place.refused("restore", backup)[0]
    for command in (["migrate"], ["status"], ["enrol-code", "store-0001", "till-1"]):
        code, said = place.refused(*command)
        assert (1, True) == (code, "(restore-cut-off)" in said), said
        assert "restore again" in said
    place.call("restore", backup)
    assert [] == place.faults()
    assert [2] == [row.have_seq for row in place.rows(CURSORS) if row.have_seq]


def test_a_database_somebody_works_on_is_not_replaced(tmp_path, postgres_url):
    """Wrong: another HQ process writes into the schema that is just being put aside."""
    place = Place(tmp_path, postgres_url)
    place.enrolled()
    backup = place.call("backup", str(tmp_path / "backups"))
    other = open_engine(postgres_url)
    with reading(other) as conn:
        conn.execute(text("SELECT 1"))
        code, err = place.refused("restore", backup["place"])
    assert (1, True) == (code, "(database-in-use)" in err)
    with reading(other) as conn:
        assert inspect(conn).has_table("journal")
    other.dispose()
