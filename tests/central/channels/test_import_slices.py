"""Long files come in a few rows at a time: tills are answered meanwhile, and an end is no loss."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import contextmanager
from random import Random
from threading import Event, Thread
from time import sleep

import msgspec
import pytest
from sqlalchemy import event, select

from agent.core.exchange.wire import Ack
from agent.core.faults import InputFault
from central.channels import customer_rows, item_rows
from central.channels.imports import import_customers, import_items
from central.ledger.customer_tables import (
    ATTRIBUTES,
    CONSENTS,
    IDENTIFIERS,
    ITEM_KEYS,
    ITEMS,
    PARTIES,
)
from central.ledger.engine import LedgerFull, open_engine, reading, writing
from central.ledger.outbox import GLOBAL, position
from central.ledger.tables import FEED_MARKS, FEED_ROWS

SLICES = 6
SLICE_S = 0.2
START_S = 90


class Killed(BaseException):
    """The program ends here."""


def gtin(n):
    digits = f"4{n:011d}"
    odd = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-odd % 10}"


def catalogue(count):
    rows = (f"i-{n},Thing {n},standard,{n}.99,{gtin(n)}" for n in range(count))
    return "\n".join(["item_id,name,tax,price,gtin", *rows, "i-x,Bad,standard,cheap,", ""])


def people(count):
    rows = (f"c-{n},Greta {n},g{n}@example.org,{n}" for n in range(count))
    return "\n".join(["source_id,name,email,points", *rows, ",Nobody,,", ""])


ITEM_FILE = (import_items, item_rows, catalogue)
CUSTOMER_FILE = (import_customers, customer_rows, people)
FILES = pytest.mark.parametrize("of_file", [ITEM_FILE, CUSTOMER_FILE], ids=["items", "customers"])


@pytest.fixture
def import_(of_file, tmp_path, monkeypatch):
    """Import a file of some slices, the last of them short."""
    how, module, text = of_file
    monkeypatch.setattr(module, "SLICE", 20)
    file = tmp_path / "file.csv"
    file.write_text(text(20 * SLICES - 5))
    return lambda engine: how(engine, file)


@pytest.fixture
def whole(migrated, tmp_path, import_):
    """Give what an import that nothing happened to leaves behind."""
    engine = open_engine(shutil.copy(migrated, tmp_path / "whole.sqlite"))
    import_(engine)
    yield left(engine)
    engine.dispose()


def left(engine):
    """Give what an import has left: everything but the ids and times it draws."""
    with reading(engine) as conn:
        sources = dict(conn.execute(select(PARTIES.c.party_id, PARTIES.c.source_id)).all())

        def rows(table, *without):
            columns = [column for column in table.c if column.name not in without]
            found = (row._asdict() for row in conn.execute(select(*columns)))
            named = [
                {key: sources.get(value, value) for key, value in row.items()} for row in found
            ]
            return sorted(named, key=repr)

        told = conn.execute(select(FEED_ROWS.c.fseq, FEED_ROWS.c.op, FEED_ROWS.c.body)).all()
        return {
            "items": rows(ITEMS),
            "keys": rows(ITEM_KEYS),
            "parties": rows(PARTIES, "created_at"),
            "identifiers": rows(IDENTIFIERS, "observed_at"),
            "attributes": rows(ATTRIBUTES, "observed_at"),
            "marks": rows(FEED_MARKS, "running_hash"),
            "told": sorted((fseq, op, nameless(body, sources)) for fseq, op, body in told),
            "position": position(conn, GLOBAL)[0],
        }


def nameless(body, sources):
    told = msgspec.json.decode(body)
    if "card" in told:
        told["card"]["party_id"] = sources[told["card"]["party_id"]]
    return repr(told)


@contextmanager
def listened(engine, what, call):
    event.listen(engine, what, call)
    try:
        yield
    finally:
        event.remove(engine, what, call)


@FILES
@pytest.mark.both_databases
@pytest.mark.asyncio
async def test_a_batch_is_acked_while_a_file_comes_in(hq, import_, database_url):
    """Every till of the chain would wait for its ack until the catalogue is in."""
    till, link = await hq.enrolled()
    till.seal(1)
    loop, between = asyncio.get_running_loop(), asyncio.Event()
    other, acked = open_engine(database_url), Event()

    def stopped(*_connection):
        if hq.rows(FEED_MARKS):
            loop.call_soon_threadsafe(between.set)
            acked.wait(START_S)

    with listened(other.pool, "checkin", stopped):
        importing = asyncio.create_task(asyncio.to_thread(import_, other))
        await between.wait()
        reply = await link.send(till.batch())
        held = len(hq.rows(FEED_MARKS))
        acked.set()
        report = await importing
    other.dispose()
    assert (True, 20) == (isinstance(reply, Ack), held)
    assert report.added == len(hq.rows(FEED_MARKS))


@pytest.mark.parametrize("of_file", [ITEM_FILE], ids=["items"])
def test_who_waits_for_the_turn_has_it_soon(ledger, import_, database_url):
    """An import would take the turn back before anybody who sleeps for it has looked again."""
    other, slices, passed = open_engine(database_url), [], []

    def waiting():
        with writing(ledger):
            passed.append(len(slices))

    waiter = Thread(target=waiting)

    def begun(_conn):
        slices.append(1)
        if len(slices) == 1:
            waiter.start()
        sleep(SLICE_S)

    with listened(other, "begin", begun):
        import_(other)
    waiter.join()
    other.dispose()
    assert SLICES == len(slices)
    assert passed[0] <= SLICES // 2


@FILES
@pytest.mark.both_databases
@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_a_file_that_was_cut_off_is_imported_again(ledger, import_, whole, moment):
    """A price would be told twice, or never, after a machine was switched off in an import."""
    for cut in (3, SLICES - 1):
        count = []

        def killed(_conn, count=count, cut=cut):
            count.append(1)
            if len(count) == cut:
                raise Killed

        with listened(ledger, moment, killed), pytest.raises(Killed):
            import_(ledger)
    report = import_(ledger)
    assert (True, 1) == (report.added > 0, report.skipped)
    assert whole == left(ledger)
    assert (0, 0) == (import_(ledger).added, import_(ledger).changed)
    assert whole["marks"] == left(ledger)["marks"]


@FILES
@pytest.mark.both_databases
def test_slices_that_lose_a_race_are_done_again(ledger, import_, whole, lost_races):
    """A row would count twice, or its problem be named twice, on a busy server."""
    lost = lost_races()
    report = import_(ledger)
    assert lost
    assert (20 * SLICES - 4, 20 * SLICES - 5, 1) == (report.rows, report.added, report.skipped)
    assert whole == left(ledger)


@FILES
def test_a_fault_half_way_says_what_is_in_and_what_to_do(ledger, import_, of_file):
    """Nobody would know whether to take the half of a catalogue out again."""
    count = []
    third = 4 if of_file is CUSTOMER_FILE else 3  # An import of customers is itself written down.

    def full(_conn):
        count.append(1)
        if len(count) == third:
            raise LedgerFull("nothing more can be kept", remedy="make room")

    with listened(ledger, "begin", full), pytest.raises(LedgerFull) as caught:
        import_(ledger)
    assert "nothing more can be kept; 40 rows of the file are in" == caught.value.detail
    assert caught.value.remedy.startswith("make room; then import the same file again")


@FILES
def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(ledger, import_, tmp_path):
    """A share that goes away half way would leave half a catalogue."""
    (tmp_path / "file.csv").unlink()
    (tmp_path / "file.csv").mkdir()
    with pytest.raises(InputFault):
        import_(ledger)
    assert 0 == left(ledger)["position"]


def test_a_code_named_twice_stays_with_whom_it_came_first(ledger, tmp_path, monkeypatch):
    """Two items would answer to one scan, or a slice fail whose first row takes a code over."""
    monkeypatch.setattr(item_rows, "SLICE", 2)
    head, file = "item_id,name,tax,price,gtin\n", tmp_path / "items.csv"
    file.write_text(head + f"a,A,s,1,{gtin(1)}\nb,B,s,1,{gtin(2)}\n")
    import_items(ledger, file)
    file.write_text(
        head + f"a,A,s,1,{gtin(3)}\nb,B,s,1,{gtin(1)} {gtin(2)}\nc,C,s,1,{gtin(3)}\nd,D,s,1,\n"
    )
    report = import_items(ledger, file)
    assert [4] == [problem.line for problem in report.problems]
    with reading(ledger) as conn:
        keys = {row.key[-13:]: row.item_id for row in conn.execute(select(ITEM_KEYS))}
    assert {gtin(1): "b", gtin(2): "b", gtin(3): "a"} == keys


def crowd(rng, count):
    """Write rows of few people who share much: each source, phone and address comes up again."""
    head = "source_id,name,phone,email,tier,consents"

    def row():
        phone = rng.choice(["", *(f"0171 392000{n}" for n in range(6))])
        email = rng.choice(["", *(f"g{n}@example.org" for n in range(6))])
        answer = rng.choice(["", "marketing/email=yes", "marketing/email=no"])
        source, tier = rng.randrange(8), rng.choice(["", "Gold", "Silver"])
        return f"c-{source},Greta {source % 3},{phone},{email},{tier},{answer}"

    return "\n".join([head, *(row() for _ in range(count)), ""])


def people_of(engine):
    with reading(engine) as conn:
        sources = dict(conn.execute(select(PARTIES.c.party_id, PARTIES.c.source_id)).all())

        def rows(table, *names):
            found = conn.execute(select(table.c.party_id, *(table.c[name] for name in names)))
            return sorted((sources[party_id], *row) for party_id, *row in found)

        cards = [
            msgspec.json.decode(body) for body in conn.execute(select(FEED_ROWS.c.body)).scalars()
        ]
        for card in cards:
            card["card"] |= {"party_id": sources[card["card"]["party_id"]], "ver": 0}
            card["card"].pop("marks", None)  # They carry ids that are drawn anew each time.
        return (
            sorted(sources.values()),
            rows(IDENTIFIERS, "type", "value"),
            rows(ATTRIBUTES, "field", "source", "value", "strength"),
            rows(CONSENTS, "ordinal", "purpose", "contact", "given"),
            sorted(map(repr, cards)),
        )


@pytest.mark.parametrize("seed", range(3))
def test_rows_taken_together_become_what_they_become_alone(migrated, tmp_path, monkeypatch, seed):
    """What a customer is would depend on which rows stood beside theirs."""
    rng, file = Random(seed), tmp_path / "file.csv"
    texts = [crowd(rng, 20), crowd(rng, 20)]
    became = []
    for size in (1, 20):
        monkeypatch.setattr(customer_rows, "SLICE", size)
        engine = open_engine(shutil.copy(migrated, tmp_path / f"{size}.sqlite"))
        for text in texts:
            file.write_text(text)
            became.append((import_customers(engine, file), people_of(engine)))
        engine.dispose()
    assert became[:2] == became[2:]
