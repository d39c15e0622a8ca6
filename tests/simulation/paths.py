"""Files of a simulated disk that are not SQLite's own doing: named, moved, linked, read, written.

The product's modules take paths and ask `os` and `shutil` a few things; here they get these. What
is written is durable once it is synced, a name once anything on that disk is, as in `disk`; each
change is one operation, at which the power may go.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from io import SEEK_END, SEEK_SET, RawIOBase
from pathlib import PurePosixPath
from types import SimpleNamespace

import apsw

from agent.journal import database
from tests.simulation.disk import LINK, File, place, resolved
from tests.simulation.driver import frames_found

PLENTY = 1 << 40


class DiskPath(PurePosixPath):
    """A place on a simulated disk; folders are there as soon as they are named."""

    def touch(self, mode=0o600):
        """Make a mark; a database comes into being by being opened by SQLite."""
        del mode
        if self.suffix != ".db":
            self.write_bytes(b"")

    def exists(self):
        return self._file() is not None or self.is_dir()

    def is_dir(self):
        return bool(self._inside())

    def is_symlink(self):
        disk, name = place(str(self))
        return name in disk.files and disk.files[name].current.startswith(LINK)

    def readlink(self):
        disk, name = place(str(self))
        return DiskPath(disk.files[name].current.removeprefix(LINK).decode())

    def symlink_to(self, target):
        disk, name = place(str(self))
        content = LINK + str(target).encode()
        with _as_os(self):
            disk.step()
            disk.files[name] = File(bytearray(content), bytearray(content))

    def unlink(self, *, missing_ok=False):
        disk, name = place(str(self))
        if name not in disk.files:
            if missing_ok:
                return
            raise FileNotFoundError(errno.ENOENT, "no such file", str(self))
        with _as_os(self):
            disk.step()
        disk.files.pop(name, None)

    def rename(self, target):
        disk, name = place(str(self))
        # A directory is what the names of its files begin with.
        moved = [each for each in disk.files if each == name or each.startswith(f"{name}/")]
        if not moved:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(self))
        with _as_os(self):
            disk.step()
        new = place(str(target))[1]
        for each in moved:
            disk.files[new + each.removeprefix(name)] = disk.files.pop(each)
        return target

    replace = rename

    def chmod(self, _mode):
        """Nobody else is on this disk."""

    def mkdir(self, *_, **__):
        with _as_os(self):
            place(str(self))[0].check()

    def iterdir(self):
        inside = self._inside()
        return (self / each for each in dict.fromkeys(path.partition("/")[0] for path in inside))

    def glob(self, pattern):
        """Find files of this folder; the only patterns asked for are `NAME*`."""
        start = pattern.removesuffix("*")
        found = [each for each in self._inside() if "/" not in each and each.startswith(start)]
        return [self / each for each in found]

    def stat(self):
        return SimpleNamespace(st_size=len(self._there().current))

    def open(self, mode="r", **_options):
        """Open a file for its bytes.

        These disks have no shared memory: of the index of a log only what is read of it is made.
        """
        if self.name.endswith("-shm"):
            frames = frames_found(str(self).removesuffix("-shm"))
            index = File(bytearray(database._FRAMES_AT) + frames.to_bytes(4, sys.byteorder))
            return Handle(place(str(self))[0], index)
        disk, name = place(str(self))
        with _as_os(self):
            disk.check()
            if "w" in mode:
                disk.step()
                disk.files[name] = File()
        return Handle(disk, self._there())

    def read_bytes(self):
        with self.open("rb") as file:
            return file.read()

    def write_bytes(self, content):
        with self.open("wb") as file:
            return file.write(content)

    def read_text(self, encoding="utf-8"):
        return self.read_bytes().decode(encoding)

    def write_text(self, text, encoding="utf-8"):
        return self.write_bytes(text.encode(encoding))

    def _inside(self):
        """Name all files under a folder, by their paths from there."""
        disk, name = place(str(self))
        begin = f"{name}/" if name else ""
        return [each.removeprefix(begin) for each in disk.files if each.startswith(begin)]

    def _file(self):
        disk, name = place(str(self))
        return disk.files.get(resolved(disk, name))

    def _there(self):
        file = self._file()
        if file is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(self))
        return file


class Handle(RawIOBase):
    """An open file; `fileno` is itself, which the stand-in for `os` syncs."""

    def __init__(self, disk, file):
        self._disk, self._file, self._at = disk, file, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def writable(self):
        return True

    def fileno(self):
        return self

    def seek(self, offset, whence=SEEK_SET):
        self._at = len(self._file.current) + offset if whence == SEEK_END else offset
        return self._at

    def tell(self):
        return self._at

    def read(self, size=-1):
        with _as_os(self._disk.name):
            self._disk.check()
        end = len(self._file.current) if size is None or size < 0 else self._at + size
        found = bytes(self._file.current[self._at : end])
        self._at += len(found)
        return found

    def write(self, content):
        data = bytes(content)
        with _as_os(self._disk.name):
            self._disk.check()
            self._disk.room(self._at + len(data) - len(self._file.current))
            try:
                self._disk.step()
            except apsw.IOError:
                if self._disk.dead:
                    self._file.write(self._at, data)  # under way as the power went
                raise
            self._file.write(self._at, data)
        self._at += len(data)
        return len(data)

    def sync(self):
        with _as_os(self._disk.name):
            self._disk.step()
            self._disk.sync(self._file)


class _Folder:
    """An open folder: a sync of it makes the names of its disk durable."""

    def __init__(self, disk):
        self._disk = disk

    def sync(self):
        with _as_os(self._disk.name):
            self._disk.step()
            self._disk.sync(File())


def _opened(path, *_):
    return path.open("rb") if path._file() is not None else _Folder(place(str(path))[0])


def _rmtree(path, ignore_errors=False):
    disk, name = place(str(path))
    try:
        with _as_os(path):
            disk.step()
    except OSError:
        if not ignore_errors:
            raise
        return
    for each in [each for each in disk.files if each == name or each.startswith(f"{name}/")]:
        del disk.files[each]


def _usage(path):
    disk, _ = place(str(path))
    return SimpleNamespace(free=PLENTY if disk.capacity is None else disk.capacity - disk.size())


@contextmanager
def _as_os(path):
    """Say as the operating system does what the disk refuses."""
    try:
        yield
    except apsw.FullError as full:
        raise OSError(errno.ENOSPC, str(full), str(path)) from full
    except apsw.IOError as failed:
        raise OSError(errno.EIO, str(failed), str(path)) from failed


OS = SimpleNamespace(
    open=_opened,
    fsync=lambda handle: handle.sync(),
    close=lambda _handle: None,
    O_RDONLY=os.O_RDONLY,
    O_CLOEXEC=os.O_CLOEXEC,
    O_DIRECTORY=os.O_DIRECTORY,
)
SHUTIL = SimpleNamespace(rmtree=_rmtree, disk_usage=_usage)
NO_LOCK = SimpleNamespace(take=lambda _path: SimpleNamespace(release=lambda: None))
"""Of one machine there is one agent."""
