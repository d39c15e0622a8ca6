"""Making a snapshot: HQ reads its own feed as a till does, into a file, and packs it in chunks.

The changes are read in portions, each in a short transaction of its own: nobody waits for it, and
the database's log can be emptied meanwhile. What is true of a till that reads pages is true of the
file: every key's newest change up to the position at the end is in it, whatever is published while
it is read.

It runs in a process of its own, so that packing a million customers takes no turn from those who
serve.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from multiprocessing import parent_process
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

import msgspec
import zstandard
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from agent.core.exchange.cursors import Cursor
from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.snapshots import Chunk
from agent.core.exchange.wire import FeedItem
from agent.core.faults import Fault
from central.feed.filling import Filling
from central.feed.sealing import Sealer
from central.ledger.engine import open_engine, reading
from central.ledger.epoch import current_epoch
from central.ledger.key_tables import forgotten, generation
from central.ledger.outbox import position
from central.ledger.replica_files import DatabaseError, new_replica
from central.ledger.tables import FEED_ROWS

CHUNK_BYTES = 1 << 20
"""As it travels: on a slow line a broken connection costs seconds, not minutes."""
PORTION = 5_000
_READ_BYTES = 1 << 20
_LEVEL = 3
_POLITE = 10


class Order(msgspec.Struct, frozen=True):
    """What is to be made."""

    database: str
    scope: str
    folder: str
    """Exists and is empty: the chunks are put there as `0`, `1` …"""
    master: Master
    """What its rows are sealed with; it goes to the process through a pipe."""
    chunk_bytes: int = CHUNK_BYTES


class Built(msgspec.Struct, frozen=True):
    """What was made."""

    epoch: str
    fseq: int
    running_hash: str
    rows: int
    size: int
    sha256: str
    chunks: tuple[Chunk, ...]


def build(engine: Engine, order: Order) -> Built:
    """Make the chunks of a scope's snapshot, durable; the index of them is the caller's.

    Raises:
        OSError: no room, or no right.
        DatabaseError: SQLite could not write the file.
        SnapshotOvertaken: HQ began another epoch meanwhile.
    """
    folder = Path(order.folder)
    whole = folder / "whole"
    try:
        cursor, rows = _fill(engine, order, whole)
        digest, chunks = _pack(whole, folder, order.chunk_bytes)
        size = whole.stat().st_size
    finally:
        whole.unlink(missing_ok=True)
    _settle(folder)
    return Built(cursor.epoch, cursor.fseq, cursor.fh, rows, size, digest, chunks)


class SnapshotOvertaken(Exception):
    """HQ began another epoch while its feed was read."""


def _fill(engine: Engine, order: Order, path: Path) -> tuple[Cursor, int]:
    scope, sealer = order.scope, Sealer(engine, order.master)
    with reading(engine) as conn:
        began = Cursor(current_epoch(conn), *position(conn, scope))
        sealed_for = generation(conn, scope)
    with new_replica(path) as file:
        filling, at = Filling(file, scope), 0
        while True:
            with reading(engine) as conn:
                portion, mark = _portion(conn, scope, at), forgotten(conn)
                here = Cursor(current_epoch(conn), *position(conn, scope))
            if here.epoch != began.epoch:
                raise SnapshotOvertaken
            closed = sealer.sealed(scope, sealed_for, portion, mark)
            for changes, again in _by_age(closed, began.fseq):
                filling.add(changes, again=again)
            if len(portion) < PORTION:
                break
            at = portion[-1].fseq
        filling.settle(str(here))
    return here, filling.rows


def _portion(conn: Connection, scope: str, after: int) -> list[FeedItem]:
    query = select(FEED_ROWS).where(FEED_ROWS.c.scope == scope, FEED_ROWS.c.fseq > after)
    rows = conn.execute(query.order_by(FEED_ROWS.c.fseq).limit(PORTION))
    return [FeedItem(row.fseq, row.key, row.ver, row.op, msgspec.Raw(row.body)) for row in rows]


def _by_age(portion: list[FeedItem], began: int) -> Iterator[tuple[list[FeedItem], bool]]:
    """Part what was there at the beginning from what came since: only that can replace a row."""
    yield [change for change in portion if change.fseq <= began], False
    yield [change for change in portion if change.fseq > began], True


def _pack(whole: Path, folder: Path, chunk_bytes: int) -> tuple[str, tuple[Chunk, ...]]:
    digest, left = hashlib.sha256(), bytearray()
    chunks: list[Chunk] = []
    for packed in _packed(whole, digest):
        left += packed
        while len(left) >= chunk_bytes:
            chunks.append(_keep(folder / str(len(chunks)), bytes(left[:chunk_bytes])))
            del left[:chunk_bytes]
    if left:
        chunks.append(_keep(folder / str(len(chunks)), bytes(left)))
    return digest.hexdigest(), tuple(chunks)


def _packed(whole: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    packer = zstandard.ZstdCompressor(level=_LEVEL).compressobj(size=whole.stat().st_size)
    with whole.open("rb") as file:
        while content := file.read(_READ_BYTES):
            digest.update(content)
            yield packer.compress(content)
    yield packer.flush()


def _keep(path: Path, content: bytes) -> Chunk:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Chunk(hashlib.sha256(content).hexdigest(), len(content))


def _settle(folder: Path) -> None:
    for place in (folder, folder.parent):
        handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def run(order: Order, said: Pipe) -> None:
    """Be the process that makes one; says `Built`, or why not."""
    os.nice(_POLITE)
    # Ctrl-C is for HQ, which ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_hq, name="end-with-hq", daemon=True).start()
    engine = open_engine(order.database)
    try:
        said.send(build(engine, order))
    except (Fault, OSError, SQLAlchemyError, SnapshotOvertaken, DatabaseError) as error:
        said.send(f"{type(error).__name__}: {error}")
    finally:
        engine.dispose()


def _end_with_hq() -> None:
    """End at once where HQ was killed: nobody knows of this process, and it reads the database.

    A restore on PostgreSQL would be refused for it; the folder it leaves is removed by the next
    HQ (`keeping`).
    """
    hq = parent_process()
    if hq is not None:
        wait([hq.sentinel])
        os._exit(1)
