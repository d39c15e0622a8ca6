"""The access log: one row per person read, durable before the answer leaves.

Durable is first a line beside the database, which waits for nobody's turn there; a row of the
ledger it is within `SETTLE_S`, and before anybody asks who has looked. A read that cannot be
written down is not answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Connection, Engine
from uuid_utils import uuid7

from agent.core.faults import Fault
from central.ledger.engine import transact
from central.ledger.tables import PERSON_READS
from central.ledger.upserts import upsert
from central.privacy.spool import Spool

SETTLE_S = 1.0
"""How long a read may stand in no backup of the database."""
FOLDER = "reads"
"""Of the state directory."""
_KEEP = upsert(PERSON_READS).on_conflict_do_nothing()
_LOG = structlog.get_logger("central")


class _Look(msgspec.Struct, frozen=True, array_like=True):
    """One row, as a line."""

    party_id: str
    read_id: str
    at: str
    reader: str
    action: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Look).decode


class AccessRecorder:
    """Writes down reads of persons; a `ledger.hq.AccessLog`."""

    def __init__(self, engine: Engine, directory: Path, now: Callable[[], str]) -> None:
        """Keep the database, the state directory and HQ's clock."""
        self._engine = engine
        self._spool = Spool(directory / FOLDER)
        self._now = now

    def __call__(self, reader: str, action: str, party_ids: Sequence[str]) -> None:
        """Write one line for each person; nothing for a search that found nobody.

        Raises:
            LedgerBusy: it could not be written, so the read must not be answered.
        """
        at = self._now()
        looks = [
            _encode(_Look(party_id, str(uuid7()), at, reader, action))
            for party_id in dict.fromkeys(party_ids)
        ]
        if looks:
            self._spool.append(looks)

    def settle(self) -> None:
        """Make rows of all that was written.

        Raises:
            LedgerBusy: the database could not be written; the lines stay, and nothing is lost.
        """
        self._spool.take(self._keep)

    def look(self) -> bool:
        """Settle as a beat does: what comes meanwhile has time until the next one.

        Settled at once again, each few reads of a busy HQ would cost a commit of their own, and
        whoever reads would wait for the disk beside it.
        """
        self.settle()
        return False

    def close(self) -> None:
        """Make rows of the last of it; where that fails, the next start does."""
        try:
            self.settle()
        except Fault as fault:
            _LOG.error("reads of persons are kept as lines until the next start", why=fault.detail)
        self._spool.close()

    def _keep(self, lines: Sequence[bytes]) -> None:
        if looks := [*_read(lines)]:
            transact(self._engine, partial(_insert, looks))


def _insert(looks: Sequence[_Look], conn: Connection) -> None:
    conn.execute(_KEEP, [msgspec.structs.asdict(look) for look in looks])


def _read(lines: Sequence[bytes]) -> Iterator[_Look]:
    for line in lines:
        try:
            yield _decode(line)
        except msgspec.MsgspecError:
            # Its sync never came back, so that nothing was answered: a power cut tore it.
            _LOG.warning("a torn line of the access log is left out", size=len(line))
