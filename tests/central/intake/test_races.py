"""Batches on both databases, while one in five commits is undone: once, in order, whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.core.exchange.wire import Ack, LastAck
from central.daemon.state import root_key
from central.intake.batches import receive
from central.intake.codes import issue_code
from central.intake.enrolment import enrol
from central.intake.rewinds import open_rewind
from central.ledger.engine import open_engine, reading, transact
from central.ledger.hq import Device
from central.ledger.tables import BODIES, CHAIN, CURSORS
from central.ledger.verify import verify
from tests.central.served import Till

NOW = "2026-11-02T12:00:00.000Z"
BATCHES = 30


@pytest.fixture
def root(ledger, tmp_path):
    return root_key(tmp_path, ledger)


@pytest.fixture
def till(ledger, root):
    """A till that is let in."""
    made = Till()
    code = transact(ledger, lambda conn: issue_code(conn, made.store, made.till, NOW))
    transact(ledger, lambda conn: enrol(conn, made.request(code), root, NOW))
    return made


def device(till):
    return Device(till.keyid, till.store, till.till)


@pytest.mark.both_databases
def test_what_is_acked_is_there_whatever_race_is_lost(ledger, lost_races, root, till, rows):
    """Wrong: a till prunes what HQ has undone, or HQ keeps a record twice (I1, I3)."""
    lost = lost_races()
    for n in range(BATCHES):
        till.seal(n % 12 + 1)
        batch = till.batch(max(1, len(rows(CHAIN)) - 3))
        reply = receive(ledger, root, device(till), batch, NOW).reply
        assert isinstance(reply, Ack)
        chain = rows(CHAIN, CHAIN.c.seq)
        assert (reply.seq, reply.hash) == (len(chain), chain[-1]["hash"].hex())
    assert lost
    assert [each.hash for each in till.chains["side"]] == [row["hash"] for row in chain]
    assert len(chain) == len(rows(BODIES))
    with reading(ledger) as conn:
        assert all(report.ok for report in verify(conn))


@pytest.mark.both_databases
def test_one_batch_at_several_places_at_once_is_kept_once(database_url, root, till, rows):
    """Wrong: a till that tries again elsewhere, while the first is still at it, is doubled."""
    till.seal(400)
    batches = [till.batch(1, 100 * n) for n in (1, 2, 3, 4)] * 2
    engines = [open_engine(database_url) for _ in range(2)]

    def send(n):
        return receive(engines[n % 2], root, device(till), batches[n], NOW).reply

    with ThreadPoolExecutor(len(batches)) as pool:
        replies = list(pool.map(send, range(len(batches))))
    for engine in engines:
        engine.dispose()
    assert all(isinstance(reply, Ack) for reply in replies)
    assert list(range(1, 401)) == [row["seq"] for row in rows(CHAIN, CHAIN.c.seq)]
    assert [400] == [
        row["have_seq"] for row in rows(CURSORS, CURSORS.c.have_seq) if row["have_seq"]
    ]


@pytest.mark.both_databases
def test_two_processes_that_notice_a_rewind_begin_one_epoch(ledger, database_url, root, till):
    """Wrong: an HQ put back to an old state goes round in epochs, one for each who notices."""
    till.seal(3)
    ack = receive(ledger, root, device(till), till.batch(), NOW).reply
    with ledger.begin() as conn:
        before = {"have_seq": 0, "have_hash": till.genesis("side")}
        of_journal = CURSORS.c.journal_id == till.journals["side"]
        conn.execute(CURSORS.update().where(of_journal).values(before))
    last = LastAck(ack.epoch, ack.seq, bytes.fromhex(ack.hash), bytes.fromhex(ack.signature))
    engines = [open_engine(database_url) for _ in range(2)]

    def send(n):
        return receive(engines[n % 2], root, device(till), till.batch(last_ack=last), NOW).reply

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(send, range(4)))
    for engine in engines:
        engine.dispose()
    assert {"epoch"} == {reply.name for reply in replies}
    with reading(ledger) as conn:
        assert {open_rewind(conn)} == {reply.epoch for reply in replies}
