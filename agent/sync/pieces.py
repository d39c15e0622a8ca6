"""The pieces of a snapshot on the till's disk: kept over restarts, unpacked as they come.

A piece is believed for its hash alone: one that was torn by a power cut, or changed, is thrown away
and fetched again. The file they make is written while they arrive, so that little is left to do
after the last one.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import quote

import structlog
import zstandard

from agent.core.exchange.snapshots import Manifest, is_chunk, unusable
from agent.core.faults import UnavailableFault

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

WHOLE = "whole"
SPARE_BYTES = 16 << 20
"""Left free beside a snapshot: a directory grows while it is installed."""
_WINDOW_BYTES_MAX = 32 << 20
_log = structlog.get_logger(__name__)


class NoRoom(UnavailableFault):
    """The disk has no room for a snapshot; what is held stays in use."""

    name = "no-room-for-snapshot"
    title = "A snapshot does not fit on the disk"


class Pieces:
    """The pieces of one snapshot, taken in their order; every call blocks."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Prepare; `folder` is the directory's for all that comes in."""
        self._manifest = manifest
        self._scope = folder / quote(manifest.scope, safe="")
        self._folder = self._scope / manifest.snapshot_id
        self._file: _Whole | None = None
        self._unpacker: zstandard.ZstdDecompressionWriter | None = None

    def open(self) -> None:
        """Make room: pieces of an older snapshot of the scope are removed.

        Raises:
            NoRoom: it would not fit.
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in self._scope.iterdir():
            if other != self._folder:
                _log.info("pieces of an older snapshot are removed", snapshot=other.name)
                shutil.rmtree(other, ignore_errors=True)
        self._check_room()
        self._file = _Whole(self._folder / WHOLE, self._manifest)
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
        # All it asks of a file is to write.
        self._unpacker = unpacker.stream_writer(cast("IO[bytes]", self._file), closefd=False)

    def held(self, number: int) -> bytes | None:
        """Give a piece that is here already; None where it is not, or not what it should be."""
        path = self._folder / str(number)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        if is_chunk(self._manifest.chunks[number], content):
            return content
        _log.warning("a piece of a snapshot was damaged, it is fetched again", piece=str(path))
        path.unlink()
        return None

    def keep(self, number: int, content: bytes) -> None:
        """Keep a piece that was fetched, for the case that this is interrupted.

        Raises:
            OSError: the disk is full.
        """
        (self._folder / str(number)).write_bytes(content)

    def unpack(self, content: bytes) -> None:
        """Take the next piece into the file.

        Raises:
            SnapshotUnusable: it does not unpack, or to more than the manifest says.
            OSError: the disk is full.
        """
        if self._unpacker is None:
            return
        try:
            self._unpacker.write(content)
        except zstandard.ZstdError as error:
            raise self._unusable(f"it cannot be unpacked: {error}") from error

    def finish(self) -> Path:
        """Give the whole file, after the last piece.

        Raises:
            SnapshotUnusable: it is not what the manifest says.
            OSError: the disk is full.
        """
        self.close()
        if self._file is None or not self._file.is_whole():
            raise self._unusable("what it unpacks to is not what its manifest says")
        return self._folder / WHOLE

    def close(self) -> None:
        """Let go of the file; the pieces stay."""
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """Remove all that came in of the scope: it is installed, or of no use."""
        self.close()
        shutil.rmtree(self._scope, ignore_errors=True)

    def _check_room(self) -> None:
        held = sum(file.stat().st_size for file in self._folder.iterdir())
        wanted = self._manifest.bytes + self._manifest.size + SPARE_BYTES - held
        free = shutil.disk_usage(self._folder).free
        if free < wanted:
            raise no_room(self._manifest.scope, f"it takes {wanted} bytes more, {free} are free")

    def _unusable(self, why: str) -> Exception:
        return unusable(self._manifest.scope, why)


class _Whole:
    """The file that is unpacked: measured and hashed while it is written."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self._file = path.open("wb", buffering=0)
        self._manifest = manifest
        self._digest, self._size = hashlib.sha256(), 0

    def write(self, content: Buffer, /) -> int:
        """Take bytes in, all of them.

        Raises:
            SnapshotUnusable: they are more than the manifest says.
        """
        left = memoryview(content)
        self._size += len(left)
        if self._size > self._manifest.size:
            raise unusable(self._manifest.scope, "it unpacks to more than its manifest says")
        self._digest.update(left)
        while left:
            left = left[self._file.write(left) :]
        return len(memoryview(content))

    def close(self) -> None:
        """Let go of the file; closing twice does nothing."""
        self._file.close()

    def is_whole(self) -> bool:
        """Tell whether it is what its manifest says."""
        manifest = self._manifest
        return (self._size, self._digest.hexdigest()) == (manifest.size, manifest.sha256)


def no_room(scope: str, why: str) -> NoRoom:
    """Say that a snapshot does not fit."""
    return NoRoom(
        f"the snapshot of {scope} was not taken: {why}",
        remedy="make room on this disk (`df -h`); customers and items stay as they are meanwhile",
    )
