"""`till-central import-journal`: a file is weighed like what comes over the network."""

from __future__ import annotations

import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pysqlite3 import dbapi2
from sqlalchemy import insert, select, update

from agent.core.entries.archive import ArchiveRefused
from agent.core.exchange.credentials import key_id, make_request
from agent.core.exchange.wire import Batch
from agent.core.faults import InputFault
from agent.journal import Journal, archives, chains, cursors
from agent.journal.cursors import Acked
from agent.journal.device_key import DeviceKey
from agent.journal.outgoing import outgoing
from agent.journal.prune import prune
from agent.journal.successors import succeed
from central.histories import Applier
from central.intake.archives import NotApproved, import_archive
from central.intake.batches import receive
from central.intake.codes import issue_code
from central.intake.enrolment import enrol
from central.intake.positions import ForeignJournal
from central.intake.root_key import RootKey
from central.intake.shown import OnlyAsFile
from central.intake.signatures import Revoked
from central.ledger.archive_tables import ARCHIVE_IMPORTS
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.engine import reading, writing
from central.ledger.hq import Device
from central.ledger.report_tables import BOOKED, STORE_DAYS
from central.ledger.tables import (
    BODIES,
    CHAIN,
    CONTACTS,
    CURSORS,
    INCARNATIONS,
    INCIDENTS,
    JOURNALS,
)
from central.ledger.verify import verify
from central.reports.completeness import late_entries
from tests.journal.shop import STAMP, STORE, CountingClock, close_day, erase, sell, sign_on

NOW = "2026-11-02T12:00:00.000Z"


class Store:
    """A till's own journal file and key."""

    def __init__(self, path, till="till-1", seed=1):
        self.path, self.till = path, till
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        self.key = DeviceKey(private, public, key_id(public))
        self.clock = CountingClock(seed)

    def open(self):
        return Journal.open(
            self.path,
            store=STORE,
            tills=(self.till,),
            device_key=self.key.public_bytes,
            clock=self.clock,
        )

    def do(self, *functions):
        with self.open() as journal:
            return [journal.write_blocking(function) for function in functions]

    def heads(self):
        return self.do(chains.heads)[0]

    def file(self, name="journals.jsonl"):
        path = self.path.with_name(name)
        with self.open() as journal, path.open("wb") as target:
            journal.read_blocking(
                lambda conn: archives.write(target, archives.lines(conn, STORE, NOW, self.key))
            )
        return path


@pytest.fixture
def root(tmp_path):
    return RootKey.create(tmp_path / "root.key")


@pytest.fixture
def store(tmp_path):
    (tmp_path / "till").mkdir()
    made = Store(tmp_path / "till" / "journal.db")
    made.do(
        *(lambda conn, n=n: sell(conn, f"sale-{n}") for n in range(6)),
        *(lambda conn, n=n: sign_on(conn, f"actor-{n}") for n in range(4)),
        lambda conn: close_day(conn, 1),
    )
    return made


def let_in(ledger, root, store):
    journals = {head.lane: head.journal_id for head in store.heads() if not head.sealed}
    with writing(ledger) as conn:
        code = issue_code(conn, STORE, store.till, NOW)
        request = make_request(
            store.key.private.sign,
            code=code,
            device_key=store.key.public_bytes,
            store=STORE,
            till=store.till,
            journals=journals,
        )
        enrol(conn, request, root, NOW)


@pytest.fixture
def take(ledger, root):
    return lambda file, **more: import_archive(ledger, root, file, NOW, **more)


def rows(ledger, table):
    with reading(ledger) as conn:
        return conn.execute(select(table)).all()


def told(done):
    return [(each.lane, each.outcome, each.before_seq, each.after_seq) for each in done.journals]


def sound(ledger):
    with reading(ledger) as conn:
        return [report.fault for report in verify(conn) if report.fault]


@pytest.mark.both_databases
def test_what_came_as_a_file_is_told_from_what_a_till_sent(ledger, root, store, take):
    """A late sale out of a file would look as if its till had been offline."""
    let_in(ledger, root, store)
    taken = take(store.file())
    applier = Applier(ledger, lambda: NOW)
    applier.apply_pending()
    assert {"imported"} == {row.origin for row in rows(ledger, BOOKED)}
    assert {(0, 7), (0, 4)} == {
        (row.before_seq, row.after_seq)
        for row in rows(ledger, ARCHIVE_IMPORTS)
        if row.outcome == "part"
    }
    day = rows(ledger, BOOKED)[0].business_date
    with writing(ledger) as conn:
        conn.execute(update(STORE_DAYS).values(state="complete", declared_at=NOW))
    store.do(lambda conn: sell(conn, "later"))
    assert "taken" == take(store.file("more.jsonl")).journals[0].outcome
    applier.apply_pending()
    with reading(ledger) as conn:
        late = late_entries(conn, store=STORE, business_date=day)
    assert [(taken.journals[0].journal_id, 8, "imported")] == [
        (each.journal_id, each.seq, each.why) for each in late
    ]


@pytest.mark.both_databases
def test_a_file_of_a_known_till_comes_in_once(ledger, root, store, take):
    """A till without a network would have no way in, or come in twice."""
    let_in(ledger, root, store)
    file = store.file()
    done = take(file)
    assert [("sales", "taken", 0, 7), ("side", "taken", 0, 4)] == told(done)
    assert not done.approved
    assert 11 == len(rows(ledger, CHAIN)) == len(rows(ledger, BODIES))
    before = rows(ledger, CHAIN)
    assert [("sales", "held", 7, 7), ("side", "held", 4, 4)] == told(take(file))
    assert before == rows(ledger, CHAIN)
    assert [] == sound(ledger)
    audit = rows(ledger, ARCHIVE_IMPORTS)
    assert {"part", "taken", "held"} == {row.outcome for row in audit}
    assert {""} == {row.approved_by for row in audit}
    store.do(lambda conn: sell(conn, "later"))
    assert ("sales", "taken", 7, 8) == told(take(store.file("more.jsonl")))[0]


def test_an_unknown_device_needs_a_word(ledger, store, take):
    """Anybody with the program could write sales into HQ's books."""
    file = store.file()
    with pytest.raises(NotApproved, match="does not let the device in") as refused:
        take(file)
    assert "--approve" in refused.value.remedy
    assert [] == rows(ledger, CHAIN) == rows(ledger, JOURNALS)
    done = take(file, approved_by="Grace")
    assert done.approved
    assert [("sales", "taken", 0, 7), ("side", "taken", 0, 4)] == told(done)
    assert {"Grace"} == {row.approved_by for row in rows(ledger, ARCHIVE_IMPORTS)}
    assert {"imported"} == {row.ended_why for row in rows(ledger, JOURNALS)}
    assert [] == sound(ledger)


def test_a_device_hands_in_no_other_tills_journal(ledger, root, store, take, tmp_path):
    """One stolen till could write another one's sales."""
    let_in(ledger, root, store)
    (tmp_path / "other").mkdir()
    other = Store(tmp_path / "other" / "journal.db", "till-2", 7)
    let_in(ledger, root, other)
    other.do(lambda conn: sell(conn, "other", "till-2"))
    file = other.file()
    store.do(lambda conn: archives.take_in(conn, file, NOW))
    with pytest.raises(NotApproved, match="never stood"):
        take(store.file("with-others.jsonl"))
    assert [("sales", "taken", 0, 1), ("side", "held", 0, 0)] == told(take(file))


def test_a_new_machine_hands_in_what_the_old_one_left(ledger, root, store, take, tmp_path):
    """What an old disk still held would be lost with the machine."""
    let_in(ledger, root, store)
    take(store.file())
    store.do(lambda conn: sell(conn, "never sent"))
    left = store.file("left.jsonl")
    (tmp_path / "new").mkdir()
    new = Store(tmp_path / "new" / "journal.db", seed=5)
    let_in(ledger, root, new)
    new.do(lambda conn: archives.take_in(conn, left, NOW), lambda conn: sell(conn, "fresh"))
    done = take(new.file())
    assert [("sales", "taken", 7, 8)] == [one for one in told(done) if one[2]][:1]
    assert [] == sound(ledger)


def test_a_machine_replaced_meanwhile_hands_in_all_it_holds(ledger, root, store, take, tmp_path):
    """A file written where HQ had let the device in would need somebody's word for it."""
    let_in(ledger, root, store)
    left = store.file("left.jsonl")
    second, third = (Store(tmp_path / f"{n}.db", seed=n) for n in (5, 6))
    let_in(ledger, root, second)
    second.do(lambda conn: archives.take_in(conn, left, NOW), lambda conn: sell(conn, "fresh"))
    let_in(ledger, root, third)
    done = take(second.file("second.jsonl"))
    assert (False, 4) == (done.approved, len(done.journals))
    assert {"taken", "held"} >= {each.outcome for each in done.journals}
    with writing(ledger) as conn:
        conn.execute(
            insert(REVOKED_DEVICES).values(
                device_key=done.device_key, order_id="o", reason="stolen", at=NOW
            )
        )
    with pytest.raises(NotApproved, match="does not let the device in"):
        take(second.file("later.jsonl"))


def shown(ledger, root, by, store, lane="sales", *, base=1, count=100):
    """Have a device show another one's journal, as its agent does; gives HQ's answer."""
    head = next(head for head in store.heads() if head.lane == lane)
    out = store.do(lambda conn: outgoing(conn, head.journal_id, base, count))[0]
    batch = Batch(
        version=1,
        journal_id=head.journal_id,
        incarnation=f"start-of-{by.key.keyid}",
        base=base,
        prev_hash=out.prev_hash,
        tail_seq=head.tail_seq,
        records=out.records,
    )
    device = Device(by.key.keyid, STORE, by.till)
    return receive(ledger, root, device, batch, NOW).reply


@pytest.mark.both_databases
def test_a_new_machine_is_told_what_hq_holds_of_the_old_one(ledger, root, store, take, tmp_path):
    """It would keep the old disk's journals as "not at HQ" for ever, and never be sealed."""
    let_in(ledger, root, store)
    assert 4 == shown(ledger, root, store, store, count=4).seq
    (tmp_path / "new").mkdir()
    new = Store(tmp_path / "new" / "journal.db", seed=5)
    let_in(ledger, root, new)
    before = rows(ledger, CHAIN), rows(ledger, CONTACTS), rows(ledger, INCARNATIONS)
    assert 4 == shown(ledger, root, new, store).seq
    with pytest.raises(OnlyAsFile, match="up to entry 4 of 7") as refused:
        shown(ledger, root, new, store, base=5)
    assert "till-central import-journal" in refused.value.remedy
    assert before == (rows(ledger, CHAIN), rows(ledger, CONTACTS), rows(ledger, INCARNATIONS))
    with pytest.raises(Revoked):
        shown(ledger, root, store, store, base=5)
    take(store.file(), approved_by="Grace")
    assert 7 == shown(ledger, root, new, store).seq
    assert 7 == shown(ledger, root, new, store, base=8, count=0).seq


def test_what_a_device_handed_in_it_may_ask_after(ledger, root, store, take, tmp_path):
    """The journals of an old disk would stay "not at HQ" on the machine that handed them in."""
    let_in(ledger, root, store)
    file = store.file()
    (tmp_path / "other").mkdir()
    other = Store(tmp_path / "other" / "journal.db", "till-2", 7)
    let_in(ledger, root, other)
    with pytest.raises(ForeignJournal):
        shown(ledger, root, other, store)
    other.do(lambda conn: archives.take_in(conn, file, NOW))
    take(other.file("with-others.jsonl"), approved_by="Grace")
    assert 7 == shown(ledger, root, other, store).seq
    store.do(lambda conn: sell(conn, "later"))
    with pytest.raises(OnlyAsFile):
        shown(ledger, root, other, store, base=8)
    assert 8 == shown(ledger, root, store, store, base=8).seq


def test_a_replaced_machine_learns_that_its_file_came_in(ledger, root, store, take, tmp_path):
    """A machine that was set up elsewhere would hold its old till's journals for ever."""
    let_in(ledger, root, store)
    (tmp_path / "new").mkdir()
    let_in(ledger, root, Store(tmp_path / "new" / "journal.db", seed=5))
    with pytest.raises(Revoked):
        shown(ledger, root, store, store)
    take(store.file(), approved_by="Grace")
    assert 7 == shown(ledger, root, store, store).seq


def test_a_different_entry_is_a_fork(ledger, root, store, take, tmp_path):
    """What HQ holds would be overwritten by a file (P4)."""
    let_in(ledger, root, store)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(store.path, copy / "journal.db")
    twin = Store(copy / "journal.db")
    twin.key, twin.clock = store.key, CountingClock(3)
    store.do(lambda conn: sell(conn, "here"))
    take(store.file())
    before = rows(ledger, CHAIN)
    twin.do(lambda conn: sell(conn, "there"), lambda conn: sign_on(conn, "new"))
    done = take(twin.file())
    assert [("sales", "fork", 8, 8), ("side", "taken", 4, 5)] == told(done)
    assert "another entry 8" in done.journals[0].detail
    assert set(before) <= set(rows(ledger, CHAIN))
    assert ["fork"] == [row.name for row in rows(ledger, INCIDENTS)]


def test_successors_erased_and_pruned_entries_come_in(ledger, root, store, take):
    """A journal that went through something would be refused as a whole."""
    let_in(ledger, root, store)
    take(store.file())
    sales, side = (head.journal_id for head in store.heads())

    def safe(conn):
        acked = Acked("e1", 7, chains.hash_at(conn, sales, 7), b"s", 7)
        cursors.set_acked(conn, sales, acked)

    def go_on(conn):
        held = chains.hash_at(conn, sales, 7)
        known = {"reason": "fork", "clock_stamp": STAMP, "random": CountingClock(9).random}
        succeed(conn, sales, held_seq=7, held_hash=held, **known)

    store.do(
        lambda conn: erase(conn, side, 2, order_id="order-7", at=NOW),
        safe,
        lambda conn: prune(conn, sales, 5),
        lambda conn: sell(conn, "late"),
        go_on,
        lambda conn: sell(conn, "later"),
    )
    done = take(store.file("after.jsonl"))
    assert [("sales", "taken", 7, 8), ("side", "held", 4, 4), ("sales", "taken", 0, 3)] == told(
        done
    )
    assert [] == sound(ledger)
    assert [3, 4, 8] == sorted(row.have_seq for row in rows(ledger, CURSORS))


def test_what_hq_lacks_and_the_till_pruned_is_said(ledger, root, store, take):
    """A journal with a hole would pass for whole."""
    let_in(ledger, root, store)
    sales = store.heads()[0].journal_id

    def safe(conn):
        acked = Acked("e1", 7, chains.hash_at(conn, sales, 7), b"s", 7)
        cursors.set_acked(conn, sales, acked)

    store.do(safe, lambda conn: prune(conn, sales, 5))
    done = take(store.file())
    assert [("sales", "pruned", 0, 0), ("side", "taken", 0, 4)] == told(done)
    assert "no text" in done.journals[0].detail


def test_a_damaged_file_changes_nothing(ledger, root, store, take):
    """Half a journal would come in, and nobody knew that half was missing."""
    let_in(ledger, root, store)
    file = store.file()
    whole = file.read_bytes()
    for damaged in (whole[:-10], whole.replace(b"sale-3", b"sale-9"), whole[100:], whole * 2):
        file.write_bytes(damaged)
        with pytest.raises(ArchiveRefused, match="line "):
            take(file)
    file.write_bytes(b"")
    with pytest.raises(InputFault):
        take(file)
    with pytest.raises(InputFault, match="cannot be read"):
        take(file.with_name("none"))
    assert [] == rows(ledger, CHAIN)


def test_the_books_are_not_rewritten(ledger, root, store, take):
    """Who let a file in could be made unseen."""
    let_in(ledger, root, store)
    take(store.file())
    if ledger.dialect.name == "sqlite":
        conn = dbapi2.connect(ledger.url.database)
        for sql in ("UPDATE archive_import SET approved_by = 'x'", "DELETE FROM archive_import"):
            with pytest.raises(dbapi2.IntegrityError):
                conn.execute(sql)
        conn.close()
