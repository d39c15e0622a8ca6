"""Having a snapshot made by a process of its own, and putting it on the shelf when it is whole."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from agent.core.exchange.cursors import Cursor
from agent.core.exchange.replica import FORMAT, SHAPES
from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.signed import Sign
from agent.core.exchange.snapshots import Manifest, SignedManifest, make_manifest
from agent.core.faults import Fault
from central.feed import shelf
from central.feed.building import Built, Order, run
from central.ledger.engine import transact

MAKING = "making-"
"""What the name of a folder begins with while it is filled."""
_LOG = structlog.get_logger("central")


class SnapshotFailed(Fault):
    """A snapshot could not be made; tills read pages until one can."""

    name = "snapshot-failed"
    title = "A snapshot could not be made"


class Maker:
    """Makes one snapshot at a time."""

    def __init__(
        self, engine: Engine, folder: Path, sign: Sign, master: Master, now: Callable[[], str]
    ) -> None:
        """Prepare.

        Args:
            engine: the ledger.
            folder: where a folder for each snapshot is made.
            sign: by HQ's root key.
            master: what their rows are sealed with.
            now: HQ's clock, for show.
        """
        self._engine, self._folder, self._sign, self._now = engine, folder, sign, now
        self._master = master
        self._lock, self._is_stopped = Lock(), False
        self._process: SpawnProcess | None = None

    def make(self, scope: str, holder: str) -> None:
        """Make a snapshot of a scope now, and give it out.

        Args:
            scope: of the feed.
            holder: names the state directory it lies in.

        Raises:
            SnapshotFailed: the process that makes it failed; it said why. Or somebody in it was
                erased meanwhile.
            OSError: the folder cannot be written.
        """
        snapshot_id = secrets.token_hex(16)
        folder = self._folder / f"{MAKING}{snapshot_id}"
        try:
            folder.mkdir(mode=0o700)
            database = self._engine.url.render_as_string(hide_password=False)
            built = self._build(Order(database, scope, str(folder), self._master))
            signed = make_manifest(self._sign, self._manifest(snapshot_id, scope, built))
            row = self._row(snapshot_id, scope, built, signed) | {"holder": holder}
            folder = folder.rename(self._folder / snapshot_id)
            transact(self._engine, lambda conn: _put(conn, row))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _LOG.info("snapshot made", scope=scope, rows=built.rows, bytes=built.size)

    def stop(self) -> None:
        """End what is being made, from any thread; nothing is made from now on."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()

    def _build(self, order: Order) -> Built:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        with ours:
            with theirs, self._lock:
                if self._is_stopped:
                    raise _failed("HQ stops")
                process = context.Process(target=run, args=(order, theirs), daemon=True)
                process.start()
                self._process = process
            return _said(ours, process)

    def _manifest(self, snapshot_id: str, scope: str, built: Built) -> Manifest:
        return Manifest(
            snapshot_id=snapshot_id,
            scope=scope,
            epoch=built.epoch,
            cursor=str(Cursor(built.epoch, built.fseq, built.running_hash)),
            format=FORMAT,
            shapes=SHAPES,
            rows=built.rows,
            size=built.size,
            sha256=built.sha256,
            chunks=built.chunks,
            made_at=self._now(),
        )

    def _row(
        self, snapshot_id: str, scope: str, built: Built, signed: SignedManifest
    ) -> dict[str, object]:
        return {
            "scope": scope,
            "snapshot_id": snapshot_id,
            "epoch": built.epoch,
            "fseq": built.fseq,
            "running_hash": built.running_hash,
            "rows_held": built.rows,
            "made_at": self._now(),
            "manifest": signed.manifest,
            "signature": signed.signature,
        }


def _put(conn: Connection, row: dict[str, Any]) -> None:
    if shelf.erased_since(conn, row["scope"], row["fseq"]):
        raise _failed("somebody was erased while it was made")
    shelf.put(conn, row)


def _said(pipe: Pipe, process: SpawnProcess) -> Built:
    """Wait for what the process has to say; one that dies says nothing."""
    try:
        said = pipe.recv()
    except EOFError:
        said = ""
    process.join()
    if isinstance(said, Built):
        return said
    raise _failed(said or f"its process ended with {process.exitcode}")


def _failed(why: str) -> SnapshotFailed:
    return SnapshotFailed(why, remedy="look into HQ's log and at its disk")
