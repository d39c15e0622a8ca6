"""A long import that was cut off goes on where it was, tells how far it is, and holds little."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc

import pytest
from sqlalchemy import event, select

from agent.core.faults import InputFault
from central.channels import customer_rows
from central.channels.import_runs import ImportUnderWay, Progress
from central.channels.imports import import_customers
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import reading
from central.ledger.import_tables import IMPORT_PROBLEMS, IMPORT_RUNS

SLICE = 20
HEAD = "source_id,name,email,phone\n"


class Killed(BaseException):
    """The program ends here."""


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(customer_rows, "SLICE", SLICE)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "customers.csv"


def row(n, name="Greta", phone=""):
    return f"c-{n},{name} {n},g{n}@example.org,{phone}\n"


def cut_off(engine, file, commits):
    """Import until so many transactions have begun, then end as a killed program does."""
    count = []

    def begun(_conn):
        count.append(1)
        if len(count) > commits:
            raise Killed

    event.listen(engine, "begin", begun)
    try:
        with pytest.raises(Killed):
            import_customers(engine, file)
    finally:
        event.remove(engine, "begin", begun)


def names(engine):
    with reading(engine) as conn:
        return sorted(conn.execute(select(PARTIES.c.source_id)).scalars())


@pytest.mark.both_databases
def test_an_import_goes_on_behind_what_is_in(ledger, file):
    """A million customers would begin anew each time somebody restarts a machine."""
    file.write_text(HEAD + "".join(row(n) for n in range(5 * SLICE)))
    cut_off(ledger, file, 3)
    seen = []
    report = import_customers(ledger, file, watch=seen.append)
    assert (2 * SLICE, 5 * SLICE) == (seen[0].rows, seen[-1].rows)
    assert (5 * SLICE, 5 * SLICE, 0) == (report.rows, report.added, report.unchanged)
    assert sorted(f"c-{n}" for n in range(5 * SLICE)) == names(ledger)
    again = import_customers(ledger, file)
    assert (5 * SLICE, 0, 5 * SLICE) == (again.rows, again.added, again.unchanged)


ODD = (
    "\ufeffsource_id,name,mail,phone\r\n" + row(0) + "\r\n",
    '\n\nc-x,"Two\nlines",,\n',
    ",No source id,,\nc-y,,,\n",
    "c-ü,Zoë Müller,,ask her\n",
)
BROKEN = 'c-q,"a quote left open\n'


@pytest.mark.parametrize("commits", range(2, 9))
def test_odd_lines_keep_their_numbers_wherever_it_was_cut(
    ledger, file, tmp_path, migrated, monkeypatch, commits
):
    """What is wrong with a row would be looked for in another line, or said twice, or never."""
    monkeypatch.setattr(customer_rows, "SLICE", 1)
    text = "".join(ODD) + "".join(row(n, phone="ask" if n % 2 else "") for n in range(1, 6))
    file.write_bytes((text + BROKEN).encode())
    whole = whole_report(file, tmp_path, migrated)
    cut_off(ledger, file, commits)
    assert whole == import_customers(ledger, file)


def whole_report(file, tmp_path, migrated):
    import shutil

    from central.ledger.engine import open_engine

    engine = open_engine(shutil.copy(migrated, tmp_path / "whole.sqlite"))
    report = import_customers(engine, file)
    engine.dispose()
    return report


def test_a_changed_file_is_another_file(ledger, file):
    """Rows put right above the cut would never be read."""
    file.write_text(HEAD + "".join(row(n) for n in range(3 * SLICE)))
    cut_off(ledger, file, 2)
    file.write_text(HEAD + "".join(row(n, "Hanna") for n in range(3 * SLICE)))
    report = import_customers(ledger, file)
    assert (3 * SLICE, 2 * SLICE, SLICE) == (report.rows, report.added, report.changed)


def test_two_imports_of_one_file_do_not_count_twice(ledger, file):
    """Two people who start the same import would both be told half of it."""
    file.write_text(HEAD + "".join(row(n) for n in range(3 * SLICE)))
    inner = []

    def watch(progress):
        if progress.rows == SLICE and not inner:
            inner.append(import_customers(ledger, file))

    with pytest.raises(ImportUnderWay):
        import_customers(ledger, file, watch=watch)
    assert [3 * SLICE] == [report.added for report in inner]
    assert 3 * SLICE == len(names(ledger))


def test_a_file_that_is_written_to_meanwhile_is_named(ledger, file):
    """Rows that an export adds while it is read would be missing, and nobody would know."""
    file.write_text(HEAD + "".join(row(n) for n in range(2 * SLICE)))

    def watch(progress):
        if progress.rows == SLICE:
            with file.open("a") as more:
                more.write(row(10_000))

    with pytest.raises(InputFault, match="was changed while it was read"):
        import_customers(ledger, file, watch=watch)
    assert 2 * SLICE + 1 == import_customers(ledger, file).rows


def test_progress_says_how_long_the_rest_takes():
    """Nobody could tell whether an import ends before the shop opens."""
    halfway = Progress(rows=500, offset=500, size=1000, rows_here=400, bytes_here=400, took_s=8)
    assert 10 == halfway.left_s
    assert Progress(0, 0, 1000, 0, 0, 3).left_s is None


def test_a_report_lists_some_problems_and_counts_all(ledger, file, monkeypatch):
    """A million bad phone numbers would fill the memory of HQ's machine."""
    monkeypatch.setattr("central.channels.import_runs.LISTED_MAX", 5)
    file.write_text(HEAD + "".join(row(n, phone="ask her") for n in range(12)) + ",Nobody,,\n")
    report = import_customers(ledger, file)
    assert (13, 12, 1, 5, 8) == (
        report.rows,
        report.added,
        report.skipped,
        len(report.problems),
        report.unlisted,
    )
    with reading(ledger) as conn:
        assert 13 == len(conn.execute(select(IMPORT_PROBLEMS)).all())
    file.write_text(HEAD + row(1))
    import_customers(ledger, file)
    with reading(ledger) as conn:
        assert [] == conn.execute(select(IMPORT_PROBLEMS)).all()


@pytest.mark.untraced
def test_memory_does_not_grow_with_the_file(ledger, file):
    """Five million customers would have to fit into the memory of one program."""
    peaks = []
    for count in (50, 500):
        file.write_text(HEAD + "".join(row(n, phone="x" * 20) for n in range(count)))
        tracemalloc.start()
        import_customers(ledger, file)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] + 1_000_000


KILLED = """
import os, signal, sys
from pathlib import Path
from central.channels import customer_rows
from central.channels.imports import import_customers
from central.ledger.engine import open_engine
customer_rows.SLICE = 20
def watch(progress):
    if progress.rows == 60:
        os.kill(os.getpid(), signal.SIGKILL)
import_customers(open_engine(sys.argv[1]), Path(sys.argv[2]), watch=watch)
"""


@pytest.mark.both_databases
def test_a_killed_program_has_lost_nothing_that_it_said_was_in(ledger, database_url, file):
    """`kill -9` would leave rows in that the next import counts again, or skips."""
    file.write_text(HEAD + "".join(row(n) for n in range(5 * SLICE)))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, str(file)], check=False, env=os.environ
    )
    assert -signal.SIGKILL == killed.returncode
    with reading(ledger) as conn:
        [run] = conn.execute(select(IMPORT_RUNS)).all()
    assert (60, None) == (run.rows, run.ended_at)
    seen = []
    report = import_customers(ledger, file, watch=seen.append)
    assert (60, 5 * SLICE) == (seen[0].rows, report.added)
    assert sorted(f"c-{n}" for n in range(5 * SLICE)) == names(ledger)
