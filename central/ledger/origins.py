"""Where a carried entry was born, also where its till does not know that any more.

A till whose damaged file has lost a journal's id carries its entries under a name of its own. Where
HQ holds them, they are those of another journal of that till, under the same number.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from agent.core.entries.bodies import EntryCarried
from agent.core.exchange.signed import unhex
from central.ledger.tables import CHAIN, JOURNALS


def origin(conn: Connection, carrier: str, body: EntryCarried) -> str:
    """Name the journal a carried entry was first written in.

    Args:
        conn: any transaction.
        carrier: id of the journal that carries it.
        body: what it carries.

    Returns:
        As the entry says, unless HQ knows no such journal and holds the very entry in another one.
    """
    known = select(JOURNALS.c.journal_id).where(JOURNALS.c.journal_id == body.journal)
    if conn.execute(known).first() is not None:
        return body.journal
    own, others = JOURNALS.alias(), JOURNALS.c
    query = (
        select(CHAIN.c.journal_id)
        .join(JOURNALS, others.journal_id == CHAIN.c.journal_id)
        .join(own, (own.c.store == others.store) & (own.c.till == others.till))
        .where(own.c.journal_id == carrier, others.journal_id != carrier)
        .where(CHAIN.c.seq == body.seq, CHAIN.c.commitment == unhex(body.commitment))
    )
    return conn.execute(query).scalars().first() or body.journal
