"""Taking out what was stretched for the tills of persons who are erased."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from central.identity.known_by import known_by
from central.intake.root_key import RootKey, master_of
from central.ledger.key_tables import forget_stretches


def forget_stretches_of(conn: Connection, root: RootKey, party_ids: Sequence[str]) -> None:
    """Take the stretches of persons out: call it while what they are known by is still held.

    Args:
        conn: of the transaction that erases them.
        root: HQ's key; only with it can a stretch be found.
        party_ids: everybody who is erased.
    """
    master = master_of(root)
    forget_stretches(conn, sorted(map(master.fingerprint, known_by(conn, party_ids))))
