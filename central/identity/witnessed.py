"""Answers that HQ's staff wrote down, as they come back out of what stores bear witness of."""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.consent import ConsentRecord
from agent.core.entries.kinds import KINDS
from agent.core.history.readings import of_consent
from central.identity.cards import publish_card
from central.identity.interactions import record as keep_line
from central.identity.objecting import keep_answer
from central.identity.parties import PROVISIONAL, Origin, canonical, ensure
from central.ledger.bulk import among
from central.ledger.privacy_tables import ERASED_PARTIES

CONSENT = KINDS[ConsentRecord].kind
WITNESSED = frozenset({CONSENT})
"""Kinds of entries that HQ says the same by."""
HQ = "hq"


def take_up_consent(conn: Connection, record: ConsentRecord, now: str) -> None:
    """Keep an answer HQ has forgotten, under the id it was given under; known, nothing happens.

    Answers are a set, and what was given in knowledge of which stands in them: in whatever order
    they come back, the most restrictive of those that stand decides.

    Args:
        conn: of a writing transaction.
        record: as it was given.
        now: HQ's time.
    """
    ensure(conn, record.party_id, Origin(HQ, record.at), state=PROVISIONAL)
    if not keep_answer(conn, record, HQ, now):
        return
    mine = among(conn, ERASED_PARTIES.c.party_id, [record.party_id])
    is_erased = conn.execute(ERASED_PARTIES.select().where(mine)).first() is not None
    happened = of_consent((HQ, 0), record)
    if happened.interaction is not None and not is_erased:
        keep_line(conn, record.party_id, happened.interaction, now)
    publish_card(conn, canonical(conn, record.party_id))
