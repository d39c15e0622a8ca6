"""What channels and tills tell of leads, kept as told; what follows of it is derived later."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from agent.core.leads import Lead
from agent.core.suggest import SuggestionAnswered
from central.ledger.customer_tables import SALES
from central.ledger.due import LEAD, PARTY, note_due
from central.ledger.lead_tables import LEADS, LEADS_SHOWN, SUGGESTION_ANSWERS
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")
_KEEP_LEAD = upsert(LEADS).on_conflict_do_nothing()
_KEEP_SHOWN = upsert(LEADS_SHOWN).on_conflict_do_nothing()
_KEEP_ANSWER = upsert(SUGGESTION_ANSWERS).on_conflict_do_nothing()


class Shown(NamedTuple):
    """The code of a lead, shown at a purchase."""

    sale_id: str
    lead_id: str
    at: str


def keep_lead(conn: Connection, lead: Lead, source: str) -> None:
    """Keep one version of a lead.

    Args:
        conn: of `writing`.
        lead: as told; its party is the one observed.
        source: where it was told: `channel/event`, or `journal/seq`.
    """
    row = {
        "lead_id": lead.lead_id,
        "ver": lead.ver,
        "source": source,
        "channel": lead.channel,
        "kind": lead.kind,
        "at": lead.at,
        "party_id": lead.party_id,
        "body": _json.encode(lead),
    }
    conn.execute(_KEEP_LEAD, row)
    note_due(conn, LEAD, [lead.lead_id])


def keep_shown(conn: Connection, shown: Shown) -> None:
    """Keep that a lead's code was shown, whether or not anyone has heard of that lead yet."""
    held = select(SALES.c.sale_id).where(SALES.c.sale_id == shown.sale_id)
    booked = conn.execute(held).first() is not None
    conn.execute(_KEEP_SHOWN, shown._asdict() | {"booked": booked})
    note_due(conn, LEAD, [shown.lead_id])


def keep_answer(conn: Connection, answer: SuggestionAnswered, source: str) -> None:
    """Keep what a customer said to a suggestion."""
    row = {
        "party_id": answer.party_id,
        "source": source,
        "item": answer.item,
        "reason": answer.reason,
        "taken": answer.taken,
        "touch_point": f"{answer.store}/{answer.till}",
        "at": answer.at.wall,
        "sale_id": answer.sale_id,
    }
    conn.execute(_KEEP_ANSWER, row)
    note_due(conn, PARTY, [answer.party_id])
