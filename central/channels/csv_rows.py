"""Opening a CSV somebody exported, and summing up what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TextIO

import msgspec

from agent.core.faults import InputFault
from agent.core.rows import ENCODING, ERRORS, Problem

ADDED, CHANGED, UNCHANGED = "added", "changed", "unchanged"


class ImportReport(msgspec.Struct, frozen=True):
    """What became of an imported file."""

    file: str
    rows: int
    """Rows read, those left out included."""
    added: int
    changed: int
    unchanged: int
    skipped: int
    """Rows left out; each has its line among the problems."""
    problems: tuple[Problem, ...] = ()
    """By line; of very many, the first."""
    unlisted: int = 0
    """Problems beyond those."""


def report(path: Path, counts: Counter[str], problems: list[Problem]) -> ImportReport:
    """Sum up an import: `counts` of accepted `rows`, and of what became of things."""
    skipped = sum(problem.skipped for problem in problems)
    return ImportReport(
        file=path.name,
        rows=counts["rows"] + skipped,
        added=counts[ADDED],
        changed=counts[CHANGED],
        unchanged=counts[UNCHANGED],
        skipped=skipped,
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a file as `core.rows` wants it, read to its end: nothing is kept of one that has none.

    Raises:
        InputFault: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputFault(
            f"{path} cannot be read: {error.strerror}",
            remedy="check the path, and that this user may read the file",
            name="file-unreadable",
        ) from error
    with TextIOWrapper(BytesIO(content), encoding=ENCODING, errors=ERRORS, newline="") as file:
        yield file
