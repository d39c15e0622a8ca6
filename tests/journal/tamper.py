"""Changes every byte of a journal, one at a time, and counts how many changes go unseen.

`python -m tests.journal.tamper [RECORDS]` (1,000 by default; some minutes) prints what it did:
every byte of what the database holds of each entry, as the verifier walks it; every byte of the
exported archive, as its reader takes it; and how fast both are. It ends with 1 if anything went
unseen.
"""

from __future__ import annotations

import copy
import random
import sys
import tempfile
from itertools import islice
from pathlib import Path
from time import perf_counter

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pysqlite3 import dbapi2

from agent.core.entries.archive import ArchiveReader, ArchiveRefused
from agent.core.entries.chain import commitment, linker
from agent.journal import Journal, archives, links
from agent.journal.device_key import DeviceKey, keyid
from agent.journal.links import Broken, JournalRow, journals
from agent.journal.tails import SEQ_BITS
from agent.journal.verify import _Numbers, _taken_at, verify
from tests.journal.shop import STORE, CountingClock, close_day, sell, sign_on

SAMPLES = 200
"""Changes that the whole verification is asked about, to see that the walk speaks for it."""
BLOBS = (("body", "salt"), ("body", "bytes"), ("chain", "commitment"), ("chain", "hash"))
NUMBERS = ("kind", "version", "receipts", "z_number", "closed_seq")


class Count(msgspec.Struct):
    """What came of the changes to one thing."""

    made: int = 0
    unseen: int = 0

    def __str__(self):
        return f"{self.made:,} changes, {self.unseen} unseen"


def key():
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return DeviceKey(private, public, keyid(public))


def filled(path, device, records):
    """Fill a till's two journals, half and half, with a closing now and then."""
    with Journal.open(
        path,
        store=STORE,
        tills=["till-1"],
        device_key=device.public_bytes,
        clock=CountingClock(1),
    ) as journal:

        def fill(conn):
            for number in range(records // 2):
                sign_on(conn, f"actor-{number}")
                if number % 50 == 49:
                    close_day(conn, number // 50 + 1)
                else:
                    sell(conn, f"sale-{number}")

        journal.write_blocking(fill)
        return journal.read_blocking(
            lambda conn: list(archives.lines(conn, STORE, "2026-05-04T10:11:12.345Z", device))
        )


def bare(path):
    """Open the file as somebody does who has removed every trigger."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {name}")
    conn.execute("PRAGMA synchronous = OFF")
    return conn


def notices(conn, journal, seq):
    """Tell whether walking over an entry and the next one stumbles."""
    numbers = _Numbers(*_taken_at(conn, journal, seq - 1))
    try:
        for row in islice(links.walk(conn, journal, seq - 1), 2):
            numbers.take(row)
    except Broken:
        return True
    return False


def rows(conn, stride=1):
    """Change every byte of every stored entry; gives what came of it."""
    count, chance = Count(), random.Random(7)
    page, links.PAGE = links.PAGE, 2
    conn.execute("BEGIN")
    try:
        for journal in journals(conn):
            for seq in range(1, journal.tail_seq + 1, stride):
                for change, back in changes(conn, journal, seq, chance):
                    conn.execute(*change)
                    count.made += 1
                    if not notices(conn, journal, seq):
                        count.unseen += 1
                        sys.stdout.write(f"UNSEEN: {change}\n")
                    conn.execute(*back)
    finally:
        conn.execute("ROLLBACK")
        links.PAGE = page
    return count


def changes(conn, journal, seq, chance):
    """Give each change to an entry, and how it is taken back."""
    for table, column in BLOBS:
        read, write, at = statements(table, column, journal, seq)
        (value,) = conn.execute(read, at).fetchone()
        for position in range(len(value)):
            changed = bytearray(value)
            changed[position] ^= 1 << chance.randrange(8)
            yield (write, (bytes(changed), *at)), (write, (value, *at))
    for column in NUMBERS:
        read, write, at = statements("chain", column, journal, seq)
        (value,) = conn.execute(read, at).fetchone()
        for bit in range(16):
            yield (write, (value ^ 1 << bit, *at)), (write, (value, *at))


def statements(table, column, journal, seq):
    """Give what reads a column of an entry, what writes it, and their parameters."""
    where, at = "journal = ? AND seq = ?", (journal.no, seq)
    if table == "body":
        where, at = "place = ?", (journal.no << SEQ_BITS | seq,)
    read, write = "SELECT @ FROM # WHERE ", "UPDATE # SET @ = ? WHERE "
    read, write = (sql.replace("@", column).replace("#", table) for sql in (read, write))
    return read + where, write + where, at


def sampled(conn, count):
    """Ask the whole verification about some changes."""
    chance, held = random.Random(11), journals(conn)
    seen = Count()
    for _ in range(count):
        journal: JournalRow = chance.choice(held)
        seq = chance.randrange(1, journal.tail_seq + 1)
        change, back = chance.choice(list(changes(conn, journal, seq, chance)))
        conn.execute(*change)
        seen.made += 1
        seen.unseen += all(report.ok for report in verify(conn))
        conn.execute(*back)
    return seen


def clone(reader):
    """Copy a reader that stands between two lines."""
    twin = copy.copy(reader)
    twin._digest = reader._digest.copy()
    twin._journals = set(reader._journals)
    return twin


def refused(reader, lines):
    """Tell whether a reader refuses what follows."""
    try:
        for line in lines:
            reader.take(line)
        reader.finish()
    except ArchiveRefused:
        return True
    return False


def archive(lines, stride=1):
    """Change every byte of an archive; gives what came of it."""
    count, chance = Count(), random.Random(13)
    reader = ArchiveReader(archives.signed_by)
    for at, line in enumerate(lines):
        for position in range(at % stride, len(line), stride):
            changed = bytearray(line)
            changed[position] ^= 1 << chance.randrange(8)
            # A line end that is none any more runs into the next line; a new one cuts a line.
            rest = b"".join((bytes(changed), *lines[at + 1 : at + 2]))
            pieces = [piece + b"\n" for piece in rest.split(b"\n")]
            pieces[-1] = pieces[-1][:-1]
            follows = [*(piece for piece in pieces if piece), *lines[at + 2 :]]
            count.made += 1
            if not refused(clone(reader), follows):
                count.unseen += 1
                sys.stdout.write(f"UNSEEN: line {at + 1}, byte {position}\n")
        reader.take(line)
    reader.finish()
    return count


def speeds(conn, lines):
    """Measure in entries per second: bare hashes, the archive's reader, the whole verification."""
    held = conn.execute(
        "SELECT c.seq, c.kind, c.version, c.commitment, b.salt, b.bytes FROM chain c JOIN body b"
        " ON b.place = (c.journal << 40 | c.seq) WHERE c.journal = 1 ORDER BY c.seq"
    ).fetchall()
    first = journals(conn)[0]
    begun, hash_, linked = perf_counter(), first.genesis, linker(first.id)
    for seq, kind, version, committed, salt, text in held:
        if commitment(salt, text) != committed:
            raise AssertionError(seq)
        hash_ = linked(seq, hash_, kind, version, committed)
    hashes = len(held) / (perf_counter() - begun)
    begun = perf_counter()
    assert not refused(ArchiveReader(archives.signed_by), lines)
    read = len(lines) / (perf_counter() - begun)
    begun = perf_counter()
    entries = sum(report.tail_seq for report in verify(conn))
    return hashes, read, entries / (perf_counter() - begun)


def main(records):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        lines = filled(path, key(), records)
        conn = bare(path)
        assert all(report.ok for report in verify(conn))
        sys.stdout.write(f"{records} entries, {sum(map(len, lines)):,} bytes as an archive\n")
        stored = rows(conn)
        sys.stdout.write(f"stored entries: {stored}\n")
        whole = sampled(conn, SAMPLES)
        sys.stdout.write(f"asked of the whole verification: {whole}\n")
        filed = archive(lines)
        sys.stdout.write(f"archive: {filed}\n")
        hashes, read, verified = speeds(conn, lines)
        sys.stdout.write(
            f"entries/s: {hashes:,.0f} hashes alone, {read:,.0f} read from an archive, "
            f"{verified:,.0f} verified with every body, number and index\n"
        )
        conn.close()
    return 1 if stored.unseen or whole.unseen or filed.unseen else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 1_000))
