"""What a till tells of leads and suggestions; a lead is a line of the history, too."""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.leads import LeadRedeemed, LeadTold
from agent.core.suggest import SuggestionAnswered
from central.histories.entry import Entry
from central.identity.cards import reached
from central.identity.interactions import record
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.leads.facts import Shown, keep_answer, keep_lead, keep_shown
from central.leads.telling import interaction_of_lead


def told(
    conn: Connection, entry: Entry, body: LeadTold | LeadRedeemed | SuggestionAnswered
) -> frozenset[str]:
    """Keep what was told; gives whose card it changes."""
    source = f"{entry.journal_id}/{entry.seq}"
    match body:
        case LeadTold():
            keep_lead(conn, body.lead, source)
            return _into_history(conn, entry, body)
        case LeadRedeemed():
            keep_shown(conn, Shown(body.sale_id, body.lead_id, body.at.wall))
        case SuggestionAnswered():
            keep_answer(conn, body, source)
    return frozenset()


def _into_history(conn: Connection, entry: Entry, body: LeadTold) -> frozenset[str]:
    """Show a lead begun at a till on the timeline of whose it is, where that is known."""
    party_id = body.lead.party_id
    if party_id is None:
        return frozenset()
    point = f"{body.store}/{body.till}"
    ensure(conn, party_id, Origin(point, body.at.wall), state=PROVISIONAL)
    line = interaction_of_lead(body.lead, f"{entry.journal_id}/{entry.seq}", point, body.actor)
    record(conn, party_id, line, entry.now)
    reached(conn, party_id, entry.journal_id, entry.seq)
    return frozenset({party_id})
