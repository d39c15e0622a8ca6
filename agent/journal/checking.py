"""The long checks of a journal file, beside whoever writes it: every hash, and SQLite's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

from agent.journal import chains, database, layout, texts
from agent.journal.chains import Head
from agent.journal.connection import Connection
from agent.journal.faults import JournalDamaged
from agent.journal.pacing import Pace, Paced, Stopped
from agent.journal.verify import JournalReport, verify

T = TypeVar("T")

SHOWN = 5
"""Of SQLite's findings; the first say where, the rest is more of the same."""
_INSTRUCTIONS = 20_000
"""Between two turns of an SQLite statement: a millisecond or so."""
_INTERRUPTED = 9
"""SQLITE_INTERRUPT (sqlite.org/rescode.html)."""


def check_chains(path: Path, pace: Pace) -> list[JournalReport]:
    """Check every link, body and number of every journal of a file, and all that follows from them.

    Raises:
        Stopped: it was told to end.
        JournalUnusable, JournalDamaged: the file cannot be read.
    """
    return _beside(path, pace, lambda conn: verify(Paced(conn, pace)))


def check_pages(path: Path, pace: Pace) -> None:
    """Have every page, every index, the schema and every text of a file checked.

    Raises:
        JournalDamaged: with what was found, SQLite's own findings for the pages.
        Stopped: it was told to end.
        JournalUnusable: the file cannot be read.
    """
    if found := _beside(path, pace, unsound):
        raise database.damaged(path, found)


def unsound(conn: Connection) -> str:
    """Say what of a file's pages, indexes, schema or texts is not sound; empty where all is."""
    if found := layout.difference(conn) or texts.unreadable(conn):
        return found
    rows = conn.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
    said = [str(row[0]) for row in rows]
    return "" if said == ["ok"] else f"SQLite's integrity_check says: {'; '.join(said)}"


def check_quickly(path: Path, pace: Pace) -> None:
    """Have SQLite check every page of a file, but not whether indexes fit their tables.

    Raises:
        JournalDamaged: with SQLite's own finding.
        Stopped, JournalUnusable: as `check_pages`.
    """
    pragma = "PRAGMA quick_check(1)"
    found = str(_beside(path, pace, lambda conn: conn.execute(pragma).fetchall())[0][0])
    if found != "ok":
        raise database.damaged(path, f"SQLite's quick_check says: {found}")


def heads_of(path: Path, pace: Pace) -> list[Head]:
    """Read where each journal of a file ends.

    Raises:
        Stopped, JournalUnusable: as `check_pages`.
    """
    return _beside(path, pace, chains.heads)


def require_intact(path: Path, reports: list[JournalReport]) -> None:
    """Turn what a check of the chains found into a fault.

    Raises:
        JournalDamaged: the first thing that does not hold.
    """
    for report in reports:
        if not report.ok:
            raise broken(path, report)


def broken(path: Path, report: JournalReport) -> JournalDamaged:
    """Say what does not hold, and what saves the rest: no start looks that far back by itself."""
    return JournalDamaged(
        f"{path} is damaged: {report.lane} journal of till {report.till}: {report.fault}",
        remedy=f"keep a copy of {path.parent} and check its disk (`smartctl -a`, `dmesg`); after "
        "closing time stop the agent, then: till-agent journal salvage. It keeps this file and "
        "goes on with all that can be read",
    )


def _beside(path: Path, pace: Pace, work: Callable[[Connection], T]) -> T:
    """Run a reading on one state of the file, on a connection of its own, at its pace."""
    try:
        with closing(database.open_reading(path)) as conn:
            conn.set_progress_handler(partial(Pace.interrupts, pace), _INSTRUCTIONS)
            conn.execute("BEGIN")
            return work(conn)
    except database.UNREADABLE as problem:
        if getattr(problem, "sqlite_errorcode", 0) == _INTERRUPTED:
            raise Stopped from problem
        raise database.unusable(problem, path) from problem
