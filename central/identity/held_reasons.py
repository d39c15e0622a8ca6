"""Words that staff wrote about persons beside a decision: they go, and the decision stays.

Who was merged with whom, and what was booked by hand, names ids and amounts. Why it was decided may
name the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, or_, select, update

from agent.core.consent.erasure import Holding
from agent.core.consent.retention import DataClass
from central.ledger.bulk import among
from central.ledger.graph_tables import DECISIONS, IDENTITY_EDGES
from central.ledger.value_tables import VALUE_FINDINGS

_D, _F = DECISIONS.c, VALUE_FINDINGS.c


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


def findings(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List whose points were booked or settled by hand for a reason, each owner as one piece."""
    mine = among(conn, _F.owner, parties) & _F.reason.is_not(None)
    query = select(_F.owner).distinct().where(mine)
    for owner in conn.execute(query.order_by(_F.owner)).scalars():
        yield Holding(f"finding/{owner}", DataClass.NOTE)


def erase_findings(conn: Connection, keys: Sequence[str]) -> None:
    """Leave what was booked and by whom, and no word of why."""
    conn.execute(update(VALUE_FINDINGS).where(among(conn, _F.owner, keys)).values(reason=None))
