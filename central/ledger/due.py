"""What is to be derived anew: noted in the transaction of the effect, worked off soon after.

A note is one row, however often it is made. Whoever changes what a customer did, may be told or is
taken for notes it here; what is derived of it is not this room's business.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from central.ledger.lead_tables import LEAD_DUE
from central.ledger.upserts import upsert

PARTY = "party"
"""By any id the party ever had."""
LEAD = "lead"
EVENT = "event"
"""A booking: the sale id, or `channel/order`."""
ORDER = "order"
"""By its number."""

_NEW = upsert(LEAD_DUE)
# Not `do_nothing`: on PostgreSQL that would pass over a row which is just being worked off, and
# what came meanwhile would be forgotten.
_NOTE = _NEW.on_conflict_do_update(index_elements=["kind", "id"], set_={"tries": 0})


def note_due(conn: Connection, kind: str, ids: Iterable[str]) -> None:
    """Have what hangs on these derived anew, in the caller's writing transaction."""
    rows = [{"kind": kind, "id": each, "tries": 0} for each in sorted(set(ids))]
    if rows:
        conn.execute(_NOTE, rows)
