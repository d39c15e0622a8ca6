"""How far the import of a file has come: kept with the rows, so that it may end anywhere.

A file is known by its content. Imported again after it was cut off, by a signal or with the
machine, it goes on behind the last row that is in; imported again after it came to its end, it is
compared with what is held from its first row on.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, Engine, Integer, delete, func, insert, select, update

from agent.core.faults import StateFault
from agent.core.rows import Problem
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED, ImportReport
from central.channels.csv_source import CsvSource, Place
from central.ledger.engine import reading, transact
from central.ledger.import_tables import IMPORT_PROBLEMS, IMPORT_RUNS
from central.ledger.upserts import upsert

ROWS = "rows"
LISTED_MAX = 1000
"""So many problems are in a report; all of them are in the ledger."""
_COUNTS = (ROWS, ADDED, CHANGED, UNCHANGED)
_ID_CHARACTERS = 32
_NEW = upsert(IMPORT_RUNS)
_BEGIN = _NEW.on_conflict_do_update(
    index_elements=["run_id"],
    set_={column.name: _NEW.excluded[column.name] for column in IMPORT_RUNS.c},
)


class ImportUnderWay(StateFault):
    """Another import of the same file moves it on."""

    name = "import-under-way"
    title = "This file is being imported already"


class Progress(msgspec.Struct, frozen=True):
    """How far an import has come."""

    rows: int
    """Accepted so far, by earlier attempts too."""
    offset: int
    """Bytes of the file that are in."""
    size: int
    """Bytes of the file."""
    rows_here: int
    """Accepted by this attempt."""
    bytes_here: int
    """Of the file, by this attempt."""
    took_s: int
    """Whole seconds of this attempt."""

    @property
    def left_s(self) -> int | None:
        """Give how many seconds the rest takes at this pace; None while nobody can tell."""
        if not self.bytes_here or not self.took_s:
            return None
        return (self.size - self.offset) * self.took_s // self.bytes_here


Watch = Callable[[Progress], None]
"""Is told how far an import has come: before its first row, then after each commit."""


class Run:
    """One attempt to take in one file.

    Attributes:
        place: where it goes on: the end of the last row that is in.
    """

    def __init__(self, engine: Engine, kind: str, source: CsvSource, watch: Watch) -> None:
        """Look how far the file has come, and begin anew where it came to its end before.

        Args:
            engine: the ledger.
            kind: of file; one content may be imported as more than one.
            source: the file.
            watch: is told how it goes.
        """
        self._engine, self._kind, self._source, self._watch = engine, kind, source, watch
        told = f"{kind}\0{source.digest}".encode()
        self._id = hashlib.sha256(told).hexdigest()[:_ID_CHARACTERS]
        self._began_s = time.monotonic()
        self.place, self._counts = transact(engine, self._begin)
        self._offset_before, self._rows_before = self.place.offset, self._counts[ROWS]
        watch(self._progress())

    def keep(
        self, conn: Connection, end: Place, counts: Counter[str], problems: Sequence[Problem]
    ) -> None:
        """Note, in the transaction that keeps some rows, that everything up to their end is in.

        Args:
            conn: of `writing`.
            end: of the last of them.
            counts: how many rows, and what became of people.
            problems: what could not be used of them, beside what could not be read.

        Raises:
            ImportUnderWay: somebody else has moved it on meanwhile.
        """
        self._move(conn, end, self._counts + counts)
        self._list(conn, [*self._source.problems, *problems])

    def kept(self, end: Place, counts: Counter[str]) -> None:
        """Go on from there, now that the transaction is durable."""
        self.place = end
        self._counts.update(counts)
        self._source.problems.clear()
        self._watch(self._progress())

    def end(self) -> ImportReport:
        """Note that the file is in whole, and give what became of it."""
        counts = transact(self._engine, self._end)
        with reading(self._engine) as conn:
            return self._report(conn, counts)

    def problems(self, conn: Connection, most: int | None = None) -> Iterator[Problem]:
        """Give what could not be used, by line; of more than `most`, the first."""
        table = IMPORT_PROBLEMS
        query = select(table).where(table.c.run_id == self._id).limit(most)
        for row in conn.execute(query.order_by(table.c.line, table.c.ordinal)):
            yield Problem(row.line, row.reason, row.remedy, skipped=row.skipped)

    def _begin(self, conn: Connection) -> tuple[Place, Counter[str]]:
        known = select(IMPORT_RUNS).where(
            IMPORT_RUNS.c.run_id == self._id, IMPORT_RUNS.c.ended_at.is_(None)
        )
        row = conn.execute(known).one_or_none()
        if row is not None:
            counted = {name: getattr(row, name) for name in _COUNTS}
            return Place(row.offset, row.line), Counter(counted)
        # What nobody asks for any more goes: only the last import of a kind has its problems.
        of_kind = select(IMPORT_RUNS.c.run_id).where(
            IMPORT_RUNS.c.kind == self._kind, IMPORT_RUNS.c.ended_at.is_not(None)
        )
        conn.execute(delete(IMPORT_PROBLEMS).where(IMPORT_PROBLEMS.c.run_id.in_(of_kind)))
        conn.execute(_BEGIN, self._first_row())
        return Place(0, 0), Counter()

    def _first_row(self) -> dict[str, str | int | None]:
        now = utc_now()
        named = {"run_id": self._id, "kind": self._kind, "file": self._source.name}
        counted = dict.fromkeys(("offset", "line", *_COUNTS), 0)
        times = {"started_at": now, "moved_at": now, "ended_at": None}
        return named | counted | times | {"size": self._source.size}

    def _move(
        self, conn: Connection, end: Place, counts: Counter[str], ended_at: str | None = None
    ) -> None:
        table = IMPORT_RUNS
        moved = (
            update(table)
            .where(table.c.run_id == self._id, table.c.offset == self.place.offset)
            .where(table.c.ended_at.is_(None))
            .values({name: counts[name] for name in _COUNTS})
            .values(offset=end.offset, line=end.line, moved_at=utc_now(), ended_at=ended_at)
        )
        if conn.execute(moved).rowcount != 1:
            raise ImportUnderWay(
                f"{self._source.name} is being imported by another command as well",
                remedy="let that one go on; this one has nothing left to do",
            )

    def _list(self, conn: Connection, problems: Sequence[Problem]) -> None:
        if not problems:
            return
        table = IMPORT_PROBLEMS
        count = select(func.count()).where(table.c.run_id == self._id)
        first = conn.execute(count).scalar_one()
        rows = [
            {"run_id": self._id, "ordinal": ordinal, **msgspec.structs.asdict(problem)}
            for ordinal, problem in enumerate(problems, first)
        ]
        conn.execute(insert(table), rows)

    def _end(self, conn: Connection) -> Counter[str]:
        end = Place(self._source.size, self.place.line)
        self._move(conn, end, self._counts, utc_now())
        self._list(conn, self._source.problems)
        return self._counts

    def _report(self, conn: Connection, counts: Counter[str]) -> ImportReport:
        table = IMPORT_PROBLEMS
        told = select(func.count(), func.sum(table.c.skipped.cast(Integer)))
        every, skipped = conn.execute(told.where(table.c.run_id == self._id)).one()
        listed = tuple(self.problems(conn, LISTED_MAX))
        return ImportReport(
            file=self._source.name,
            rows=counts[ROWS] + (skipped or 0),
            added=counts[ADDED],
            changed=counts[CHANGED],
            unchanged=counts[UNCHANGED],
            skipped=skipped or 0,
            problems=listed,
            unlisted=every - len(listed),
        )

    def _progress(self) -> Progress:
        rows = self._counts[ROWS]
        return Progress(
            rows=rows,
            offset=self.place.offset,
            size=self._source.size,
            rows_here=rows - self._rows_before,
            bytes_here=self.place.offset - self._offset_before,
            took_s=round(time.monotonic() - self._began_s),
        )


def utc_now() -> str:
    """Give the time as it is shown."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
