"""The wallet passes that are held: what a card carries of them to the tills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from agent.core.history import Pass
from central.ledger.bulk import among
from central.ledger.wallet_tables import WALLET_PASSES


def passes_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[str, tuple[Pass, ...]]:
    """List the passes under some ids, by id; those without any left out."""
    held = WALLET_PASSES.c
    found: defaultdict[str, list[Pass]] = defaultdict(list)
    query = select(WALLET_PASSES).where(among(conn, held.party_id, party_ids))
    for row in conn.execute(query.order_by(held.party_id, held.pass_id)):
        found[row.party_id].append(Pass(row.pass_id, row.secret, row.key))
    return {party_id: tuple(each) for party_id, each in found.items()}
