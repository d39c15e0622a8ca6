"""SQLite on the simulated disks, with the face of pysqlite3: what the product opens instead.

The errors are pysqlite3's own classes with its `sqlite_errorcode`, so that the product's code meets
what it meets at a till. `locking_mode=EXCLUSIVE` comes first: these disks have no shared memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import apsw
from pysqlite3 import dbapi2

from tests.simulation.disk import VFS_NAME, Disk, File, content

_CLASSES = {
    apsw.ConstraintError: dbapi2.IntegrityError,
    apsw.MismatchError: dbapi2.IntegrityError,
    apsw.CorruptError: dbapi2.DatabaseError,
    apsw.NotADBError: dbapi2.DatabaseError,
    apsw.TooBigError: dbapi2.DataError,
    apsw.MisuseError: dbapi2.InterfaceError,
    apsw.RangeError: dbapi2.InterfaceError,
    apsw.BindingsError: dbapi2.ProgrammingError,
}
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLAC")


@contextmanager
def _as_pysqlite():
    try:
        yield
    except apsw.Error as error:
        raise _translated(error) from error
    except UnicodeDecodeError as error:
        raise dbapi2.OperationalError("Could not decode to UTF-8 a column") from error


def _translated(error):
    known = _CLASSES.get(type(error), dbapi2.OperationalError)
    found = known(str(error))
    found.sqlite_errorcode = getattr(error, "extendedresult", 0) or getattr(error, "result", 0)
    return found


class Cursor:
    """The rows of one statement (PEP 249), all read at once."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection):
        self.connection = connection
        self.description = None
        self.rowcount = -1
        self._rows = iter(())

    def execute(self, sql, parameters=()):
        raw = self.connection.raw
        if sql.startswith("ATTACH"):
            parameters = (_frozen(*parameters),)
        elif self.connection.is_reader:
            return self._read(raw, sql, parameters)
        known = _KNOWN.get(sql)
        try:
            if known is None:
                known = self._learn(raw, sql, parameters)
            else:
                self._rows = iter(raw.execute(sql, parameters).fetchall())
        except apsw.Error as error:
            raise _translated(error) from error
        self.description, writes = known
        self.rowcount = -1
        if writes:
            self.rowcount, self.lastrowid = raw.changes(), raw.last_insert_rowid()
        return self

    def _read(self, raw, sql, parameters):
        """Give row after row: of a damaged file some can be read, before one that cannot."""
        found = []
        raw.exec_trace = lambda cursor, *_: found.append(cursor.get_description()) or True
        try:
            with _as_pysqlite():
                rows = raw.execute(sql, parameters)
        finally:
            raw.exec_trace = None
        columns = found[-1] if found else ()
        self.description = tuple((name, *[None] * 6) for name, _ in columns) or None
        self._rows = _one_by_one(rows)
        return self

    def _learn(self, raw, sql, parameters):
        """Run it, and find out which columns it gives: only here does apsw tell of no rows."""
        found = []
        raw.exec_trace = lambda cursor, *_: found.append(cursor.get_description()) or True
        try:
            self._rows = iter(raw.execute(sql, parameters).fetchall())
        finally:
            raw.exec_trace = None
        columns = tuple((name, *[None] * 6) for name, _ in found[-1]) or None if found else None
        known = columns, sql.lstrip()[:6].upper() in _WRITES
        if "*" not in sql and sql.lstrip()[:6].upper() != "PRAGMA":
            _KNOWN[sql] = known  # A name stays; what a star stands for is the schema's.
        return known

    def executemany(self, sql, rows):
        before = self.connection.raw.total_changes()
        with _as_pysqlite():
            self.connection.raw.executemany(sql, rows)
        self.rowcount = self.connection.raw.total_changes() - before
        return self

    def fetchone(self):
        return next(self._rows, None)

    def fetchmany(self, size=None):
        return list(islice(self._rows, size or self.arraysize))

    def fetchall(self):
        return list(self._rows)

    def __iter__(self):
        return self._rows

    def close(self):
        self._rows = iter(())


def _one_by_one(rows):
    while True:
        with _as_pysqlite():
            row = next(rows, None)
        if row is None:
            return
        yield row


class Connection:
    """A connection to a file on a simulated disk (PEP 249, as far as the product uses it)."""

    isolation_level = None
    row_factory = None
    text_factory = str

    def __init__(self, path, *, uri=False, **_options):
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self.is_reader = uri
        if uri:  # Only who must not change a byte opens a file by a URI.
            path, flags = unquote(urlsplit(str(path)).path), apsw.SQLITE_OPEN_READONLY
        with _as_pysqlite():
            self.raw = apsw.Connection(
                str(path), flags=flags, vfs=VFS_NAME, statementcachesize=_STATEMENTS
            )
            self.raw.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            if uri:  # With no shared memory, it would take itself for the last one to look.
                self.raw.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        _OPEN.setdefault(str(path).rpartition("/")[0], []).append(self.raw)

    @property
    def in_transaction(self):
        return self.raw.in_transaction

    @property
    def total_changes(self):
        return self.raw.total_changes()

    def cursor(self, *_factory):
        return Cursor(self)

    def execute(self, sql, parameters=()):
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql, rows):
        return self.cursor().executemany(sql, rows)

    def executescript(self, sql):
        with _as_pysqlite():
            self.raw.execute(sql).fetchall()

    def set_progress_handler(self, function, instructions):
        self.raw.set_progress_handler(function, instructions)

    def interrupt(self):
        self.raw.interrupt()

    def create_function(self, name, arguments, function, **options):
        self.raw.create_scalar_function(name, function, arguments, **options)

    def commit(self):
        if self.raw.in_transaction:
            self.execute("COMMIT")

    def rollback(self):
        if self.raw.in_transaction:
            self.execute("ROLLBACK")

    def close(self):
        with _as_pysqlite():
            self.raw.close(True)


class HeldFile:
    """A database file nobody can take away: simulated disks have no other program."""

    def __init__(self, path):
        self.path = path

    def __getattr__(self, _name):
        return lambda *_: None


def rows(directory, sql, values):
    """Read by the newest connection under a directory, as an observer beside the simulation."""
    return _OPEN[directory][-1].execute(sql, values).fetchall()


def frames_found(database):
    """Tell how many frames of its log SQLite believes, asked of a copy."""
    copy = Disk("copy-to-look-at", None)
    for tail in ("", "-wal"):
        found = content(f"{database}{tail}")
        if found is not None:
            copy.files[f"copy{tail}"] = File(bytearray(found))
    conn = Connection(copy.path("copy"))
    frames = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    drop(copy.path("").rstrip("/"))
    return max(0, frames)


def _frozen(path):
    """Copy a database as it stands, for a reader beside whoever writes it.

    These disks have no shared memory, by which one connection would leave another its state.
    """
    copy = Disk("copy-beside", None)
    for tail in ("", "-wal"):
        found = content(f"{path}{tail}")
        if found is not None:
            copy.files[f"copy{tail}"] = File(bytearray(found))
    return copy.path("copy")


def drop(directory):
    """Let go of every connection under a directory of a machine that is off."""
    for raw in _OPEN.pop(directory, ()):
        try:
            raw.close(True)
        except apsw.Error:
            continue  # It could not write a last word: the machine is off.


_STATEMENTS = 400
"""More than either side has: preparing one again costs more than running it."""
_OPEN: dict[str, list[apsw.Connection]] = {}
_KNOWN: dict[str, tuple[tuple[object, ...] | None, bool]] = {}
"""SQL → its columns, and whether it writes."""

MODULE = SimpleNamespace(
    **{name: getattr(dbapi2, name) for name in dir(dbapi2) if not name.startswith("__")}
)
MODULE.connect = Connection
