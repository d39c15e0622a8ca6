"""The quarantine: visible, decided by named people, and never in another's way."""

from __future__ import annotations

import random
import time

import msgspec
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from agent.core.entries import encode
from central.histories import Applier, applying
from central.histories.troubles import troubles
from central.ledger.customer_tables import SALES
from central.ledger.engine import LedgerFull, reading, writing
from central.ledger.report_tables import BOOKED, QUARANTINE_AUDIT
from central.ledger.tables import APPLIED, BODIES, FEED_ROWS, QUARANTINE
from tests.central.guards import unguarded

NOW = "2026-11-02T12:00:00.000Z"
J = "a" * 32
WHO = {"actor": "Eva", "reason": "asked the store"}


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW)


@pytest.fixture
def aside(applier, receive, told):
    """Two entries nobody can read, between two that can be."""
    receive(J, told.sale(1), b"{}", b'{"type":1}', told.sale(2))
    applier.apply_pending()


@pytest.fixture
def mended(ledger, told):
    """Put readable bytes in the place of entry 2, as an update would learn to read them."""

    def _mend(seq=2, n=9):
        with writing(ledger) as conn:
            unguarded(conn, "body_no_update")
            conn.execute(
                BODIES.update().where(BODIES.c.seq == seq).values(body=encode(told.sale(n)))
            )

    return _mend


@pytest.mark.usefixtures("aside")
def test_it_is_visible_with_its_reason(client):
    """Nobody at HQ would know what is missing from the reports."""
    page = client.get("/v1/quarantine").json()
    assert (2, {"unreadable-body": 2}) == (page["waiting"], page["names"])
    assert [(J, 2), (J, 3)] == [(each["journal_id"], each["seq"]) for each in page["entries"]]
    first = client.get("/v1/quarantine", params={"limit": 1}).json()
    rest = client.get("/v1/quarantine", params={"after": first["after"]}).json()
    assert ([2], [3]) == tuple([each["seq"] for each in one["entries"]] for one in (first, rest))
    assert rest["after"] is None
    assert [] == client.get("/v1/quarantine", params={"name": "x"}).json()["entries"]
    assert 400 == client.get("/v1/quarantine", params={"after": "x"}).status_code


@pytest.mark.usefixtures("aside")
def test_replay_after_a_fix_applies_exactly_once(client, rows, mended):
    """A sale would stay out of every report, or be counted at each replay."""
    failed = client.post(f"/v1/quarantine/{J}/2/replay", json=WHO).json()
    assert failed["outcome"].startswith("unreadable-body: ")
    mended()
    assert "applied" == client.post(f"/v1/quarantine/{J}/2/replay", json=WHO).json()["outcome"]
    again = client.post(f"/v1/quarantine/{J}/2/replay", json=WHO)
    assert (404, "quarantine list" in again.json()["remedy"]) == (again.status_code, True)
    assert ["sale-1", "sale-2", "sale-9"] == sorted(row["sale_id"] for row in rows(SALES))
    booked = rows(BOOKED, BOOKED.c.place)
    assert [("sale-1", "own"), ("sale-2", "own"), ("sale-9", "replayed")] == [
        (row["ref"], row["origin"]) for row in booked
    ]


@pytest.mark.usefixtures("aside")
def test_replay_of_all_goes_on_past_what_fails(client, rows, mended):
    """One entry that stays bad would keep all behind it in quarantine."""
    mended(3)
    answer = client.post("/v1/quarantine/replay", json=WHO | {"name": "unreadable-body"}).json()
    assert (2, 1, [2]) == (
        answer["tried"],
        answer["applied"],
        [each["seq"] for each in answer["failures"]],
    )
    assert [2] == [row["seq"] for row in rows(QUARANTINE)]
    assert 0 == client.post("/v1/quarantine/replay", json=WHO | {"store": "x"}).json()["tried"]


@pytest.mark.both_databases
@pytest.mark.usefixtures("aside")
def test_void_is_kept_and_taken_back(client, rows, mended, ledger):
    """A decision would be final, or leave no trace of who made it."""
    void = client.post(f"/v1/quarantine/{J}/2/void", json=WHO).json()
    assert (NOW, "Eva", "asked the store") == tuple(
        void[name] for name in ("voided_at", "voided_by", "void_reason")
    )
    assert 1 == client.get("/v1/quarantine").json()["waiting"]
    mended()
    assert 0 == Applier(ledger, lambda: NOW).retry_quarantine()
    for path in ("void", "replay"):
        assert 409 == client.post(f"/v1/quarantine/{J}/2/{path}", json=WHO).status_code
    assert 200 == client.post(f"/v1/quarantine/{J}/2/un-void", json=WHO).status_code
    assert 409 == client.post(f"/v1/quarantine/{J}/2/un-void", json=WHO).status_code
    assert "applied" == client.post(f"/v1/quarantine/{J}/2/replay", json=WHO).json()["outcome"]
    assert ["replay", "un-void", "void"] == sorted(row["action"] for row in rows(QUARANTINE_AUDIT))
    audit = client.get("/v1/quarantine/audit", params={"journal_id": J, "seq": 2}).json()
    assert {"Eva"} == {each["actor"] for each in audit}
    assert 3 == len(audit)


@pytest.mark.parametrize("who", [{"actor": " ", "reason": "r"}, {"actor": "a", "reason": ""}])
@pytest.mark.usefixtures("aside")
def test_nobody_decides_anonymously_or_without_a_reason(client, rows, who):
    """The audit would say that somebody did something."""
    for path in ("replay", "void", "un-void"):
        assert 400 == client.post(f"/v1/quarantine/{J}/2/{path}", json=who).status_code
    assert 400 == client.post("/v1/quarantine/replay", json=who).status_code
    assert [] == rows(QUARANTINE_AUDIT)


def test_what_is_parked_is_counted(client, applier, receive, told):
    """A return that waits for its sale would look like nothing at all."""
    receive(J, told.sale(2, lines=(told.returned("sale-1"),)))
    applier.apply_pending()
    assert 1 == client.get("/v1/quarantine").json()["parked"]


def fails_at(monkeypatch, is_poison, times=10**9):
    """Have the database fail at some sales."""
    real, together, left = applying.apply, applying.insert_sales, [times]

    def apply(conn, entry, take_back, body):
        if is_poison(entry) and left[0] > 0:
            left[0] -= 1
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))
        return real(conn, entry, take_back, body)

    def insert_sales(conn, sales):
        if left[0] > 0 and any(is_poison(entry) for entry, _ in sales):
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))
        together(conn, sales)

    monkeypatch.setattr(applying, "apply", apply)
    monkeypatch.setattr(applying, "insert_sales", insert_sales)


def test_entry_the_database_fails_on_is_named_and_holds_up_no_other(
    applier, receive, rows, told, ledger, monkeypatch
):
    """One damaged page would stop the sales of every store, and nobody would know where."""
    receive(J, *(told.sale(n) for n in range(5)))
    receive("b" * 32, told.sale(7))
    with monkeypatch.context() as patch:
        fails_at(patch, lambda entry: (entry.journal_id, entry.seq) == (J, 3))
        for _ in range(2):
            with pytest.raises(OperationalError):
                applier.apply_pending()
        assert {"sale-0", "sale-1", "sale-7"} == {row["sale_id"] for row in rows(SALES)}
        assert {J: 2, "b" * 32: 1} == {row["journal_id"]: row["seq"] for row in rows(APPLIED)}
        with reading(ledger) as conn:
            [trouble] = troubles(conn)
        assert (J, 3, 2, "disk I/O error") == (
            trouble.journal_id,
            trouble.seq,
            trouble.tries,
            trouble.reason,
        )
    applier.apply_pending()
    assert (6, []) == (len(rows(SALES)), rows(QUARANTINE))
    with reading(ledger) as conn:
        assert [] == troubles(conn)


def test_a_database_that_undoes_a_whole_slice_is_asked_for_less_and_nothing_is_lost(
    applier, receive, rows, told, ledger
):
    """What it undid before the failure would pass for applied, or what follows be kept twice."""
    if ledger.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no further statement after an error")
    receive(J, *(told.sale(n) for n in range(7)))
    receive("b" * 32, told.sale(7))
    undoing = (
        f"CREATE TRIGGER undoing BEFORE INSERT ON sale WHEN NEW.journal_id = '{J}' AND NEW.seq = 5 "
        "BEGIN SELECT RAISE(ROLLBACK, 'disk I/O error'); END"
    )
    with writing(ledger) as conn:
        conn.exec_driver_sql(undoing)
    with pytest.raises(DBAPIError, match="disk I/O error"):
        applier.apply_pending()
    assert {J: 4, "b" * 32: 1} == {row["journal_id"]: row["seq"] for row in rows(APPLIED)}
    assert 5 == len(rows(SALES)) == len(rows(BOOKED))
    with reading(ledger) as conn:
        assert [(J, 5)] == [(each.journal_id, each.seq) for each in troubles(conn)]
    with writing(ledger) as conn:
        conn.exec_driver_sql("DROP TRIGGER undoing")
    applier.apply_pending()
    assert 8 == len(rows(SALES)) == len(rows(BOOKED))
    assert [] == rows(QUARANTINE)


def test_a_disk_that_fills_up_half_way_through_a_slice_is_no_entrys_trouble(
    applier, receive, rows, told, ledger
):
    """Sales before that point would pass for applied, or the one at it be set aside in the end."""
    if ledger.dialect.name != "sqlite":
        pytest.skip("a limit in pages is SQLite's")
    receive(J, *(told.sale(n) for n in range(300)))
    with reading(ledger) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    room = [pages + 8]

    def limit(conn):
        conn.exec_driver_sql(f"PRAGMA max_page_count = {room[0]}")

    event.listen(ledger, "begin", limit)
    for _ in range(2):
        with pytest.raises(LedgerFull):
            applier.apply_pending()
        assert [] == rows(SALES) == rows(BOOKED) == rows(APPLIED)
    with reading(ledger) as conn:
        assert [] == troubles(conn)
    room[0] = 2**30
    applier.apply_pending()
    assert 300 == len(rows(SALES)) == len(rows(BOOKED))
    assert [] == rows(QUARANTINE)


def test_entry_the_database_never_takes_leaves_the_way_free(
    applier, receive, rows, told, monkeypatch
):
    """A till's sales would wait for ever behind one the database cannot store."""
    monkeypatch.setattr("central.histories.applier.TRIES_MAX", 3)
    receive(J, *(told.sale(n) for n in range(3)))
    with monkeypatch.context() as patch:
        fails_at(patch, lambda entry: entry.seq == 2)
        for _ in range(2):
            with pytest.raises(OperationalError):
                applier.apply_pending()
        assert [] == rows(QUARANTINE)
        applier.apply_pending()
    assert [2] == [row["seq"] for row in rows(QUARANTINE)]
    assert {"sale-0", "sale-2"} == {row["sale_id"] for row in rows(SALES)}
    assert 1 == applier.retry_quarantine()


def test_database_that_is_away_is_not_asked_of_every_journal(
    applier, receive, rows, told, monkeypatch
):
    """A full disk would be tried a thousand times in a row, once for each till."""
    for n in range(10):
        receive(f"{n:032x}", told.sale(n))
    asked = []
    fails_at(monkeypatch, lambda entry: asked.append(entry) or True)
    with pytest.raises(OperationalError):
        applier.apply_pending()
    assert 3 == len(asked)
    assert [] == rows(SALES)


def test_bad_entries_cost_the_good_ones_next_to_nothing(applier, receive, rows, told):
    """One malformed record in a hundred would halve what HQ gets through (G14)."""
    count = 600
    good = [encode(told.sale(n, sale_id=f"s-{n}")) for n in range(count)]
    receive(J, *good)
    started = time.process_time()
    assert count == applier.apply_pending()
    clean_s = time.process_time() - started
    mixed = [
        b"{}" if n % 100 == 50 else encode(told.sale(n, sale_id=f"t-{n}")) for n in range(count)
    ]
    receive("b" * 32, *mixed)
    started = time.process_time()
    assert count == applier.apply_pending()
    mixed_s = time.process_time() - started
    assert 6 == len(rows(QUARANTINE))
    assert 2 * count - 6 == len(rows(SALES))
    assert mixed_s < 5 * clean_s, "measured: 1.0 times as long"


def test_erased_meanwhile_leaves_the_quarantine(applier, receive, rows, ledger):
    """What a person had erased would be tried again for ever."""
    from central.ledger.tables import CHAIN, ERASE_ORDERS

    receive(J, b"{}")
    applier.apply_pending()
    with writing(ledger) as conn:
        order = {"journal_id": J, "seq": 1, "erased_by": "o", "recorded_at": NOW}
        of_first = CHAIN.c.journal_id == J, CHAIN.c.seq == 1
        sealed = conn.execute(CHAIN.select().where(*of_first)).one().commitment
        conn.execute(ERASE_ORDERS.insert().values({**order, "commitment": sealed}))
    assert 1 == applier.retry_quarantine()
    assert [] == rows(QUARANTINE)


def test_answers_are_json_a_program_reads(client):
    """A script would have to guess the shape of an empty quarantine."""
    assert {"waiting": 0, "names": {}, "parked": 0, "entries": [], "after": None} == (
        msgspec.json.decode(client.get("/v1/quarantine").content)
    )


@pytest.mark.both_databases
def test_a_text_too_long_for_an_index_is_nobody_elses_matter(ledger, applier, receive, rows, told):
    """On PostgreSQL, a till's sales would wait half an hour behind one with an endless id."""
    draw = random.Random(54000)
    long = "".join(chr(draw.randrange(0x4E00, 0x9FFF)) for _ in range(6_000))
    receive(J, told.sale(1), told.sale(2, sale_id=long), told.sale(3, ref=long), told.sale(4))
    receive("b" * 32, told.enrolled(long), told.enrolled("p" * 32))
    applier.apply_pending()
    with reading(ledger) as conn:
        assert [] == troubles(conn)
    assert {"sale-1", "sale-4"} <= {row["sale_id"] for row in rows(SALES)}
    if ledger.name == "postgresql":
        aside = {(row["journal_id"], row["seq"]): row["name"] for row in rows(QUARANTINE)}
        places = [(J, 2), (J, 3), ("b" * 32, 1)]
        assert dict.fromkeys(places, "value-too-long") == aside


@pytest.mark.both_databases
def test_a_card_too_long_to_be_told_of_is_nobody_elses_matter(ledger, applier, receive, rows, told):
    """On PostgreSQL, nothing of any till would be applied behind one customer with a long id."""
    draw = random.Random(8191)
    ids = [
        "".join(chr(draw.randrange(0x4E00, 0x9FFF)) for _ in range(length))
        for length in range(880, 912, 2)
    ]
    receive(J, *(told.enrolled(party_id) for party_id in ids), told.enrolled("p" * 32))
    receive("b" * 32, told.sale(1))
    applier.apply_pending()
    assert ["sale-1"] == [row["sale_id"] for row in rows(SALES)]
    assert "party:" + "p" * 32 in {row["key"] for row in rows(FEED_ROWS)}
    aside = {row["name"] for row in rows(QUARANTINE)}
    assert ({"value-too-long"} if ledger.name == "postgresql" else set()) == aside
