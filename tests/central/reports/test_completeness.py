"""Days are in when every till closed them, nothing is missing and all agrees to the cent."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert, update

from agent.core.entries import commitment, encode, kind_of
from agent.core.entries.bodies import JournalBegun
from agent.core.entries.carried import carry
from agent.core.sale.model import Stamp
from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.report_tables import STORE_DAYS
from central.ledger.tables import CONTACTS, CREDENTIALS, JOURNALS, QUARANTINE
from central.ledger.upserts import upsert
from central.reports.completeness import completeness, days, late_entries, reckon_all
from tests.central.reports.shop import Journal

MON, TUE, WED = "2026-11-02", "2026-11-03", "2026-11-04"
STORE = "store-0001"
SALT = b"s" * 16
A, B = "a" * 32, "b" * 32


class Clock:
    """HQ's clock: each look is a second later."""

    def __init__(self):
        self.n = 0

    def __call__(self):
        self.n += 1
        return f"2026-11-05T{self.n // 3600:02d}:{self.n // 60 % 60:02d}:{self.n % 60:02d}.000Z"


class Hq:
    """Takes entries in, applies and reckons."""

    def __init__(self, ledger, receive):
        self.ledger, self.receive, self.now = ledger, receive, Clock()
        self.applier = Applier(ledger, self.now)

    def take(self, *journals):
        for journal in journals:
            self.receive(journal.id, *journal.new())
        self.applier.apply_pending()
        return reckon_all(self.ledger, self.now())

    def enrol(self, journal_id, till, contact="", tail=0, keyid=None):
        with writing(self.ledger) as conn:
            keyid = keyid or f"key-{journal_id[:4]}"
            credential = {"keyid": keyid, "device_key": "d", "store": STORE, "till": till}
            credential |= dict.fromkeys(("credential", "signature", "issued_at"), "x")
            conn.execute(insert(CREDENTIALS).values(credential))
            row = {"journal_id": journal_id, "store": STORE, "till": till, "lane": "sales"}
            row |= {"keyid": keyid, "genesis": b"g", "bound_at": self.now()}
            conn.execute(insert(JOURNALS).values(row))
        self.receive(journal_id)
        if contact:
            self.contact(journal_id, contact, tail)

    def contact(self, journal_id, at=None, tail=0):
        said = {"last_contact_at": at or self.now(), "tail_seq": tail, "backlog_bytes": 0}
        said |= {"oldest_unacked_age_s": 0, "agent_version": "1"}
        with writing(self.ledger) as conn:
            new = upsert(CONTACTS).values(journal_id=journal_id, **said)
            conn.execute(new.on_conflict_do_update(index_elements=["journal_id"], set_=said))

    def complete_up_to(self):
        with reading(self.ledger) as conn:
            return completeness(conn)[STORE].complete_up_to

    def held_back(self):
        with reading(self.ledger) as conn:
            found = completeness(conn)[STORE].held_back_by
        return [(each.business_date, each.till, each.state) for each in found]

    def detail(self):
        with reading(self.ledger) as conn:
            return [each.detail for each in completeness(conn)[STORE].held_back_by]

    def late(self):
        with reading(self.ledger) as conn:
            return [(each.ref, each.why) for each in late_entries(conn, store=STORE)]


@pytest.fixture
def hq(ledger, receive):
    return Hq(ledger, receive)


def test_closed_and_agreeing_day_is_complete(hq):
    """Nobody at HQ could say whether a day's figures are final."""
    till = Journal(A)
    till.open()
    till.sell()
    till.sell(till.line(199, 3000), till.line(500, taxes=(), n=2))
    till.cash(-300)
    assert {} == hq.take(till)
    assert ([(MON, "till-1", "open")], None) == (hq.held_back(), hq.complete_up_to())
    till.close()
    assert {STORE: [MON]} == hq.take(till)
    assert (MON, []) == (hq.complete_up_to(), hq.held_back())
    assert {} == hq.take(till)


def test_store_is_complete_when_all_its_tills_are(hq):
    """One till's figures would pass for the store's."""
    one, two = Journal(A), Journal(B, "till-2")
    for till in (one, two):
        till.sell()
    one.close()
    hq.take(one, two)
    assert [(MON, "till-2", "open")] == hq.held_back()
    two.close()
    hq.take(two)
    assert MON == hq.complete_up_to()


def test_later_day_does_not_overtake_an_open_one(hq):
    """A hole in the middle would be hidden behind a newer day."""
    one, two = Journal(A), Journal(B, "till-2")
    one.sell()
    one.close()
    two.sell()
    hq.take(one, two)
    one.sell(date=TUE)
    one.close(TUE)
    hq.take(one)
    assert None is hq.complete_up_to()
    assert [(MON, "till-2", "open")] == hq.held_back()
    two.sell(date=TUE)
    two.close(TUE)
    hq.take(two)
    assert TUE == hq.complete_up_to()


def test_closing_after_midnight_closes_the_day_before(hq):
    """A bar that closes at five would never have a complete day."""
    till = Journal(A)
    till.sell()
    till.sell(date=TUE)
    till.close(TUE)
    assert {STORE: [MON, TUE]} == hq.take(till)


def test_missing_sale_differs_and_is_said_to_the_cent(hq):
    """A sale that cannot be read would be missing from a day that counts as complete."""
    till = Journal(A)
    till.sell()
    till.sell(till.line(1234))
    till.sell()
    till.close()
    first, _, *rest = till.new()
    hq.receive(A, first, b"{}", *rest)
    hq.take()
    assert [(MON, "till-1", "differs")] == hq.held_back()
    assert ["Z 1: 1 of its entries are set aside: decide about them in the quarantine"] == (
        hq.detail()
    )
    with writing(hq.ledger) as conn:
        conn.execute(update(QUARANTINE).values(voided_at="now"))
    reckon_all(hq.ledger, hq.now())
    assert MON == hq.complete_up_to()
    with reading(hq.ledger) as conn:
        [day] = days(conn)
    assert "1 of its entries are void or erased" in day.tills[0].detail
    assert "12.34" in day.tills[0].detail or "2 arrived" in day.tills[0].detail


def test_one_cent_in_a_closing_is_found(hq):
    """A changed Z report would pass."""
    till = Journal(A)
    till.sell()
    z = till.close()
    wrong = msgspec.structs.replace(z.totals, gross=z.totals.gross + 1)
    hq.receive(A, till.bodies[0], msgspec.structs.replace(z, totals=wrong))
    hq.take()
    assert ["Z 1: gross: the till says 2.51, what arrived adds up to 2.50"] == hq.detail()


def test_hole_in_the_receipt_numbers_is_found(hq):
    """A receipt the till had never sent would not be missed where a Z was forged to fit."""
    till = Journal(A)
    till.sell()
    till.receipts = 5
    till.sell()
    till.close()
    hq.take(till)
    assert ["Z 1: receipt store-0001-till-1-aaaa-6 comes after store-0001-till-1-aaaa-1"] == (
        hq.detail()
    )


def test_returns_tenders_change_and_several_rates_agree(hq):
    """Honest days would differ, and the list of what differs would never be read."""
    from agent.core.sale.model import Tender
    from tests.central.reports.shop import REDUCED

    till = Journal(A)
    till.open()
    sale = till.sell(
        till.line(999),
        till.line(455, 2345, taxes=REDUCED, n=2),
        till.line(100, n=3, voided=True),
        tenders=(Tender(1, "card", 1000), Tender(2, "cash", 5000)),
        discount=100,
        discount_reason="regular",
    )
    till.sell(till.returned(sale.sale_id))
    till.sell(till.line(700), included=False)
    till.cash(500)
    till.close()
    assert {STORE: [MON]} == hq.take(till)


@pytest.mark.both_databases
def test_what_comes_after_is_late_and_says_when_and_why(hq, rows):
    """A report that was handed in would change in silence."""
    till = Journal(A)
    till.sell()
    till.close()
    hq.take(till)
    [before] = rows(STORE_DAYS)
    late = till.sell()
    hq.take(till)
    assert [(late.sale_id, "offline")] == hq.late()
    assert [(MON, "till-1", "open")] == hq.held_back()
    till.close()
    hq.take(till)
    assert MON == hq.complete_up_to()
    [after] = rows(STORE_DAYS)
    assert (before["declared_at"], 2) == (after["declared_at"], after["late"])
    [day] = hq_days(hq)
    assert ("complete", 2) == (day.state, day.late)


def hq_days(hq):
    with reading(hq.ledger) as conn:
        return days(conn, store=STORE)


@pytest.mark.both_databases
def test_till_that_says_nothing_holds_its_store_back(hq):
    """A till that is offline with sales in it would not be missed."""
    hq.enrol(A, "till-1")
    hq.enrol(B, "till-2", contact="2026-11-01T20:00:00.000Z")
    till = Journal(A)
    till.sell()
    till.close()
    hq.take(till)
    assert [(MON, "till-2", "silent")] == hq.held_back()
    assert ["nothing heard since 2026-11-01T20:00:00.000Z"] == hq.detail()
    hq.contact(B, tail=3)
    hq.take()
    assert [(MON, "till-2", "behind")] == hq.held_back()
    hq.contact(B)
    hq.take()
    assert MON == hq.complete_up_to()


def test_till_that_never_spoke_is_named(hq):
    """A till that was enrolled and never connected would be forgotten."""
    hq.enrol(B, "till-2")
    till = Journal(A)
    till.sell()
    till.close()
    hq.take(till)
    assert ["nothing heard since it was enrolled"] == hq.detail()


def test_records_that_have_not_arrived_hold_the_day_back(hq):
    """A day would be declared while a till says that it still has records of it."""
    hq.enrol(A, "till-1")
    till = Journal(A)
    till.sell()
    till.close()
    hq.contact(A, tail=5)
    hq.take(till)
    assert [(MON, "till-1", "behind")] == hq.held_back()
    till.sell(date=TUE)
    hq.take(till)
    assert MON == hq.complete_up_to()


@pytest.mark.parametrize("reason", ["damaged", "fork"])
def test_day_goes_on_in_a_successor(hq, reason):
    """A till whose disk failed in the middle of a day would never have a complete one."""
    old, new = Journal(A), Journal(B)
    old.open()
    old.sell()
    hq.take(old)
    lost = old.sell(old.line(777))
    hq.receive(B, JournalBegun(A, 2, "0" * 64, reason, 1, Stamp("x", 1, "b")))
    sealed = encode(lost)
    hq.receive(
        B,
        carry(
            A,
            3,
            kind=kind_of(lost).kind,
            version=1,
            salt=SALT,
            body=sealed,
            committed=commitment(SALT, sealed),
        ),
    )
    new.day = list(old.day)
    new.sell()
    new.close()
    assert {STORE: [MON]} == hq.take(new)
    assert MON == hq.complete_up_to()


@pytest.mark.parametrize("original_first", [True, False])
def test_both_copies_of_a_till_close_a_day_that_agrees(hq, *, original_first):
    """Each copy's Z report would be held against what the other one sold, and the day never end."""
    original, copy = Journal(A), Journal(A)
    for journal, price in ((original, 100), (copy, 200)):
        journal.open()
        journal.sell(journal.line(price), sale_id=f"sold-for-{price}")
        journal.close()
    carried = [
        carry(
            A,
            seq,
            kind=kind_of(body).kind,
            version=kind_of(body).version,
            salt=SALT,
            body=encode(body),
            committed=commitment(SALT, encode(body)),
        )
        for seq, body in enumerate(copy.bodies, start=1)
        if seq > 1  # The float is one and the same.
    ]
    begun = JournalBegun(A, 1, "0" * 64, "fork", 2, Stamp("x", 1, "b"))
    parts = [(A, original.bodies), (B, [begun, *carried])]
    for journal_id, bodies in parts if original_first else [(A, original.bodies[:1]), *parts[1:]]:
        hq.receive(journal_id, *bodies)
        hq.take()
    if not original_first:
        hq.receive(A, *original.bodies[1:])
        hq.take()
    assert ([], MON) == (hq.detail(), hq.complete_up_to())


def test_carried_entry_of_a_complete_day_is_late(hq):
    """What a salvaged disk brings would not be told from what was there in time."""
    old = Journal(A)
    old.sell()
    old.close()
    hq.take(old)
    late = old.sell()
    sealed = encode(late)
    copy = carry(
        A, 3, kind=1, version=1, salt=SALT, body=sealed, committed=commitment(SALT, sealed)
    )
    hq.receive(B, JournalBegun(A, 2, "0" * 64, "damaged", 1, Stamp("x", 1, "b")), copy)
    hq.take()
    assert [(late.sale_id, "salvage")] == hq.late()


def test_replaced_device_without_a_successor_does_not_hold_back_for_ever(hq, ledger):
    """A stolen till would keep its store's days open for good."""
    hq.enrol(A, "till-1")
    hq.enrol(B, "till-2")
    one, two = Journal(A), Journal(B, "till-2")
    one.sell()
    two.sell()
    two.close()
    hq.take(one, two)
    assert [(MON, "till-1", "open")] == hq.held_back()
    with writing(ledger) as conn:
        conn.execute(
            update(CREDENTIALS).where(CREDENTIALS.c.till == "till-1").values(revoked_at="now")
        )
    hq.take()
    assert MON == hq.complete_up_to()
    [day] = hq_days(hq)
    assert "ended without a closing" in day.tills[0].detail


def test_answers_over_http(hq, client):
    """Other systems could not ask."""
    till = Journal(A)
    till.sell()
    till.close()
    hq.take(till)
    till.sell()
    hq.take(till)
    [day] = client.get("/v1/days", params={"store": STORE, "open_only": True}).json()
    assert (MON, "open", 1) == (day["business_date"], day["state"], day["late"])
    assert day["declared_at"]
    assert [] == client.get("/v1/days", params={"since": WED}).json()
    [late] = client.get("/v1/days/late", params={"business_date": MON}).json()
    assert ("offline", "sale", 3) == (late["why"], late["type"], late["seq"])
