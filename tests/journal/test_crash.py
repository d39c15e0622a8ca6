"""What an answered sale is worth: killed programs, counted fsyncs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.journal import baskets, chains, events, prints, sales
from agent.journal.verify import verify

ROOT = Path(__file__).parents[2]
TILLS = 3
KILLED_AFTER = (1, 31, 7, 16)


def started(path, *numbers, under=()):
    """Start a shop in a process of its own."""
    arguments = [str(path), *(str(number) for number in numbers)]
    return subprocess.Popen(
        [*under, sys.executable, "-m", "tests.journal.selling", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def answered(shop, lines):
    """Read some answers, kill the shop, and give every answer it gave."""
    assert shop.stdout.readline() == "open\n"
    heard = [shop.stdout.readline() for _ in range(lines)]
    shop.send_signal(signal.SIGKILL)
    heard += shop.stdout.readlines()
    shop.wait()
    shop.stdout.close()
    return dict(line.split() for line in heard if line.endswith("\n"))


def test_killed_in_the_middle_of_selling(path, open_journal):
    """A sale that was answered would be gone, or one that was not would be half there (P2)."""
    sold = {}
    for run, answers in enumerate(KILLED_AFTER):
        sold |= answered(started(path, run, TILLS, 100_000), answers)
    read = open_journal(tills=[f"till-{number}" for number in range(1, TILLS + 1)]).read_blocking
    assert [report.fault for report in read(verify)] == [None] * 2 * TILLS
    for sale_id, sale_hash in sold.items():
        sale = read(lambda conn, one=sale_id: sales.completed(conn, one))
        n = int(sale.receipt_no.rpartition("-")[2])
        found = read(lambda conn, sale=sale, n=n: chains.hash_at(conn, _journal(conn, sale), n))
        assert found.hex() == sale_hash
    recorded = sum(head.tail_seq for head in read(chains.heads))
    assert len(sold) <= recorded <= len(sold) + len(KILLED_AFTER) * TILLS
    # Sale, print job, event and vanished basket came together or not at all.
    assert len(read(lambda conn: prints.unfinished(conn, "receipt"))) == recorded
    told = [
        event
        for number in range(1, TILLS + 1)
        for event in read(lambda conn, n=number: events.after(conn, f"till-{n}", 0, 100_000))
    ]
    assert len(told) == recorded
    for event in told:
        assert read(lambda conn, event=event: baskets.get(conn, event.data["sale_id"])) is None


def _journal(conn, sale):
    heads = chains.heads(conn)
    return next(head.journal_id for head in heads if (head.till, head.lane) == (sale.till, "sales"))


def _can_trace():
    strace = shutil.which("strace")
    if strace is None:
        return False
    probe = [strace, "-o", os.devnull, "-e", "trace=none", sys.executable, "-c", ""]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


traced = pytest.mark.skipif(not _can_trace(), reason="strace is not installed or not allowed")


@traced
def test_no_answer_without_an_fsync(path, tmp_path):
    """Without a flush before each answer a power cut takes back what the customer was told."""
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write"
    shop = started(
        path, 0, 1, 30, under=("strace", "-f", "-s", "16", "-o", str(trace), "-e", calls)
    )
    assert len(shop.stdout.readlines()) == 31
    shop.stdout.close()
    assert shop.wait() == 0
    text = trace.read_text()
    since_open = text[text.index('"open') :]
    flushed = answers = 0
    for line in since_open.splitlines():
        if re.search(r"f(data)?sync\(.*\) += 0|f(data)?sync resumed", line):
            flushed += 1
        elif '"0-till-1-' in line:
            answers += 1
            assert flushed >= 2 * answers, "answered before basket and sale were flushed"
    assert answers == 30


@traced
def test_waiting_tills_share_flushes(path, tmp_path):
    """Sixteen tills at once must not cost sixteen flushes a sale."""
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync"
    shop = started(path, 0, 16, 10, under=("strace", "-f", "-o", str(trace), "-e", calls))
    assert len(shop.stdout.readlines()) == 161
    shop.stdout.close()
    assert shop.wait() == 0
    flushes = len(re.findall(r"f(?:data)?sync\(", trace.read_text()))
    assert flushes < 320 / 2
