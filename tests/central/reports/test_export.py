"""The export: every cent of every journal, once, in an order that never changes."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from collections import Counter

import pytest
from sqlalchemy import delete, insert, text
from typer.testing import CliRunner

from agent.core.entries import commitment, encode
from agent.core.entries.bodies import JournalBegun
from agent.core.entries.carried import carry
from agent.core.quantities import decimal_text
from agent.core.sale.model import Tender
from central.daemon.cli import app
from central.histories import Applier
from central.histories.booking import following
from central.ledger.engine import reading, writing
from central.ledger.epoch import bump_epoch
from central.ledger.report_tables import BOOK_HEADS, BOOKED
from central.ledger.tables import BODIES, CHAIN, ERASE_ORDERS
from central.reports.export.cursor import ExportGone, read_cursor
from central.reports.export.dictionary import dictionary, markdown
from central.reports.export.formats import CsvWriter, JsonWriter, write_rows
from central.reports.export.reading import every_fact, span
from central.reports.export.tables import EXPORTED
from tests.central.guards import unguarded
from tests.central.reports.shop import REDUCED, STANDARD, Journal

NOW = "2026-11-02T12:00:00.000Z"
A, B, C = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def hq(ledger, receive):
    def take(*journals):
        for journal in journals:
            receive(journal.id, *journal.new())
        Applier(ledger, lambda: NOW).apply_pending()

    return take


@pytest.fixture
def table(ledger):
    """Read a table of the export as dictionaries."""

    def _read(name, after="", limit=None):
        with reading(ledger) as conn:
            of = span(conn, after, limit)
        exported = EXPORTED[name]
        names = [column.name for column in exported.columns]
        rows = [
            dict(zip(names, exported.values(row), strict=True))
            for fact in every_fact(ledger, of)
            for row in exported.rows(fact)
        ]
        return rows, of.cursor

    return _read


def busy(journal):
    """A day with everything that makes sums go wrong."""
    journal.open()
    first = journal.sell(
        journal.line(999, discount=50, reason="scratch"),
        journal.line(455, 2345, taxes=REDUCED, n=2),
        journal.line(1, taxes=(), n=3),
        journal.line(333, n=4, taxes=(*STANDARD, *REDUCED)),
        journal.line(100, n=5, voided=True, reason="wrong one"),
        discount=77,
        discount_reason="regular",
        tenders=(Tender(1, "card", 1000), Tender(2, "cash", 50_000)),
    )
    journal.sell(journal.returned(first.sale_id, 999), journal.line(200, n=2))
    journal.sell(journal.returned(first.sale_id, 333))
    for price in (1, 3, 7, 99, 101):
        journal.sell(journal.line(price, 1333), journal.line(price, 500, taxes=REDUCED, n=2))
        journal.sell(journal.line(price), included=False)
    journal.cash(-300)
    journal.close()
    return journal


@pytest.mark.both_databases
def test_exported_money_is_the_money_of_the_journals(hq, table):
    """The accountant's sums would not be those of the tills (I14)."""
    journals = [busy(Journal(A)), busy(Journal(B, "till-2", currency="JPY"))]
    journals.append(busy(Journal(C, "till-3", currency="KWD")))
    hq(*journals)
    sealed = [body for journal in journals for body in journal.bodies]
    sales = [body for body in sealed if hasattr(body, "receipt_no")]
    said, sums = Counter(), {name: Counter() for name in EXPORTED}
    for sale in sales:
        said[sale.currency] += sale.total
    exported = {name: table(name)[0] for name in EXPORTED}
    for row in exported["transactions"]:
        sums["transactions"][row["currency"]] += row["total_minor"]
        if row["type"] == "sale":
            assert row["total_minor"] == row["net_minor"] + row["tax_minor"]
            assert row["total"] == decimal_text(row["total_minor"], row["exponent"])
    for row in exported["lines"]:
        sums["lines"][row["currency"]] += row["gross_minor"]
        assert row["gross_minor"] == row["net_minor"] + row["tax_minor"]
    for row in exported["tenders"]:
        sums["tenders"][row["currency"]] += row["amount_minor"]
    assert said == sums["transactions"] == sums["lines"] == sums["tenders"]
    assert {"EUR": 2, "JPY": 0, "KWD": 3} == {
        row["currency"]: row["exponent"] for row in exported["lines"]
    }
    by_sale = Counter()
    for row in exported["lines"]:
        by_sale[row["sale_id"]] += row["tax_minor"]
    for row in exported["taxes"]:
        by_sale[row["sale_id"]] -= row["tax_minor"]
    assert {0} == set(by_sale.values())
    discounts = Counter()
    for row in exported["lines"]:
        discounts[row["sale_id"]] += row["discount_minor"] + row["receipt_discount_minor"]
    told = {row["sale_id"]: row["discount_minor"] for row in exported["transactions"]}
    assert all(told[sale_id] == amount for sale_id, amount in discounts.items())
    assert len(sales) == sum(row["type"] == "sale" for row in exported["transactions"])


def test_lines_say_who_why_and_what_came_back(hq, table):
    """An auditor could not follow a return or a void."""
    hq(busy(Journal(A)))
    lines, _ = table("lines")
    voided = [row for row in lines if row["voided"]]
    assert [("wrong one", 0, "1.00")] == [
        (row["reason"], row["gross_minor"], row["extension"]) for row in voided
    ]
    returned = [row for row in lines if row["returns_sale"]]
    assert {"-1.000"} == {row["quantity"] for row in returned}
    assert {"eva"} == {row["cashier"] for row in lines}
    assert "standard:1900 reduced:700" in {row["rates"] for row in lines}


@pytest.mark.both_databases
def test_next_export_goes_on_where_the_last_ended(hq, table):
    """Rows would be exported twice, or those that came late never."""
    one, two = Journal(A), Journal(B, "till-2")
    one.sell()
    two.sell()
    hq(two)
    first, cursor = table("transactions")
    hq(one)
    second, again = table("transactions", cursor)
    everything, _ = table("transactions")
    assert everything == first + second
    assert [1, 2] == [row["place"] for row in everything]
    assert ([], again) == table("transactions", again)
    pieces, after = [], ""
    for _ in range(2):
        piece, after = table("transactions", after, 1)
        pieces += piece
    assert everything == pieces


def test_late_and_replayed_rows_come_behind_the_cursor_and_say_so(hq, table, ledger):
    """A correction would change what was already handed in."""
    from central.reports.completeness import reckon_all

    till = Journal(A)
    till.sell()
    till.close()
    hq(till)
    before, cursor = table("transactions")
    reckon_all(ledger, NOW)
    till.sell()
    hq(till)
    after, _ = table("transactions", cursor)
    assert [("sale", "offline")] == [(row["type"], row["late"]) for row in after]
    assert before == table("transactions")[0][: len(before)]


def test_cancelled_baskets_cash_and_closings_are_rows_without_sales(hq, table, told, receive):
    """What left the drawer would be missing from the export."""
    till = Journal(A, currency="JPY")
    till.open(amount=500)
    till.cash(200)
    till.cash(-100)
    till.close()
    hq(till)
    receive(A, told.cancelled(1))
    hq()
    rows, _ = table("transactions")
    assert [
        ("float", 500, None),
        ("paid-in", 200, None),
        ("paid-out", -100, None),
        ("closing", 0, None),
        ("cancelled", 0, "250"),
    ] == [(row["type"], row["cash_minor"], row["given_up"]) for row in rows]
    assert {0} == {row["total_minor"] for row in rows}
    assert {"JPY"} == {row["currency"] for row in rows}


def test_erased_body_keeps_its_row(hq, table, ledger):
    """An erasure would change sums that were handed in long ago."""
    hq(busy(Journal(A)))
    before = {name: table(name) for name in EXPORTED}
    with writing(ledger) as conn:
        for row in conn.execute(CHAIN.select()).all():
            order = {"journal_id": A, "seq": row.seq, "commitment": row.commitment}
            conn.execute(insert(ERASE_ORDERS).values(**order, erased_by="o", recorded_at=NOW))
        conn.execute(delete(BODIES))
    for name, (rows, cursor) in before.items():
        after, again = table(name)
        assert cursor == again
        for key in ("total_minor", "tax_minor", "amount_minor", "cash_minor", "place"):
            assert [row.get(key) for row in rows if "line" not in row] == [
                row.get(key) for row in after if "line" not in row
            ]
    lines, _ = table("lines")
    assert sum(row["tax_minor"] for row in before["lines"][0]) == sum(
        row["tax_minor"] for row in lines
    )


def test_erased_body_of_a_copied_till_keeps_its_own_row(hq, table, ledger, receive):
    """Of two copies of one till the export would show the other one's cash, or nothing more."""
    copy, original = Journal(A), Journal(A)
    copy.open(amount=100)
    original.open(amount=200)
    body = encode(copy.bodies[0])
    lost = carry(
        A, 1, kind=10, version=1, salt=b"s" * 16, body=body, committed=commitment(b"s" * 16, body)
    )
    receive(B, JournalBegun(A, 0, "0" * 64, "fork", 1, original.stamp()), lost)
    hq()
    hq(original)
    with writing(ledger) as conn:
        unguarded(conn, "body_no_delete")
        conn.execute(delete(BODIES))
    assert [100, 200] == [row["cash_minor"] for row in table("transactions")[0]]


class TestRewind:
    """HQ was put back to a backup, and the consumer is ahead of it."""

    @pytest.fixture
    def rewound(self, hq, table, ledger):
        """Export 250 entries, put the order back to 120, book others."""
        one, two = Journal(A), Journal(B, "till-2")
        for _ in range(120):
            one.sell()
        hq(one)
        for _ in range(130):
            two.sell()
        hq(two)
        _, cursor = table("transactions")
        with writing(ledger) as conn:
            unguarded(conn, "booked_entry_no_delete")
            conn.execute(delete(BOOKED).where(BOOKED.c.place > 120))
            hash_ = conn.execute(
                text("SELECT running_hash FROM booked_entry WHERE place = 120")
            ).scalar_one()
            conn.execute(BOOK_HEADS.update().values(place=120, running_hash=hash_))
            bump_epoch(conn, "1-00")
        three = Journal(C, "till-3")
        for _ in range(200):
            three.sell()
        hq(three)
        return cursor

    def test_consumer_is_told_up_to_where_both_agree(self, rewound, table, client):
        """Two histories would be mixed in the consumer's books."""
        with pytest.raises(ExportGone) as caught:
            table("transactions", rewound)
        assert "epoch 1-" in caught.value.detail
        assert "beginning" in caught.value.remedy or "--after" in caught.value.remedy
        answer = client.get("/v1/export/lines", params={"after": rewound})
        assert (409, "export-cursor-gone") == (
            answer.status_code,
            answer.json()["type"].rpartition(":")[2],
        ) or answer.status_code == 409

    def test_consumer_waits_for_what_is_still_on_its_way_back(self, hq, table, ledger):
        """It would begin anew although the tills bring back what it has."""
        one = Journal(A)
        for _ in range(3):
            one.sell()
        hq(one)
        _, ahead = table("transactions")
        with writing(ledger) as conn:
            unguarded(conn, "booked_entry_no_delete")
            conn.execute(delete(BOOKED).where(BOOKED.c.place > 2))
            conn.execute(BOOK_HEADS.update().values(place=2))
        with pytest.raises(ExportGone, match="up to place 2 so far") as caught:
            table("transactions", ahead)
        assert caught.value.remedy.startswith("wait until")

    def test_consumer_goes_on_from_the_last_common_place(self, hq, table, ledger, rewound):
        """The consumer would have to begin anew with years of sales."""
        del rewound
        _, ahead = table("transactions")
        with writing(ledger) as conn:
            conn.execute(delete(BOOKED).where(BOOKED.c.place > 230))
            hash_ = conn.execute(
                text("SELECT running_hash FROM booked_entry WHERE place = 230")
            ).scalar_one()
            conn.execute(BOOK_HEADS.update().values(place=230, running_hash=hash_))
        four = Journal("d" * 32, "till-4")
        for _ in range(200):
            four.sell()
        hq(four)
        with pytest.raises(ExportGone) as caught:
            table("transactions", ahead)
        assert "agree up to place 220" in caught.value.detail
        cursor = caught.value.remedy.rpartition(" ")[2]
        rows, _ = table("transactions", cursor)
        assert [221, 430] == [rows[0]["place"], rows[-1]["place"]]


def test_hash_of_the_order_is_one_chain(hq, rows):
    """Two different orders could pass for one."""
    hq(busy(Journal(A)))
    running = ""
    for row in rows(BOOKED, BOOKED.c.place):
        running = following(running, row["place"], row["journal_id"], row["seq"])
        assert running == row["running_hash"]


@pytest.mark.parametrize("wrong", ["x", "1-ab.7", "1-ab.x.y", "1-ab.7.ab.8", "." * 600])
def test_wrong_cursor_is_refused_with_what_to_do(client, wrong):
    """Anything typed would begin the export anew, and double it."""
    assert 400 == client.get("/v1/export/lines", params={"after": wrong}).status_code
    assert read_cursor(" ") is None


def test_pages_over_http_join_to_the_whole(hq, client):
    """A program that reads page by page would miss rows."""
    hq(busy(Journal(A)))
    rows, after, more = [], "", True
    while more:
        page = client.get("/v1/export/tenders", params={"after": after, "limit": 3}).json()
        rows, after, more = rows + page["rows"], page["cursor"], page["more"]
    whole = client.get("/v1/export/tenders").json()
    assert (whole["rows"], whole["cursor"]) == (rows, after)
    assert 404 == client.get("/v1/export/nothing").status_code


def test_dictionary_has_every_column_and_nothing_else(client):
    """A column would be exported that nobody explains, or explained and not there."""
    told = client.get("/v1/export").json()
    for described in told["tables"]:
        columns = EXPORTED[described["name"]].columns
        assert [each["name"] for each in described["columns"]] == [each.name for each in columns]
        assert all(each["meaning"] and each["type"] for each in described["columns"])
        assert set(described["key"]) <= {each.name for each in columns}
    assert list(EXPORTED) == [each["name"] for each in told["tables"]]
    text_ = markdown(dictionary())
    assert all(
        f"| `{column.name}` | {column.type} |" in text_ for column in EXPORTED["lines"].columns
    )


def test_csv_is_rfc_4180_and_runs_no_formula(hq, ledger):
    """A product name could run a program in the accountant's spreadsheet."""
    till = Journal(A)
    till.sell(
        till.line(name='=HYPERLINK("http://x")'),
        till.line(n=2, name='Tea "Fine", 1 l\nnew'),
        till.line(n=3, name="@x", quantity=-1000, reason="-1+1"),
        till.line(n=4, name="Grün ≥ 1"),
    )
    hq(till)
    exported = EXPORTED["lines"]
    with reading(ledger) as conn:
        of = span(conn, "")
    values = [
        exported.values(row) for fact in every_fact(ledger, of) for row in exported.rows(fact)
    ]
    out = io.StringIO(newline="")
    assert 4 == write_rows(CsvWriter(exported, out), values, of.cursor)
    assert out.getvalue().count("\r\n") == 5
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert [
        '\'=HYPERLINK("http://x")',
        'Tea "Fine", 1 l\nnew',
        "'@x",
        "Grün ≥ 1",
    ] == [row["name"] for row in rows]
    assert ("-1.000", "-2.50", "'-1+1") == tuple(
        rows[2][name] for name in ("quantity", "gross", "reason")
    )
    out = io.StringIO()
    write_rows(JsonWriter(exported, out), values, of.cursor)
    document = json.loads(out.getvalue())
    assert ("lines", of.cursor) == (document["table"], document["cursor"])
    assert '=HYPERLINK("http://x")' == document["rows"][0]["name"]


class TestFiles:
    """The command, as IT runs it every night."""

    @pytest.fixture
    def call(self, tmp_path):
        config = tmp_path / "central.toml"
        config.write_text(f'[central]\nstate_dir = "{tmp_path}"\n')

        def _call(*arguments):
            result = CliRunner().invoke(app, ["export", *arguments, "--config", str(config)])
            return result.exit_code, result.stdout, result.stderr

        return _call

    def test_one_table_to_a_file_or_to_a_pipe(self, call, hq, tmp_path):
        """A pipe would get more than the rows, or a broken run leave half a file."""
        till = busy(Journal(A))
        hq(till)
        out = tmp_path / "t.csv"
        code, told, _ = call("transactions", "--out", str(out), "--json")
        done = json.loads(told)
        assert (0, len(till.bodies)) == (code, done["rows"]["transactions"])
        assert len(till.bodies) + 1 == len(out.read_bytes().split(b"\r\n")) - 1
        code, piped, aside = call("lines", "--format", "json")
        assert json.loads(piped)["cursor"] == done["cursor"]
        assert f"next: --after {done['cursor']}" in aside
        assert (
            0
            == json.loads(call("taxes", "--after", done["cursor"], "--out", str(out), "--json")[1])[
                "entries"
            ]
        )
        assert 1 == call("taxes", "--after", "nonsense")[0]
        assert 1 == call("taxes", "--out", str(tmp_path / "no/such/file"))[0]
        assert 2 == call()[0]
        assert 2 == call("all")[0]

    @pytest.mark.parametrize("as_", ["csv", "json"])
    def test_directory_grows_by_what_is_new(self, call, hq, tmp_path, as_):
        """A nightly export would write everything again, or lose a night that was broken off."""
        one, two = Journal(A), Journal(B, "till-2")
        directory = tmp_path / "export"
        one.sell()
        hq(one)
        arguments = ("all", "--out", str(directory), "--format", as_)
        assert 0 == call(*arguments)[0]
        first = {path.name: path.read_bytes() for path in directory.glob("[tl]*")}
        assert 4 == len(first)
        two.sell()
        hq(two)
        for path in directory.glob("[tl]*"):
            path.write_bytes(path.read_bytes() + b"half a row of a run that was killed")
        assert 0 == call(*arguments)[0]
        for name, before in first.items():
            grown = (directory / name).read_bytes()
            assert grown.startswith(before)
            assert len(grown) > len(before)
            assert b"half" not in grown
        assert "0 entries" in call(*arguments)[1]
        other = "json" if as_ == "csv" else "csv"
        assert 1 == call("all", "--out", str(directory), "--format", other)[0]
        assert 1 == call(*arguments, "--after", "1-ab.1.cd")[0]

    def test_directory_that_lost_rows_is_not_filled_up(self, call, hq, tmp_path):
        """Who took a file away would find zeros where its rows were, and no word about it."""
        one = Journal(A)
        one.sell()
        hq(one)
        directory = tmp_path / "export"
        arguments = ("all", "--out", str(directory))
        assert 0 == call(*arguments)[0]
        cursor = json.loads((directory / "cursor.json").read_bytes())["cursor"]
        (directory / "lines.csv").unlink()
        code, _, said = call(*arguments)
        assert (1, True) == (code, f"--after {cursor}" in said)
        assert not (directory / "lines.csv").exists()
        assert 0 == call("all", "--out", str(tmp_path / "next"), "--after", cursor)[0]

    @pytest.mark.parametrize("left", ['{"cursor":"1-a', '{"cursor":"","format":"csv","sizes":{}}'])
    def test_damaged_mark_of_a_directory_is_said(self, call, ledger, tmp_path, left):
        """A power cut in the directory would end every later export in a traceback."""
        assert ledger
        (tmp_path / "export").mkdir()
        (tmp_path / "export" / "cursor.json").write_text(left)
        code, _, said = call("all", "--out", str(tmp_path / "export"))
        assert (1, True) == (code, "export-directory" in said)

    def test_second_export_into_a_directory_waits_its_turn(self, call, ledger, tmp_path):
        """Two that go on from one cursor would write each row twice."""
        assert ledger
        held = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        code, _, said = call("all", "--out", str(tmp_path))
        os.close(held)
        assert (1, True) == (code, "export-busy" in said)

    def test_what_is_no_file_is_written_to_and_stays(self, call, hq, tmp_path):
        """An export to a FIFO or /dev/stdout would put a file in its place."""
        hq(busy(Journal(A)))
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        assert 0 == call("taxes", "--out", str(fifo))[0]
        assert os.read(reader, 5) == b"place"
        os.close(reader)
        assert fifo.is_fifo()
        assert 1 == call("taxes", "--out", str(tmp_path))[0]
        assert "export-out" in call("taxes", "--out", "/dev/full")[2]

    def test_pipe_gets_utf_8_whatever_the_terminal_speaks(self, hq, tmp_path):
        """A name beyond the terminal's letters would end an export in a traceback."""
        till = Journal(A)
        till.sell(till.line(name="日本"))
        hq(till)
        config = tmp_path / "central.toml"
        config.write_text(f'[central]\nstate_dir = "{tmp_path}"\n')
        arguments = ["export", "lines", "--config", str(config)]
        done = CliRunner(charset="latin-1").invoke(app, arguments)
        assert (0, True) == (done.exit_code, "日本".encode() in done.stdout_bytes)

    def test_dictionary_needs_no_database(self, call):
        """Who plans an import would have to set up an HQ first."""
        assert "# Data dictionary" in call("--dictionary")[1]
        assert 4 == len(json.loads(call("--dictionary", "--json")[1])["tables"])
