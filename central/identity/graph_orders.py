"""What people decided about who is who, as evidence that stores hold: it survives a rewound HQ.

A decision is born at HQ, so a backup older than it does not have it. It therefore goes out as a
signed order to a few stores, each of whose tills writes it into its `side` journal; an HQ that was
restored recognises its own signature there and decides the same again (P5). Edges are an OR-set:
coming back late, twice or after their undo changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, select, update

from agent.core.history.graph import PartyEdge, Retraction
from agent.core.identifiers import PartyId
from central.identity.graph import say, take_back
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.ledger.bulk import among
from central.ledger.customer_tables import PARTIES
from central.ledger.graph_tables import DECISIONS
from central.ledger.tables import JOURNALS
from central.ledger.upserts import upsert

WITNESSES = 3
"""Stores that hold a decision: one alone may burn down, and thousands need not hear of it."""
_KEEP = upsert(DECISIONS).on_conflict_do_nothing()


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of an `identity` order: a decision as it stands. It names ids only, and no reason."""

    decision_id: str
    kind: str
    """`merge`, `separation` or `rejection`."""
    party_ids: tuple[PartyId, ...]
    actor: str
    at: str
    edges: tuple[PartyEdge, ...]
    undo_id: str = ""
    """Empty while it stands."""
    undone_by: str = ""
    undone_at: str = ""


def take_up(conn: Connection, decided: Decided, reason: str) -> None:
    """Have a decision hold, or be undone, whatever of it is known already.

    Args:
        conn: of a writing transaction.
        decided: as it was decided, or as a store's evidence has it.
        reason: for HQ's own books, where it does not know the decision.
    """
    conn.execute(_KEEP, _row(decided, reason))
    for party_id in dict.fromkeys(_named(decided)):
        # A rewound HQ may hear of a merge before it hears of its people.
        ensure(conn, party_id, Origin("hq", decided.at), state=PROVISIONAL)
    say(conn, decided.edges)
    if decided.undo_id:
        undo = (decided.undo_id, decided.undone_by, decided.undone_at)
        take_back(conn, [Retraction(edge.fact_id, *undo) for edge in decided.edges])
        _note_undone(conn, decided, reason)


def witnesses(conn: Connection, decision_id: str, party_ids: Sequence[PartyId]) -> list[str]:
    """Choose the stores that are to hold a decision: where its people were met, then any."""
    query = select(JOURNALS.c.store).where(JOURNALS.c.ended_at.is_(None)).distinct()
    stores = {str(store) for store in conn.execute(query).scalars()}
    theirs = among(conn, PARTIES.c.party_id, party_ids)
    origins = conn.execute(select(PARTIES.c.origin).where(theirs)).scalars()
    met = {str(origin).partition("/")[0] for origin in origins}

    def far(store: str) -> tuple[bool, bytes]:
        return store not in met, sha256(f"{decision_id} {store}".encode()).digest()

    return sorted(stores, key=far)[:WITNESSES]


def _named(decided: Decided) -> Iterator[PartyId]:
    yield from decided.party_ids
    for edge in decided.edges:
        yield from (edge.party_id, edge.other)


def _note_undone(conn: Connection, decided: Decided, reason: str) -> None:
    standing = (DECISIONS.c.decision_id == decided.decision_id) & DECISIONS.c.undo_id.is_(None)
    conn.execute(
        update(DECISIONS)
        .where(standing)
        .values(
            undo_id=decided.undo_id,
            undone_by=decided.undone_by,
            undone_at=decided.undone_at,
            undo_reason=reason,
        )
    )


def _row(decided: Decided, reason: str) -> dict[str, str | bytes]:
    return {
        "decision_id": decided.decision_id,
        "kind": decided.kind,
        "parties": msgspec.json.encode(decided.party_ids),
        "actor": decided.actor,
        "at": decided.at,
        "reason": reason,
    }
