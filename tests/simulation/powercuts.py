"""`python -m tests.simulation.powercuts --cuts 100000`: nothing but power cuts, one by one.

One till sells into its journal until the power goes, at an operation of its disk drawn from the
seed; what was not synced survives in part. It starts again on what is left, by the product's own
start-up checks, and every receipt that was released must be there (I2), the chain whole (I3).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time

from agent.journal import baskets, chains, events, prints, verify
from agent.journal.jobs import Job
from agent.journal.memory import Writing
from agent.journal.preparation import Owner, prepare
from agent.journal.writer import commit
from tests.journal.shop import KEY, STORE, CountingClock, basket, sell
from tests.simulation import driver
from tests.simulation.disk import Disk, forget
from tests.simulation.environment import simulated
from tests.simulation.journal import open_connection
from tests.simulation.paths import DiskPath

LIFE = 40
"""Cuts after which a disk is given up for a fresh one: a start must not get slower and slower."""
WITHIN = 60
CHECKED = 20
SLICE = 1000
OWNER = Owner(store=STORE, tills=("till-1",), device_key=KEY)


class Lost(AssertionError):
    """A released receipt is gone, or the till does not start."""


class Answer:
    """What a caller hears: only what was delivered counts."""

    def __init__(self):
        self.result = None

    def done(self):
        return False

    def set_result(self, result):
        self.result = result

    def set_exception(self, problem):
        """Nothing was released."""


def lives(seed, cuts):
    """Play cuts of one seed; gives how many there were, and how many receipts were released."""
    rng, released_in_all = random.Random(f"powercuts {seed}"), 0
    with simulated(seed):
        for life in range(0, cuts, LIFE):
            disk = Disk(f"cut-{seed}-{life}", rng)
            released_in_all += _life(disk, rng, min(LIFE, cuts - life), seed)
            forget([disk.name])
    return cuts, released_in_all


def _life(disk, rng, cuts, seed):
    path, clock, released = DiskPath(disk.path("journal.db")), CountingClock(seed), {}
    numbers = iter(range(1 << 60))
    for _ in range(cuts):
        disk.cut_at = disk.ops + rng.randint(1, WITHIN)
        _start_and_sell(disk, path, clock, released, numbers)
        driver.drop(disk.path("").rstrip("/"))
        disk.power_on(lost=True)
    _require(_started(disk, path, clock), released)
    driver.drop(disk.path("").rstrip("/"))
    return len(released)


def _start_and_sell(disk, path, clock, released, numbers):
    """Begin on what the last cut has left, find everything, and sell until the next."""
    conn = _started(disk, path, clock)
    if conn is None:
        return
    _require(conn, released)
    writing = Writing(conn)
    while not disk.dead:
        sale_id = f"sale-{next(numbers)}"
        told = _sell(writing, path, sale_id)
        if told is not None and not disk.dead:
            released[sale_id] = told.hash


def _started(disk, path, clock):
    """Start as the agent does; None where the power went meanwhile."""
    try:
        prepare(path, OWNER, clock)
        return open_connection(path)
    except Exception as problem:
        if disk.dead:
            return None
        raise Lost(f"the till does not start: {problem}") from problem


def _require(conn, released):
    """See that what was released is there, and the chain whole."""
    rows = conn.execute(
        "SELECT s.sale_id, c.hash FROM sale_index s JOIN chain c USING (journal, seq)"
    ).fetchall()
    held = dict(rows)
    gone = [sale_id for sale_id, hash_ in released.items() if held.get(sale_id) != hash_]
    if gone:
        raise Lost(f"{len(gone)} released receipts are gone: {gone[:3]}")
    broken = [report for report in verify.verify_recent(conn, CHECKED) if not report.ok]
    if broken or chains.heads(conn)[0].tail_seq < len(released):
        raise Lost(f"the chain does not hold: {broken}")


def _sell(writing, path, sale_id):
    def complete(cursor):
        baskets.save(cursor, basket(sale_id))
        prints.enqueue(
            cursor,
            print_id=sale_id,
            till="till-1",
            at="now",
            sale_id=sale_id,
            device="receipt",
            kind=prints.RECEIPT,
            payload=None,
        )
        events.add(cursor, "till-1", "sale", "now", {"sale_id": sale_id})
        return sell(cursor, sale_id)

    answer = Answer()
    job = Job(complete, answer)
    commit(writing, [job], path)
    job.deliver()
    return answer.result


def _slice(task):
    return lives(*task)


def main():
    """Cut the power so many times on all processors; 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="powercuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    began, cuts, released = time.monotonic(), 0, 0
    tasks = [
        (asked.first + n, min(1000, asked.cuts - n * 1000)) for n in range(-(-asked.cuts // 1000))
    ]
    with multiprocessing.Pool(asked.processes) as pool:
        for done, told in pool.imap_unordered(_slice, tasks):
            cuts, released = cuts + done, released + told
            seconds = time.monotonic() - began
            sys.stdout.write(
                f"{cuts} power cuts, {released} receipts released, none lost, {seconds:.0f} s\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
