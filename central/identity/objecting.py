"""Who does not want to be profiled: no rule joins them with anybody, a person may (GDPR, Art. 21).

Two records are put together to know more of somebody. Where one of them objects to that, what a
rule would have joined is asked instead, and joined by no more than a steward's word.
"""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.consent import ANY, ConsentRecord
from agent.core.consent.purposes import PROFILING
from central.identity.consents import keep_record
from central.identity.graph import met

_BEARS = frozenset({PROFILING.purpose, ANY})
"""Purposes whose answers decide it; who wants no letters may be known all the same."""


def keep_answer(conn: Connection, record: ConsentRecord, source: str, now: str) -> bool:
    """Keep an answer with what follows from it for who is one person; see `keep_record`."""
    is_new = keep_record(conn, record, source, now)
    if is_new and record.purpose in _BEARS:
        met(conn, [record.party_id])
    return is_new
