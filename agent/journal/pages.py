"""Reading rows straight from the pages of an SQLite file, without asking SQLite.

For a file that SQLite will not open, or only in part. Every page image there is, in the file and in
its write-ahead log, is looked at by itself; a page that makes no sense is passed over, and so is a
record. What is found is believed by nobody: the caller proves it by hashes. The formats are those
of sqlite.org/fileformat2.html, 1.6 (b-tree pages), 2.1 (records), 4.1 (write-ahead log).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from struct import error, pack, unpack_from
from typing import BinaryIO, Self, TypeAlias

import msgspec

Value: TypeAlias = int | float | str | bytes | None

PAGE_SIZE = 4096
"""What SQLite takes if it is not told otherwise, and this program tells it nothing else."""
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_WAL_HEADER, _FRAME_HEADER = 32, 24
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_LITTLE = 0x82
"""Last byte of the magic number of a log whose checksums are little-endian."""
_WORD = 0xFFFFFFFF
_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x0A, 0x0D
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_COLUMNS_MAX = 64
_RECORD_MAX = 64 << 20


class Found(msgspec.Struct, frozen=True):
    """One record as it lies on a page."""

    rowid: int | None
    """Of a table's row; None in an index or a table WITHOUT ROWID."""
    values: tuple[Value, ...]


def records(path: Path) -> Iterator[Found]:
    """Give every record that can be read, of all tables and indexes; repeated ones repeatedly.

    Pages of the log come after those of the file, later ones after earlier ones, so that what is
    found last is the newest.

    Raises:
        OSError: the file itself cannot be read.
    """
    with _Images(path) as images:
        for number, image in images:
            yield from _of_page(images, image, _HEADER if number == 1 else 0)


class _Images:
    """All page images of a file and its log, and the newest one of each page."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        log = path.with_name(path.name + "-wal")
        self._log: BinaryIO | None = log.open("rb") if log.exists() else None
        self.size = _page_size(self._file, self._log)
        self._newest: dict[int, int] = {}
        """Page → where its newest image begins in the log."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._log is not None:
            self._log.close()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        self._newest = dict(self._frames())
        number = 0
        self._file.seek(0)
        while image := self._file.read(self.size):
            number += 1
            at = self._file.tell()
            yield number, image.ljust(self.size, b"\0")
            self._file.seek(at)
        for number, at in self._frames():
            yield number, self._logged(at)

    def page(self, number: int) -> bytes:
        """Give the newest image of a page; empty where there is none."""
        if number in self._newest:
            return self._logged(self._newest[number])
        if number < 1:
            return b""
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def _logged(self, at: int) -> bytes:
        if self._log is None:
            return b""
        self._log.seek(at)
        return self._log.read(self.size)

    def _frames(self) -> Iterator[tuple[int, int]]:
        """Find the log's frames; those behind a torn one count too, hashes will tell."""
        if self._log is None:
            return
        for frame in _frames_of(self._log, self.size):
            yield frame.page, frame.at + _FRAME_HEADER


class _Frame(msgspec.Struct, frozen=True):
    """One page image in the log."""

    page: int
    at: int
    """Where its header begins."""
    commits: bool
    """It is the last one of a transaction."""
    salts: bytes


def commits_behind(log: Path, frames: int) -> int:
    """Count the transactions that stand in a log behind its first so many frames.

    SQLite reads a log up to the first frame that is torn. The transaction that the power cut tore
    is the last one: each is synced before the next begins. If more than one stands behind, they
    were committed, and something else has damaged the log.

    Args:
        log: the write-ahead log; it may be missing.
        frames: how many frames SQLite believes.

    Raises:
        OSError: the log cannot be read.
    """
    if not log.exists():
        return 0
    with log.open("rb") as file:
        size = _page_size_of_log(file)
        begins = _WAL_HEADER + frames * (_FRAME_HEADER + size)
        return sum(frame.commits for frame in _frames_of(file, size) if frame.at >= begins)


def _frames_of(log: BinaryIO, size: int) -> Iterator[_Frame]:
    """Give the frames of the log's present round; older ones lie behind them, under other salts."""
    end = log.seek(0, 2)
    found: list[_Frame] = []
    for at in range(_WAL_HEADER, end - size - _FRAME_HEADER + 1, _FRAME_HEADER + size):
        log.seek(at)
        header = log.read(_FRAME_HEADER)
        page, commits = unpack_from(">II", header)
        found.append(_Frame(page, at, commits != 0, header[8:16]))
    salts = _salts(log, found)
    yield from (frame for frame in found if frame.salts == salts)


def _salts(log: BinaryIO, frames: list[_Frame]) -> bytes:
    """Tell the salts of the present round: the header's, unless that is what is damaged."""
    log.seek(0)
    header = log.read(_WAL_HEADER)
    if len(header) == _WAL_HEADER and _checksum(header[:24]) == header[24:32]:
        return header[16:24]
    seen = Counter(frame.salts for frame in frames)
    return seen.most_common(1)[0][0] if seen else b""


def _checksum(data: bytes) -> bytes:
    """Compute the log's checksum of a few bytes (file format, 4.2)."""
    order = "<" if data[3] == _LITTLE else ">"
    words = unpack_from(f"{order}{len(data) // 4}I", data)
    first = second = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = first + even + second & _WORD
        second = second + odd + first & _WORD
    return pack(">II", first, second)


def _page_size_of_log(log: BinaryIO) -> int:
    log.seek(0)
    head = log.read(_WAL_HEADER)
    if len(head) == _WAL_HEADER and unpack_from(">I", head)[0] in _WAL_MAGICS:
        return _sane(unpack_from(">I", head, 8)[0])
    return PAGE_SIZE


def _page_size(file: BinaryIO, log: BinaryIO | None) -> int:
    head = file.read(_HEADER)
    if head.startswith(_MAGIC):
        size = unpack_from(">H", head, 16)[0]
        return _sane(65536 if size == 1 else size)
    return PAGE_SIZE if log is None else _page_size_of_log(log)


def _sane(size: int) -> int:
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else PAGE_SIZE


def _of_page(images: _Images, image: bytes, start: int) -> Iterator[Found]:
    """Read the cells of one page; a cell that cannot be one is passed over."""
    kind = image[start]
    if kind not in {_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF}:
        return
    cells = unpack_from(">H", image, start + 3)[0]
    first = start + (12 if kind == _INDEX_INTERIOR else 8)
    if first + 2 * cells > len(image):
        return
    for cell in range(cells):
        at = unpack_from(">H", image, first + 2 * cell)[0]
        try:
            found = _cell(images, image, at, kind)
        except (IndexError, ValueError, error):
            continue
        if found is not None:
            yield found


def _cell(images: _Images, image: bytes, at: int, kind: int) -> Found | None:
    if kind == _INDEX_INTERIOR:
        at += 4
    size, at = _varint(image, at)
    rowid: int | None = None
    if kind == _TABLE_LEAF:
        rowid, at = _varint(image, at)
    if not 0 < size <= _RECORD_MAX:
        return None
    local = _local(images.size, size, kind)
    payload = image[at : at + local]
    if local < size:
        payload += _overflow(images, unpack_from(">I", image, at + local)[0], size - local)
    if len(payload) != size:
        return None
    values = _values(payload)
    return None if values is None else Found(rowid, values)


def _local(page: int, size: int, kind: int) -> int:
    """Tell how much of a payload lies on its own page (file format, 1.6)."""
    most = page - 35 if kind == _TABLE_LEAF else (page - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (page - 12) * 32 // 255 - 23
    kept = least + (size - least) % (page - 4)
    return kept if kept <= most else least


def _overflow(images: _Images, number: int, size: int) -> bytes:
    parts, seen = b"", 0
    while number and len(parts) < size and seen <= size:
        image = images.page(number)
        if len(image) < 4:
            break
        number = unpack_from(">I", image)[0]
        parts += image[4:]
        seen += len(image)
    return parts[:size]


def _values(payload: bytes) -> tuple[Value, ...] | None:
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end:
        code, at = _varint(payload, at)
        types.append(code)
    if at != end or not 0 < len(types) <= _COLUMNS_MAX:
        return None
    values: list[Value] = []
    for code in types:
        value, at = _value(payload, at, code)
        values.append(value)
    return tuple(values) if at == len(payload) else None


def _value(payload: bytes, at: int, code: int) -> tuple[Value, int]:
    if code == 0:
        return None, at
    if code in _INTEGERS:
        end = at + _INTEGERS[code]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if code == 7:
        return unpack_from(">d", payload, at)[0], at + 8
    if code in {8, 9}:
        return code - 8, at
    if code < 12:
        raise ValueError(code)
    end = at + (code - 12) // 2
    if end > len(payload):
        raise ValueError(code)
    text = payload[at:end]
    # Odd codes are text: what is none is kept as bytes, the caller's shapes then do not fit.
    return (_text(text) if code % 2 else text), end


def _text(raw: bytes) -> Value:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a big-endian base-128 number of up to nine bytes."""
    value = 0
    for taken in range(8):
        byte = data[at + taken]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + taken + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9
