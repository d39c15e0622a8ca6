"""Ours beside what users would pick instead, in one run: sales, documents, messages in a second.

Base: raw durable commits of one 1 KB row. Ours drains a backlog to HQ, verified hash by hash and
durable at both ends; PouchDB replicates to a PouchDB server as shipped (unsynced), JetStream syncs
every message before its ack. What is not on this machine is left out, by name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import drain, raw
from benchmarks.beside import jetstream, pouchdb
from benchmarks.beside.pouchdb import Missing
from benchmarks.table import Row

ROUNDS = 3
DOCUMENTS = 5_000
OTHERS: dict[str, tuple[Callable[[Path, int], float], float]] = {
    "PouchDB to its server, as shipped": (pouchdb.rate, 10),
    "NATS JetStream, sync_interval always, 256 in flight": (jetstream.rate, 8),
}
"""What → (how it is driven, how many times as fast ours should be)."""


def run() -> list[Row]:
    """Measure all of them in turns; medians over the rounds."""
    base: list[float] = []
    ours: list[float] = []
    others: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        base.append(_in_a_folder(_raw_rate))
        ours.append(drain.measured("")[1])
        for name, (rate, _) in OTHERS.items():
            _note(others, name, rate)
    rows = [Row("raw commit of one 1 KB row (base)", median(base), "commits/s")]
    rows.append(_row("drain of 10,000 sales to HQ on SQLite", ours, base))
    for name, rates in others.items():
        rows += [_row(name, rates, base), _against(name, ours, rates)]
    return rows


def _note(others: dict[str, list[float]], name: str, rate: Callable[[Path, int], float]) -> None:
    try:
        found = _in_a_folder(lambda folder: rate(folder, DOCUMENTS))
    except Missing as missing:
        print(f"left out: {name}: {missing} is missing", file=sys.stderr)
    else:
        others.setdefault(name, []).append(found)


def _row(name: str, rates: list[float], base: list[float]) -> Row:
    return Row(name, median(rates), "per s", median(rates) / median(base))


def _against(name: str, ours: list[float], rates: list[float]) -> Row:
    times, wanted = median(ours) / median(rates), OTHERS[name][1]
    return Row(
        f"  ours against that: {name}", times, "times", None, f">= {wanted}", times >= wanted
    )


def _raw_rate(folder: Path) -> float:
    conn = raw.opened(folder)
    rate = raw.rate(conn)
    conn.close()
    return rate


def _in_a_folder(measure: Callable[[Path], float]) -> float:
    with TemporaryDirectory(dir=drain.place(), prefix=".bench-") as folder:
        return measure(Path(folder).resolve())
