"""The access log: one row per person read, durable before the answer leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Engine, insert
from uuid_utils import uuid7

from central.ledger.engine import writing
from central.ledger.tables import PERSON_READS


class AccessRecorder:
    """Writes down reads of persons; a `ledger.hq.AccessLog`."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Keep the database and HQ's clock."""
        self._engine = engine
        self._now = now

    def __call__(self, reader: str, action: str, party_ids: Sequence[str]) -> None:
        """Write one row for each person; nothing for a search that found nobody.

        Raises:
            LedgerBusy: the row could not be written, so the read must not be answered.
        """
        at = self._now()
        rows = [
            {
                "party_id": party_id,
                "read_id": str(uuid7()),
                "at": at,
                "reader": reader,
                "action": action,
            }
            for party_id in dict.fromkeys(party_ids)
        ]
        if rows:
            with writing(self._engine) as conn:
                conn.execute(insert(PERSON_READS), rows)
