"""Disks that lose power: what SQLite wrote, what it synced, and what of the rest survives a cut.

A file has two contents: what the running machine reads, and what is on the platter. Between the two
lie the writes since the last sync. A power cut keeps any of them, whole or by sectors of 512 bytes,
in any order; a killed process loses nothing. A deletion or a creation becomes durable with the
next sync of any file, as on ext4: a stale hot journal could otherwise come back and destroy a WAL.

A power cut comes *at* an operation: that write is under way, every later one fails until the power
is back. The same random draws give the same survivors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

SECTOR = 512
VFS_NAME = "power-cut"
ROOT = "/simulated"
LINK = b"\0leads to "
"""What the content of a symbolic link begins with; the name it leads to follows."""


@dataclass
class File:
    """One file: what is read of it, what is durable, and the writes in between."""

    current: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, data), or (size, None) of a truncation."""

    def write(self, offset, data):
        _put(self.current, offset, data)
        self.pending.append((offset, data))

    def truncate(self, size):
        _cut(self.current, size)
        self.pending.append((size, None))

    def sync(self):
        for offset, data in self.pending:
            _replay(self.durable, offset, data)
        self.pending.clear()

    def survive(self, rng):
        """Come back after a power cut with any part of what was not synced."""
        keep = rng.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.pending:
            if data is None:
                if rng.random() < keep:
                    _cut(self.durable, offset)
                continue
            for at in range(0, len(data), SECTOR):
                if rng.random() < keep:
                    _put(self.durable, offset + at, data[at : at + SECTOR])
        self.pending.clear()
        self.current = bytearray(self.durable)


class Disk:
    """The disk of one machine; its files live under `/simulated/NAME/`."""

    def __init__(self, name, rng):
        self.name, self.rng = name, rng
        self.files: dict[str, File] = {}
        self.dead = False
        """Without power, or its process gone: nothing moves until `power_on`."""
        self.cut_at: int | None = None
        """The operation (see `ops`) at which the power goes."""
        self.fail_at: int | None = None
        """The operation that fails once, with an I/O error."""
        self.failed = False
        """It has failed since somebody last asked."""
        self.capacity: int | None = None
        self.syncing = True
        """False: a disk that lies about its syncs."""
        self.ops = 0
        self.cuts = 0
        self.syncs = 0
        self.on_cut = lambda: None
        self._named: dict[str, File] = {}
        _DISKS[name] = self

    def path(self, file):
        return f"{ROOT}/{self.name}/{file}"

    def size(self):
        return sum(len(file.current) for file in self.files.values())

    def step(self):
        """Count one operation; the power may go at it."""
        self.check()
        self.ops += 1
        if self.ops == self.fail_at:
            self.fail_at, self.failed = None, True
            raise apsw.IOError("the disk fails once")
        if self.cut_at is not None and self.ops >= self.cut_at:
            self.cut()
            raise apsw.IOError("the power is gone")

    def check(self):
        if self.dead:
            raise apsw.IOError("the machine is off")

    def cut(self):
        self.dead, self.cut_at = True, None
        self.cuts += 1
        self.on_cut()

    def room(self, growth):
        if self.capacity is not None and growth > 0 and self.size() + growth > self.capacity:
            raise apsw.FullError("the disk is full")

    def sync(self, file):
        self.syncs += 1
        if self.syncing:
            file.sync()
            self._named = dict(self.files)

    def power_on(self, *, lost):
        """Come back: after a power cut (`lost`) with what survived, else with everything."""
        self.dead = False
        if not lost:
            return
        # Names made or removed since the last sync survive, or not, together.
        if self.rng.random() < 0.5:
            self.files = dict(self._named)
        for file in self.files.values():
            file.survive(self.rng)
        self._named = dict(self.files)

    def image(self):
        """Copy the disk as it stands, as a backup of a quiet machine does."""
        return {name: bytes(file.current) for name, file in self.files.items()}

    def restore(self, image):
        """Put an image back in place of everything."""
        self.files = {name: File(bytearray(data), bytearray(data)) for name, data in image.items()}
        self._named = dict(self.files)


class Vfs(apsw.VFS):
    """All simulated disks as one file system of SQLite."""

    def __init__(self):
        super().__init__(VFS_NAME, "", maxpathname=256)

    def xOpen(self, name, flags):
        if name is None:
            return Open(None, File(), temporary=True)
        disk, path = place(name)
        disk.check()
        path = resolved(disk, path)
        if path not in disk.files:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(path)
            disk.step()
            disk.files[path] = File()
        flags[1] = flags[0]
        return Open(disk, disk.files[path])

    def xDelete(self, name, _syncdir):
        disk, path = place(name)
        disk.step()
        disk.files.pop(path, None)

    def xAccess(self, name, _flags):
        disk, path = place(name)
        return path in disk.files

    def xFullPathname(self, name):
        """Follow a link, as SQLite does: a log is named after the file it leads to."""
        disk, path = place(name)
        return disk.path(resolved(disk, path))


class Open:
    """An open file, as SQLite uses it."""

    def __init__(self, disk, file, *, temporary=False):
        self._disk, self._file, self._temporary = disk, file, temporary

    def xRead(self, amount, offset):
        if not self._temporary:
            self._disk.check()
        return bytes(self._file.current[offset : offset + amount])

    def xWrite(self, data, offset):
        if self._temporary:
            _put(self._file.current, offset, bytes(data))
            return
        disk = self._disk
        disk.check()
        disk.room(offset + len(data) - len(self._file.current))
        try:
            disk.step()
        except apsw.IOError:
            if disk.dead:
                self._file.write(offset, bytes(data))  # under way as the power went
            raise
        self._file.write(offset, bytes(data))

    def xTruncate(self, size):
        if self._temporary:
            _cut(self._file.current, size)
            return
        self._disk.step()
        self._file.truncate(size)

    def xSync(self, _flags):
        if not self._temporary:
            self._disk.step()
            self._disk.sync(self._file)

    def xFileSize(self):
        return len(self._file.current)

    def xLock(self, _level):
        """One process, one connection: nobody else asks."""

    xUnlock = xLock

    def xCheckReservedLock(self):
        return False

    def xSectorSize(self):
        return 4096

    def xDeviceCharacteristics(self):
        # As SQLite assumes of every Unix disk: a torn write damages no bytes beside it.
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, _op, _pointer):
        return False

    def xClose(self):
        """Nothing is held."""


def place(name):
    """Find the disk a path is on, and what it is called there."""
    text = name.filename() if isinstance(name, apsw.URIFilename) else name
    machine, _, path = text.removeprefix(f"{ROOT}/").partition("/")
    return _DISKS[machine], path


def resolved(disk, path):
    """Follow a link on a disk, if it is one."""
    file = disk.files.get(path)
    if file is None or not file.current.startswith(LINK):
        return path
    return file.current.removeprefix(LINK).decode()


def _replay(content, offset, data):
    if data is None:
        _cut(content, offset)
    else:
        _put(content, offset, data)


def _put(content, offset, data):
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _cut(content, size):
    if size <= len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def content(name):
    """Read a file as the running machine sees it; None where there is none."""
    disk, path = place(name)
    path = resolved(disk, path)
    return bytes(disk.files[path].current) if path in disk.files else None


def forget(names):
    """Let go of the disks of a world that has ended."""
    for name in names:
        _DISKS.pop(name, None)


_DISKS: dict[str, Disk] = {}
_VFS = Vfs()
