"""What is left of a damaged journal file, put into order; nothing of it is proven yet.

Chain rows and bodies are picked out of the pages, because no page says the same thing twice and
what is there is there. Tables whose rows change are asked of SQLite first, since an old page may
hold an old row; of what SQLite cannot give, the pages give the newest.
"""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from pysqlite3 import dbapi2

from agent.journal import database
from agent.journal.pages import Found, commits_behind, records
from agent.journal.shapes import is_event, shape
from agent.journal.tails import SEQ_BITS, SEQ_MAX

BY_SQLITE = ("registry", "pairing", "acked", "basket", "print_job", "print_aside", "print_age")
"""Tables whose rows change or go: asked of SQLite first."""
_COLUMNS = {
    "registry": ("key", "value"),
    "pairing": ("token_hash", "till", "issued"),
    "acked": ("journal", "epoch", "seq", "hash", "signature", "safe_seq"),
    "basket": ("no", "sale_id", "till", "state", "sale"),
}
"""Of those tables, what the pages can give, too; the first column tells rows apart."""
_WORK = """
CREATE TABLE chain (no INTEGER, seq INTEGER, kind INTEGER, version INTEGER, commitment BLOB,
    hash BLOB, PRIMARY KEY (no, seq, kind, version, commitment, hash));
CREATE TABLE body (place INTEGER, salt BLOB, bytes BLOB, digest BLOB,
    PRIMARY KEY (place, digest));
CREATE TABLE journal (no INTEGER PRIMARY KEY, id TEXT, store TEXT, till TEXT, lane TEXT,
    device_key BLOB, predecessor BLOB, genesis BLOB, sealed INTEGER);
CREATE TABLE journal_id (id TEXT PRIMARY KEY, no INTEGER);
CREATE TABLE journal_open (till TEXT, lane TEXT, no INTEGER, PRIMARY KEY (till, lane, no));
CREATE TABLE erase_order (place INTEGER PRIMARY KEY, order_id TEXT, ordered TEXT);
CREATE TABLE pruned (no INTEGER PRIMARY KEY, upto_seq INTEGER, upto_hash BLOB);
CREATE TABLE succession (no INTEGER PRIMARY KEY, predecessor TEXT, seq INTEGER, hash BLOB,
    reason TEXT);
"""
_KEEP = {
    "chain": "INSERT OR IGNORE INTO chain VALUES (?, ?, ?, ?, ?, ?)",
    "body": "INSERT OR IGNORE INTO body VALUES (?, ?, ?, ?)",
    "journal": "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET sealed = max(sealed, excluded.sealed)",
    "journal_id": "INSERT OR REPLACE INTO journal_id VALUES (?, ?)",
    "journal_open": "INSERT OR IGNORE INTO journal_open VALUES (?, ?, ?)",
    "erase_order": "INSERT OR IGNORE INTO erase_order VALUES (?, ?, ?)",
    "pruned": "INSERT INTO pruned VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
    " upto_seq = excluded.upto_seq, upto_hash = excluded.upto_hash"
    " WHERE excluded.upto_seq > upto_seq",
    "succession": "INSERT OR IGNORE INTO succession VALUES (?, ?, ?, ?, ?)",
}
_CANCELLED = b'{"type":"sale.cancelled","sale_id":"'
_ENROLLED = "enrolled/"
_AN_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SELECT = "SELECT * FROM ?"
_FROM_THE_END = " ORDER BY 1 DESC"
_UNREADABLE = (dbapi2.Error, UnicodeDecodeError)
"""SQLite quotes the damaged bytes in its errors."""
_NOT_AS_IT_IS = frozenset(
    {"chain", "body", "journal", "erase_order", "pruned", "succession", "event"} | {"incarnation"}
)
"""Tables that are put together anew, or begin anew."""


class ChainRow(msgspec.Struct, frozen=True):
    """A chain row as it was found."""

    seq: int
    kind: int
    version: int
    commitment: bytes
    hash: bytes


class JournalFound(msgspec.Struct, frozen=True):
    """What was found of a journal's own row; None of a field that is nowhere."""

    no: int
    id: str | None = None
    store: str | None = None
    till: str | None = None
    lane: str | None = None
    device_key: bytes | None = None
    predecessor: bytes | None = None
    genesis: bytes | None = None
    sealed: bool = False


class Wreck:
    """A damaged file, read once; what was found lies in a file of its own until `close`."""

    def __init__(self, path: Path, work: Path) -> None:
        """Read everything that can be read.

        Args:
            path: the damaged file, its log beside it.
            work: where to put what is found; is removed at the end.

        Raises:
            OSError: the damaged file itself cannot be read.
        """
        self._work = work
        work.unlink(missing_ok=True)
        self.conn: Any = dbapi2.connect(str(work), isolation_level=None)
        self.conn.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _WORK)
        self.conn.execute("BEGIN")
        self.tables: dict[str, list[dict[str, Any]]] = {}
        """Rows of the tables of `BY_SQLITE`, and of any table of another part of the program."""
        self._shaped: dict[str, dict[object, dict[str, Any]]] = {}
        self.last_cursor = 0
        """The newest event that is still there."""
        self.is_cut = False
        """SQLite believes only the beginning of the log: what it says of changing rows is old."""
        for record in records(path):
            self._take(record)
        self._ask_sqlite(path)

    def close(self) -> None:
        """Throw what was found away."""
        self.conn.close()
        self._work.unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """Give the numbers of all journals anything is left of."""
        rows = self.conn.execute(
            "SELECT no FROM journal UNION SELECT no FROM journal_id UNION SELECT no FROM chain"
            " UNION SELECT DISTINCT place >> 40 FROM body"
        )
        return sorted(row[0] for row in rows.fetchall())

    def journal(self, number: int) -> JournalFound:
        """Give what is known of a journal, from its row or from the indexes of its table."""
        row = self.conn.execute("SELECT * FROM journal WHERE no = ?", (number,)).fetchone()
        if row is not None:
            return JournalFound(*(*row[:8], bool(row[8])))
        id_ = self.conn.execute("SELECT id FROM journal_id WHERE no = ?", (number,)).fetchone()
        open_ = self.conn.execute(
            "SELECT till, lane FROM journal_open WHERE no = ?", (number,)
        ).fetchone()
        till, lane = open_ or (None, None)
        return JournalFound(
            no=number, id=id_ and id_[0], till=till, lane=lane, sealed=open_ is None
        )

    def enrolled_ids(self) -> list[str]:
        """Give whatever may be a journal's id in what HQ has signed for this machine's tills."""
        rows = self.tables.get("registry", [])
        kept = [row.get("value") for row in rows if str(row.get("key")).startswith(_ENROLLED)]
        texts = [each.decode("latin-1") for each in kept if isinstance(each, bytes)]
        return list(dict.fromkeys(found for text in texts for found in _AN_ID.findall(text)))

    def pruned(self, number: int) -> tuple[int, bytes]:
        """Give the mark up to which bodies were pruned; (0, nothing) where none is known."""
        row = self.conn.execute(
            "SELECT upto_seq, upto_hash FROM pruned WHERE no = ?", (number,)
        ).fetchone()
        return row or (0, b"")

    def succession(self, number: int) -> tuple[str, int, bytes, str] | None:
        """Give what a journal goes on from: journal, seq, hash, reason."""
        row: tuple[str, int, bytes, str] | None = self.conn.execute(
            "SELECT predecessor, seq, hash, reason FROM succession WHERE no = ?", (number,)
        ).fetchone()
        return row

    def last_seq(self, number: int) -> int:
        """Give the highest seq anything is left of."""
        return int(
            self.conn.execute(
                "SELECT max(coalesce((SELECT max(seq) FROM chain WHERE no = ?1), 0),"
                " coalesce((SELECT max(place) FROM body WHERE place BETWEEN ?2 AND ?3), ?2) - ?2)",
                (number, number << SEQ_BITS, number << SEQ_BITS | SEQ_MAX),
            ).fetchone()[0]
        )

    def rows(self, number: int, seq: int) -> list[ChainRow]:
        """Give every chain row that claims to be this entry, in the order they were found."""
        rows = self.conn.execute(
            "SELECT seq, kind, version, commitment, hash FROM chain WHERE no = ? AND seq = ?"
            " ORDER BY rowid",
            (number, seq),
        )
        return [ChainRow(*row) for row in rows.fetchall()]

    def bodies(self, number: int, seq: int) -> list[tuple[bytes, bytes]]:
        """Give every salt and body that claims to be of this entry."""
        rows = self.conn.execute(
            "SELECT salt, bytes FROM body WHERE place = ?", (number << SEQ_BITS | seq,)
        )
        return [(row[0], row[1]) for row in rows.fetchall()]

    def ended(self) -> set[str]:
        """Give the sales that were cancelled: an old page may still show their baskets."""
        rows = self.conn.execute(
            "SELECT bytes FROM body WHERE substr(bytes, 1, ?) = ?", (len(_CANCELLED), _CANCELLED)
        )
        texts = (bytes(row[0])[len(_CANCELLED) :] for row in rows.fetchall())
        return {text.partition(b'"')[0].decode("utf-8", "replace") for text in texts}

    def order(self, number: int, seq: int) -> tuple[str, str] | None:
        """Give the erase order of an entry, and when it was recorded."""
        row: tuple[str, str] | None = self.conn.execute(
            "SELECT order_id, ordered FROM erase_order WHERE place = ?",
            (number << SEQ_BITS | seq,),
        ).fetchone()
        return row

    def _take(self, record: Found) -> None:
        """Put a record where its shape belongs."""
        shaped = shape(record)
        if is_event(record):
            self.last_cursor = max(self.last_cursor, record.rowid or 0)
        if shaped is None:
            return
        table, values = shaped
        if table in _COLUMNS:
            row = dict(zip(_COLUMNS[table], values, strict=True))
            self._shaped.setdefault(table, {})[values[0]] = row
            return
        if table == "body":
            values = (*values, sha256(values[1] + values[2]).digest())
        self.conn.execute(_KEEP[table], values)

    def _ask_sqlite(self, path: Path) -> None:
        """Read the tables whose rows change; where SQLite gives up, the pages fill in."""
        given: dict[str, list[dict[str, Any]]] = {}
        sound: set[str] = set()
        # Of an empty file SQLite would throw the log away, which is all there is.
        if path.stat().st_size:
            self._read_tables(path, given, sound)
        for table in _COLUMNS:
            rows = _merged(given.get(table, []), self._shaped.get(table, {}), newer=self.is_cut)
            if table not in sound or (self.is_cut and table != "pairing"):
                given[table] = rows
        self.tables = given

    def _read_tables(
        self, path: Path, given: dict[str, list[dict[str, Any]]], sound: set[str]
    ) -> None:
        with suppress(*_UNREADABLE):
            conn = database.open_reading(path)
            conn.text_factory = _text
            for table in _tables(conn):
                rows, whole = _rows(conn, table)
                given[table] = rows
                if whole:
                    sound.add(table)
            log = path.with_name(f"{path.name}-wal")
            self.is_cut = commits_behind(log, database.frames_believed(path)) > 1
            conn.close()


def _merged(
    given: list[dict[str, Any]], shaped: dict[object, dict[str, Any]], *, newer: bool
) -> list[dict[str, Any]]:
    """Join what SQLite gives of a table to what the pages give, whichever is the newer."""
    by_sqlite = {next(iter(row.values())): row for row in given}
    return list((by_sqlite | shaped if newer else shaped | by_sqlite).values())


def _tables(conn: database.Database) -> list[str]:
    """Name the tables that are taken over as they are: all but the chain's and its read models."""
    names = [*BY_SQLITE]
    with suppress(*_UNREADABLE):
        found = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        names += [name for (name,) in found if name not in _NOT_AS_IT_IS]
    return [name for name in dict.fromkeys(names) if not name.startswith(("sqlite_", "_"))]


def _rows(conn: database.Database, table: str) -> tuple[list[dict[str, Any]], bool]:
    """Read a table from its beginning, and from its end where that breaks off."""
    rows: dict[object, dict[str, Any]] = {}
    whole = False
    with suppress(*_UNREADABLE):
        _read(conn.execute(_SELECT.replace("?", _quoted(table))), rows)
        whole = True
    if not whole:
        with suppress(*_UNREADABLE):
            _read(conn.execute(_SELECT.replace("?", _quoted(table)) + _FROM_THE_END), rows)
    return list(rows.values()), whole


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(cursor: database.Database, rows: dict[object, dict[str, Any]]) -> None:
    names = [column[0] for column in cursor.description]
    while (row := cursor.fetchone()) is not None:
        rows[row] = dict(zip(names, row, strict=True))
