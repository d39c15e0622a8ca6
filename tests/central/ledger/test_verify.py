"""`ledger verify`: what it must find."""

from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from agent.core.entries import genesis, seal
from agent.core.entries.bodies import CashierSigned, SaleCompleted
from agent.core.exchange.credentials import key_id
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Stamp
from central.ledger import verify as verify_module
from central.ledger.engine import open_engine, reading, writing
from central.ledger.migrate import migrate
from central.ledger.tables import BODIES, CHAIN, CREDENTIALS, CURSORS, ERASE_ORDERS, JOURNALS
from central.ledger.verify import remedy_of, unbound, verify, verify_slices
from tests.central.guards import unguarded

AT = Stamp("2026-01-02T03:04:05.000Z", 1, "b")
TRIGGERS = ("chain_no_update", "chain_no_delete", "body_no_update", "body_no_delete")


class Book:
    """A ledger with one sales journal in it."""

    def __init__(self, database, receipts):
        self.engine = open_engine(database)
        migrate(self.engine)
        self.journal = secrets.token_hex(16)
        device = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        first = genesis(self.journal, "s", "t", "sales", device)
        chain = [first]
        with writing(self.engine) as conn:
            for name in TRIGGERS:
                unguarded(conn, name)
            self._bind(conn, device, first)
            for seq, n in enumerate(receipts, 1):
                chain.append(self._put(conn, seq, chain[-1], self._body(n)))
            conn.execute(
                CURSORS.insert().values(
                    journal_id=self.journal, have_seq=len(receipts), have_hash=chain[-1]
                )
            )

    def _bind(self, conn, device, first):
        names = {"store": "s", "till": "t", "keyid": key_id(device)}
        conn.execute(
            CREDENTIALS.insert().values(
                device_key=device.hex(), credential="", signature="", issued_at="", **names
            )
        )
        conn.execute(
            JOURNALS.insert().values(
                journal_id=self.journal, lane="sales", genesis=first, bound_at="", **names
            )
        )

    def _body(self, n):
        if n is None:
            return CashierSigned("a", "s", "t", AT)
        return SaleCompleted(
            f"sale-{n}",
            receipt_number("s", "t", self.journal, n),
            "s",
            "t",
            "2026-01-02",
            "EUR",
            prices_include_tax=True,
            opened=AT,
            completed=AT,
            lines=(),
            tenders=(),
            taxes=(),
            total=0,
            net=0,
            change=0,
        )

    def _put(self, conn, seq, before, body):
        sealed = seal(self.journal, seq, before, body, bytes(16))
        key = {"journal_id": self.journal, "seq": seq}
        conn.execute(
            CHAIN.insert().values(
                kind=sealed.kind,
                version=sealed.version,
                commitment=sealed.commitment,
                hash=sealed.hash,
                received_at="",
                **key,
            )
        )
        conn.execute(BODIES.insert().values(salt=sealed.salt, body=sealed.body, **key))
        return sealed.hash

    def run(self, statement):
        with writing(self.engine) as conn:
            conn.exec_driver_sql(statement)

    def fault(self):
        with reading(self.engine) as conn:
            (report,) = verify(conn)
        assert report.ok == (report.fault is None)
        return report.fault


@pytest.fixture
def book(tmp_path):
    books = []

    def make(receipts=(1, None, 2, 3)):
        books.append(Book(tmp_path / f"{len(books)}.sqlite", receipts))
        return books[-1]

    yield make
    for made in books:
        made.engine.dispose()


@pytest.fixture
def on_postgresql(postgres_url):
    made = Book(postgres_url, (1, None, 2, 3))
    yield made
    made.engine.dispose()


def test_what_was_received_in_order_verifies(book):
    """Wrong: an honest ledger is accused."""
    assert book().fault() is None
    assert book(receipts=()).fault() is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE body SET body = CAST(body || ' ' AS BLOB) WHERE seq = 2", "body of seq 2"),
        (
            "UPDATE body SET salt = CAST(zeroblob(15) || x'01' AS BLOB) WHERE seq = 3",
            "body of seq 3",
        ),
        ("UPDATE body SET body = 'text' WHERE seq = 2", "cannot be recomputed"),
        ("UPDATE body SET salt = x'01' WHERE seq = 3", "cannot be recomputed"),
        ("UPDATE credential SET device_key = 'zz'", "cannot be recomputed"),
        ("UPDATE chain SET kind = 2 WHERE seq = 2", "breaks at seq 2"),
        ("UPDATE chain SET version = 9 WHERE seq = 4", "breaks at seq 4"),
        ("UPDATE chain SET hash = zeroblob(32) WHERE seq = 1", "breaks at seq 1"),
        ("DELETE FROM body WHERE seq = 4", "seq 4 is gone without an order"),
        ("DELETE FROM chain WHERE seq = 2", "seq 2 is missing"),
        ("DELETE FROM chain WHERE seq = 4", "records end with 3"),
        ("UPDATE journal_cursor SET have_hash = zeroblob(32)", "cursor says seq 4"),
        ("UPDATE journal SET till = 'other'", "genesis"),
        ("UPDATE journal SET genesis = zeroblob(32)", "genesis"),
        ("DELETE FROM credential", "genesis"),
    ],
)
def test_every_kind_of_change_is_found(book, change, fault):
    """Wrong: somebody rewrites history at HQ and verification says all is well (P4)."""
    changed = book()
    changed.run(change)
    assert fault in changed.fault()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE body SET body = body || ' '::bytea WHERE seq = 2", "body of seq 2"),
        ("UPDATE body SET salt = set_byte(salt, 15, 1) WHERE seq = 3", "body of seq 3"),
        ("UPDATE body SET salt = '\\x01' WHERE seq = 3", "cannot be recomputed"),
        ("UPDATE chain SET kind = 2 WHERE seq = 2", "breaks at seq 2"),
        ("UPDATE chain SET hash = set_byte(hash, 0, 255) WHERE seq = 1", "breaks at seq 1"),
        ("DELETE FROM body WHERE seq = 4", "seq 4 is gone without an order"),
        ("DELETE FROM chain WHERE seq = 2", "seq 2 is missing"),
        ("DELETE FROM chain WHERE seq = 4", "records end with 3"),
        ("UPDATE journal SET till = 'other'", "genesis"),
    ],
)
def test_on_postgresql_too_every_kind_of_change_is_found(on_postgresql, change, fault):
    """Wrong: where no trigger stands guard, history is rewritten unseen (P4)."""
    assert on_postgresql.fault() is None
    on_postgresql.run(change)
    assert fault in on_postgresql.fault()
    (sliced,) = verify_slices(on_postgresql.engine, 2)
    assert fault in sliced.fault


def test_a_gap_in_the_receipt_numbers_is_found(book):
    """Wrong: a sale is missing between two others and nobody sees it."""
    assert "seq 3 has receipt" in book(receipts=(1, None, 3)).fault()
    assert "seq 1 has receipt" in book(receipts=(2,)).fault()


def test_what_the_till_itself_has_numbered_is_no_forgery_here(book):
    """Wrong: somebody looks for a person who changed the books, and restores a backup for it."""
    by_till, changed = book(receipts=(1, None, 3)), book()
    changed.run("UPDATE body SET body = x'00' WHERE seq = 2")
    assert "restore a backup" not in remedy_of(by_till.fault())
    assert "ask the store" in remedy_of(by_till.fault())
    assert "restore a backup" in remedy_of(changed.fault())


def test_an_erased_body_is_in_order_when_its_order_is_there(book):
    """Wrong: erasing a customer makes the books look forged (P9)."""
    erased = book()
    with writing(erased.engine) as conn:
        first = select(CHAIN.c.commitment).where(CHAIN.c.seq == 1)
        conn.execute(
            ERASE_ORDERS.insert().values(
                journal_id=erased.journal,
                seq=1,
                commitment=conn.execute(first).scalar_one(),
                erased_by="order-1",
                recorded_at="",
            )
        )
        conn.execute(BODIES.delete().where(BODIES.c.seq == 1))
    assert erased.fault() is None


def test_records_of_no_till_are_found(book):
    """Wrong: a journal somebody inserted past the intake goes unnoticed."""
    strange = book()
    strange.run("INSERT INTO chain VALUES ('x', 1, 1, 1, x'00', x'00', '')")
    with reading(strange.engine) as conn:
        assert ["x"] == unbound(conn)


@pytest.mark.parametrize("slice_", [1, 2, 3, 4, 5, 100])
def test_slices_find_what_one_transaction_finds(book, slice_):
    """Wrong: verifying beside a serving HQ is verifying less."""
    honest, changed = book(), book()
    changed.run("UPDATE chain SET hash = zeroblob(32) WHERE seq = 3")
    cut = book()
    cut.run("DELETE FROM chain WHERE seq = 4")
    found = [list(verify_slices(each.engine, slice_)) for each in (honest, changed, cut)]
    assert [True, False, False] == [report.ok for (report,) in found]
    assert "breaks at seq 3" in found[1][0].fault
    assert "records end with 3" in found[2][0].fault


def test_what_comes_in_while_it_runs_is_no_fault(book, monkeypatch):
    """Wrong: an honest HQ is accused because it went on receiving."""
    made = book()
    real = verify_module._records
    more = iter([True])

    def busy(conn, journal_id, after, limit):
        if next(more, False):
            with writing(made.engine) as other:
                before = other.exec_driver_sql("SELECT hash FROM chain WHERE seq = 4").scalar_one()
                hash_ = made._put(other, 5, before, made._body(4))
                other.execute(CURSORS.update().values(have_seq=5, have_hash=hash_))
        return real(conn, journal_id, after, limit)

    monkeypatch.setattr(verify_module, "_records", busy)
    (report,) = verify_slices(made.engine, 2)
    assert (True, 5) == (report.ok, report.have_seq)
