"""Words that staff wrote about persons beside a decision: they go, and the decision stays.

Who was merged with whom, what was booked by hand, for how long a dispute kept everything and which
identifier names nobody say ids, amounts and days. Why it was decided may name the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from sqlalchemy import Connection, or_, select, update

from agent.core.consent.erasure import Holding
from agent.core.consent.retention import DataClass
from central.ledger.bulk import among
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.graph_tables import BLOCKS, DECISIONS, IDENTITY_EDGES
from central.ledger.privacy_tables import ERASURE_HOLDS
from central.ledger.value_tables import VALUE_FINDINGS

_DIGEST_CHARACTERS = 16
_D, _F, _H, _B = DECISIONS.c, VALUE_FINDINGS.c, ERASURE_HOLDS.c, BLOCKS.c
_I = IDENTIFIERS.c


def decisions(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List the decisions about who is who that were given a reason."""
    edge = IDENTITY_EDGES.c
    theirs = select(edge.event).where(among(conn, edge.party_id, parties))
    said = or_(_D.reason != "", _D.undo_reason != "")
    query = select(_D.decision_id).where(_D.decision_id.in_(theirs), said)
    for decision_id in conn.execute(query.order_by(_D.decision_id)).scalars():
        yield Holding(f"decision/{decision_id}", DataClass.NOTE)


def erase_decisions(conn: Connection, keys: Sequence[str]) -> None:
    """Leave who decided what, and no word of why."""
    theirs = among(conn, _D.decision_id, keys)
    conn.execute(update(DECISIONS).where(theirs).values(reason=""))
    undone = theirs & _D.undo_reason.is_not(None)
    conn.execute(update(DECISIONS).where(undone).values(undo_reason=""))


def holds(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List the disputes for which data was kept; none goes while one of them lasts."""
    query = select(_H.hold_id).where(among(conn, _H.party_id, parties), _H.reason != "")
    for hold_id in conn.execute(query.order_by(_H.hold_id)).scalars():
        yield Holding(f"hold/{hold_id}", DataClass.NOTE)


def erase_holds(conn: Connection, keys: Sequence[str]) -> None:
    """Leave that there was a dispute, until when and by whose word, and no word of why."""
    conn.execute(update(ERASURE_HOLDS).where(among(conn, _H.hold_id, keys)).values(reason=""))


def blocks(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List the identifiers of a person that were said to name nobody, for a reason."""
    theirs = select(_I.type).where(
        among(conn, _I.party_id, parties), _I.type == _B.type, _I.value == _B.value
    )
    query = select(_B.type, _B.value).where(theirs.exists(), _B.reason != "")
    for row in conn.execute(query.order_by(_B.type, _B.value)):
        yield Holding(f"block/{_digest(row.type, row.value)}", DataClass.NOTE)


def erase_blocks(conn: Connection, keys: Sequence[str]) -> None:
    """Leave that it names nobody, which is true of others who hold it, and no word of why."""
    wanted = set(keys)
    for row in conn.execute(select(_B.type, _B.value).where(_B.reason != "")).all():
        if _digest(row.type, row.value) in wanted:
            same = (_B.type == row.type) & (_B.value == row.value)
            conn.execute(update(BLOCKS).where(same).values(reason=""))


def _digest(kind: str, value: str) -> str:
    return sha256(f"{kind}\0{value}".encode()).hexdigest()[:_DIGEST_CHARACTERS]


def findings(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List whose points were booked or settled by hand for a reason, each owner as one piece."""
    mine = among(conn, _F.owner, parties) & _F.reason.is_not(None)
    query = select(_F.owner).distinct().where(mine)
    for owner in conn.execute(query.order_by(_F.owner)).scalars():
        yield Holding(f"finding/{owner}", DataClass.NOTE)


def erase_findings(conn: Connection, keys: Sequence[str]) -> None:
    """Leave what was booked and by whom, and no word of why."""
    conn.execute(update(VALUE_FINDINGS).where(among(conn, _F.owner, keys)).values(reason=None))
