"""Which entries of this file speak of a person: what an order to erase them means besides.

Rare, and of a file that HQ has mostly emptied already: it is read through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.core.consent.erasure import EntryKey
from agent.core.consent.retention import DataClass
from agent.core.entries.classes import CLASSES
from agent.core.identifiers import JournalId, PartyId
from agent.journal.connection import Connection

About = tuple[EntryKey, DataClass, tuple[PartyId, ...]]
"""An entry, its class, and whom of those asked for it speaks of."""


def about(conn: Connection, party_ids: Sequence[PartyId]) -> Iterator[About]:
    """Give the entries that speak of some parties, whatever else they say."""
    for party_id in dict.fromkeys(party_ids):
        rows = conn.execute(
            "SELECT j.id, c.seq, c.commitment, c.kind FROM chain c"
            " JOIN journal j ON j.no = c.journal"
            " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
            " WHERE c.kind BETWEEN 101 AND 199 AND instr(b.bytes, CAST(? AS BLOB)) > 0",
            (f'"{party_id}"',),
        ).fetchall()
        for journal_id, seq, commitment, kind in rows:
            if kind in CLASSES:
                entry = EntryKey(JournalId(journal_id), seq, bytes(commitment).hex())
                yield entry, CLASSES[kind], (party_id,)
