"""Which erasures must be looked at again: more has come in of the person, or a period has ended."""

from __future__ import annotations

from functools import partial

import structlog
from sqlalchemy import Connection, Engine, func, select, union

from agent.core.consent.retention import DataClass
from agent.core.entries.classes import CLASSES
from agent.core.faults import Fault
from agent.core.history import OPEN
from central.ledger.customer_tables import ORDERS, PSEUDONYMS
from central.ledger.engine import reading, transact
from central.ledger.privacy_tables import (
    ERASED_PARTIES,
    ERASURE_PLANS,
    ERASURES,
    PARTY_ENTRIES,
)
from central.privacy.authority import Authority
from central.privacy.rights import erase
from central.privacy.settings import PrivacySettings

_LOG = structlog.get_logger("central")
_KEPT = (DataClass.CONSENT, DataClass.REQUEST, DataClass.LOYALTY, DataClass.ORDER)
"""Classes of which something may rightly stay: that it is there is no reason to look again."""
_GOING = tuple(kind for kind, data_class in CLASSES.items() if data_class not in _KEPT)


def due_reviews(conn: Connection, today: str) -> list[str]:
    """List the requests of erasures that must be looked at again."""
    gone, held = ERASED_PARTIES.c, PARTY_ENTRIES.c
    told = (
        select(gone.request_id)
        .join(PARTY_ENTRIES, held.party_id == gone.party_id)
        .where(held.kind.in_(_GOING))
    )
    tied = select(gone.request_id).join(PSEUDONYMS, PSEUDONYMS.c.party_id == gone.party_id)
    order = ORDERS.c
    # What was still owed then: nothing keeps it once the order is over.
    over = (
        select(gone.request_id)
        .join(ORDERS, order.party_id == gone.party_id)
        .where(order.state.not_in(sorted(OPEN)))
    )
    ended = select(ERASURES.c.request_id).where(
        ERASURES.c.again_on != "", ERASURES.c.again_on < today
    )
    begun = set(conn.execute(select(ERASURES.c.request_id)).scalars())
    return sorted(begun.intersection(conn.execute(union(told, tied, over, ended)).scalars()))


def review_due(engine: Engine, settings: PrivacySettings, authority: Authority, now: str) -> int:
    """Look again at what is due, each erasure in a transaction of its own; gives how many.

    One that cannot be carried out holds up no other (P6): it stays due, and is said each time.
    """
    with reading(engine) as conn:
        due = due_reviews(conn, now[:10])
    done = 0
    for request_id in due:
        try:
            transact(engine, partial(_again, request_id, settings, authority, now))
        except Fault as fault:
            _LOG.error("an erasure is still due", request=request_id, reason=str(fault))
        else:
            done += 1
    return done


def _again(
    request_id: str, settings: PrivacySettings, authority: Authority, now: str, conn: Connection
) -> None:
    erase(conn, request_id, settings, authority, now)


def erasing_count(engine: Engine) -> int:
    """Count what erasures have decided so far: it grows with each of them, and each look again."""
    with reading(engine) as conn:
        counts = (
            select(func.count()).select_from(each) for each in (ERASED_PARTIES, ERASURE_PLANS)
        )
        return sum(conn.execute(query).scalar_one() for query in counts)
