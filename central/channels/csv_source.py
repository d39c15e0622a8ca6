"""A long CSV from a disk, row by row: each with the place where it ends, to go on from there.

Only a row at a time is held. The file is read once before anything is kept of it: what has no
readable end changes nothing, and its digest tells a file that was cut off from another one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple, TextIO

import msgspec

from agent.core.faults import InputFault
from agent.core.rows import ERRORS, Columns, Problem, Row, rows

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Before UTF-8, as spreadsheets write it."""
CHUNK_BYTES = 1 << 20


class Place(NamedTuple):
    """The end of a row."""

    offset: int
    """Bytes of the file before it."""
    line: int
    """Lines of the file before it."""


START = Place(0, 0)


class CsvSource:
    """A file, as it was when it was first read.

    Attributes:
        digest: SHA-256 of its bytes, as hexadecimal.
        size: bytes.
        problems: what could not be read of the rows given so far; whoever takes them empties it.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Read a file once, to its end.

        Raises:
            OSError: it cannot be read.
        """
        self._path, self._file = path, file
        digest, self.size, self._mark = hashlib.sha256(), 0, 0
        while chunk := file.read(CHUNK_BYTES):
            if not self.size and chunk.startswith(BYTE_ORDER_MARK):
                self._mark = len(BYTE_ORDER_MARK)
            digest.update(chunk)
            self.size += len(chunk)
        self.digest = digest.hexdigest()
        self._changed_ns = os.fstat(file.fileno()).st_mtime_ns
        self.problems: list[Problem] = []

    @property
    def name(self) -> str:
        """Give the file's name, without its folder."""
        return self._path.name

    def rows(self, columns: Columns, behind: Place = START) -> Iterator[tuple[Row, Place]]:
        """Read the rows, each with its end.

        Args:
            columns: those it must have, and those it may have.
            behind: the end of the last row that is not wanted; as this file gave it.

        Raises:
            InputFault: wrong columns, or the file changed or went away meanwhile.
        """
        with self._reader(self._mark) as text:
            first = next(_Lines(text, START), "")
        # A header whose quote is left open has more lines than one: such a file is read anew.
        begun = behind.line > 0 and not first.count('"') % 2
        place = behind if begun else Place(self._mark, 0)
        with self._reader(place.offset) as text:
            lines = _Lines(text, place)
            head = chain([first], lines) if begun else lines
            yield from self._read(lines, head, columns, place.line - 1 if begun else 0)
        self._check_unchanged()

    def _read(
        self, lines: _Lines, text: Iterable[str], columns: Columns, above: int
    ) -> Iterator[tuple[Row, Place]]:
        """Number the rows as they stand in the whole file: `above` lines are passed over."""
        found: list[Problem] = []
        for row in rows(str(self._path), text, columns, found):
            self._note(found, above)
            yield msgspec.structs.replace(row, line=row.line + above), lines.place
        self._note(found, above)

    def _note(self, found: list[Problem], above: int) -> None:
        # Of a file that goes on, what is wrong with its header was said before.
        self.problems += [
            msgspec.structs.replace(problem, line=problem.line + above)
            for problem in found
            if not above or problem.line > 1
        ]
        found.clear()

    @contextmanager
    def _reader(self, offset: int) -> Iterator[TextIOWrapper]:
        with os.fdopen(os.dup(self._file.fileno()), "rb") as file:
            file.seek(offset)
            with TextIOWrapper(file, encoding="utf-8", errors=ERRORS, newline="") as text:
                yield text

    def _check_unchanged(self) -> None:
        """Make sure that what was read is what has the digest.

        Raises:
            InputFault: somebody wrote to the file meanwhile.
        """
        stat = os.fstat(self._file.fileno())
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self._changed_ns):
            raise InputFault(
                f"{self._path} was changed while it was read; what was read of it is in",
                remedy="import it again, once nobody writes to it",
                name="file-changed",
            )


class _Lines:
    """The lines of a text, counted as they are taken."""

    def __init__(self, text: TextIO, behind: Place) -> None:
        self._text = text
        self._offset, self._line = behind

    @property
    def place(self) -> Place:
        """Give the end of the last line that was taken."""
        return Place(self._offset, self._line)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._text)
        except OSError as error:
            raise _unreadable(f"line {self._line + 1} and what follows", error) from error
        self._offset += len(line) if line.isascii() else len(line.encode("utf-8", ERRORS))
        self._line += 1
        return line


@contextmanager
def source_of(path: Path) -> Iterator[CsvSource]:
    """Open a file, for as long as it is imported.

    Raises:
        InputFault: it cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(str(path), error) from error
    with file, _copy_of(file) as copy:
        try:
            source = CsvSource(path, copy)
        except OSError as error:
            raise _unreadable(str(path), error) from error
        yield source


@contextmanager
def _copy_of(file: BinaryIO) -> Iterator[BinaryIO]:
    """Give what can be read twice: a pipe cannot, so its bytes go to a disk first."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield copy


def _unreadable(what: str, error: OSError) -> InputFault:
    return InputFault(
        f"{what} cannot be read: {error.strerror}",
        remedy="check the path, and that this user may read the file",
        name="file-unreadable",
    )
