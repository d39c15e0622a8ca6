"""How every store stands: is everything in, what is missing, since when, why."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from agent.core.entries import commitment, encode, kind_of
from agent.core.entries.bodies import CashierSigned
from agent.core.sale.model import Stamp
from central.console.standing import standing
from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.report_tables import LEDGER_CHECKS
from central.ledger.tables import BODIES, CHAIN, CONTACTS, CREDENTIALS, CURSORS, JOURNALS
from central.reports.attention import concerns
from central.reports.progress import stalls

NOW = "2026-11-02T12:00:00.000Z"
SALT = b"s" * 16


def ago(minutes):
    return f"2026-11-02T{11 - minutes // 60:02d}:{(60 - minutes % 60) % 60:02d}:00.000Z"


class Shop:
    """Tills as the intake leaves them."""

    def __init__(self, ledger):
        self.ledger = ledger

    def till(
        self, name="till-1", *, have=0, tail=0, heard=NOW, received=NOW, age_s=0, lane="sales"
    ):
        journal = f"{name}-{lane}"
        of = {"store": "store-0001", "till": name, "keyid": name}
        with writing(self.ledger) as conn:
            credential = dict.fromkeys(("device_key", "credential", "signature", "issued_at"), "x")
            conn.execute(insert(CREDENTIALS).values(credential | of))
            row = {"journal_id": journal, "lane": "sales", "genesis": b"g", "bound_at": ago(90)}
            conn.execute(insert(JOURNALS).values(row | of))
            for seq in range(1, have + 1):
                body = CashierSigned("eva", "store-0001", name, Stamp("x", 1, "b"))
                sealed = encode(body)
                entry = {"kind": kind_of(body).kind, "version": 1, "hash": b"h"}
                entry |= {"commitment": commitment(SALT, sealed), "received_at": received}
                conn.execute(insert(CHAIN).values(journal_id=journal, seq=seq, **entry))
                conn.execute(
                    insert(BODIES).values(journal_id=journal, seq=seq, salt=SALT, body=sealed)
                )
            conn.execute(insert(CURSORS).values(journal_id=journal, have_seq=have, have_hash=b"h"))
            if heard:
                said = {"last_contact_at": heard, "tail_seq": tail, "backlog_bytes": 77}
                said |= {"oldest_unacked_age_s": age_s, "agent_version": "1"}
                conn.execute(insert(CONTACTS).values(journal_id=journal, **said))

    def applied(self):
        Applier(self.ledger, lambda: NOW).apply_pending()

    def store(self):
        with reading(self.ledger) as conn:
            [found] = standing(conn, NOW)
        return found

    def stalls(self):
        with reading(self.ledger) as conn:
            return [(each.kind, each.since, each.records) for each in stalls(conn, NOW)]


@pytest.fixture
def shop(ledger):
    return Shop(ledger)


def test_store_that_is_in(shop):
    """Nobody could tell a store where all is well from one nobody looked at."""
    shop.till(have=3, tail=3)
    shop.applied()
    found = shop.store()
    assert ("in-step", True, 0, ()) == (
        found.condition,
        found.everything_in,
        found.missing_records,
        found.why,
    )


def test_backlog_that_comes_in_is_behind_and_no_stall(shop):
    """A till that catches up would raise an alarm each morning."""
    shop.till(have=3, tail=9, age_s=7200)
    shop.applied()
    found = shop.store()
    assert ("behind", False, 6, 77) == (
        found.condition,
        found.everything_in,
        found.missing_records,
        found.missing_bytes,
    )
    assert 7200 == found.oldest_age_s
    assert ("till-1 sales: 6 records not here yet",) == found.why
    assert [] == shop.stalls()


@pytest.mark.parametrize("age_s", [0, 400])
def test_backlog_without_progress_is_stalled_within_five_minutes(shop, age_s):
    """A transfer that hangs would hang for three days before somebody asks (R20)."""
    shop.till(have=3, tail=9, received=ago(5), age_s=age_s)
    shop.applied()
    assert [("stalled", ago(5), 6)] == shop.stalls()
    assert "stalled" == shop.store().condition
    assert f"none has come in since {ago(5)}" in shop.store().why[0]
    with reading(shop.ledger) as conn:
        assert ["stalled"] == [each.name for each in concerns(conn, NOW)]


def test_sale_made_just_now_after_a_quiet_night_is_no_stall(shop):
    """The first sale of the day would raise an alarm."""
    shop.till(have=3, tail=4, received=ago(10), age_s=2)
    shop.applied()
    assert [] == shop.stalls()
    assert "behind" == shop.store().condition


def test_silent_till_has_its_own_name(shop):
    """A till that is switched off would be taken for a hanging transfer."""
    shop.till(have=3, tail=9, heard=ago(30), received=ago(40))
    shop.applied()
    assert [] == shop.stalls()
    found = shop.store()
    assert "silent" == found.condition
    assert f"till-1 sales: nothing heard since {ago(30)}" in found.why
    assert 1800 <= found.oldest_age_s


def test_till_that_never_spoke(shop):
    """A till that was enrolled and never connected would look like one in step."""
    shop.till(heard=None)
    assert ("never", ("till-1 sales: has never been in contact",)) == (
        shop.store().condition,
        shop.store().why,
    )


def test_entries_that_are_here_and_do_not_show_are_a_stall(shop):
    """HQ's own applier could stand still, and every till would look well."""
    shop.till(have=3, tail=3, received=ago(5))
    found = shop.store()
    assert ("stalled", 3, False) == (found.condition, found.not_applied, found.everything_in)
    assert [("not-applied", ago(5), 3)] == shop.stalls()


def test_worst_till_names_the_store_and_all_reasons_are_told(shop):
    """One till's trouble would hide behind the others."""
    shop.till("till-1", have=1, tail=1)
    shop.till("till-2", have=1, tail=5, received=ago(6))
    shop.till("till-3", heard=ago(60))
    shop.applied()
    found = shop.store()
    assert "stalled" == found.condition
    assert ["in-step", "stalled", "silent"] == [till.condition for till in found.tills]


def test_broken_chain_is_told(shop):
    """A verification nobody watches would find a changed ledger for nobody."""
    shop.till(have=1, tail=1)
    shop.applied()
    with writing(shop.ledger) as conn:
        row = {"journal_id": "till-1-sales", "checked_at": NOW, "upto_seq": 1}
        conn.execute(
            insert(LEDGER_CHECKS).values(row | {"records_per_s": 1, "fault": "the chain breaks"})
        )
    [lane] = shop.store().tills[0].lanes
    assert "the chain breaks" == lane.chain.fault
    assert any("the chain breaks" in why for why in shop.store().why)
    with reading(shop.ledger) as conn:
        assert ["chain-broken"] == [each.name for each in concerns(conn, NOW)]


def test_revoked_and_succeeded_journals_owe_nothing(shop):
    """A stolen till would hold its store's state at red for ever."""
    shop.till("till-1", have=1, tail=1)
    shop.till("till-2", have=1, tail=50, received=ago(60), heard=ago(60))
    shop.applied()
    with writing(shop.ledger) as conn:
        conn.execute(
            CREDENTIALS.update().where(CREDENTIALS.c.keyid == "till-2").values(revoked_at=NOW)
        )
    found = shop.store()
    assert ("in-step", True) == (found.condition, found.everything_in)
    assert "replaced" == found.tills[1].condition
