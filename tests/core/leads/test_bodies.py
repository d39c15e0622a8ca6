"""Leads travel as other facts do: the same bytes for the same lead."""

from __future__ import annotations

import msgspec

from agent.core.leads import Lead, LeadItem, LeadRedeemed, LeadTold
from agent.core.sale.model import Stamp

AT = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")
QUOTE = Lead("store-1/quote-7", "quote", "store", AT.wall, items=(LeadItem("coffee"),))


def test_bodies_survive_the_journal():
    """A quote made at a till would come back from the journal as something else."""
    told = LeadTold("store-1", "till-1", AT, QUOTE, actor="ann")
    shown = LeadRedeemed("sale-1", QUOTE.lead_id, "store-1", "till-1", AT)
    for body in (told, shown):
        assert body == msgspec.json.decode(msgspec.json.encode(body), type=LeadTold | LeadRedeemed)


def test_lead_about_anything_is_not_a_lead_about_nothing():
    """An emptied cart would come out of the journal as one about whatever is bought next."""
    for items in (None, ()):
        lead = msgspec.structs.replace(QUOTE, items=items)
        assert items == msgspec.json.decode(msgspec.json.encode(lead), type=Lead).items


def test_lead_told_is_about_whom_the_lead_is():
    """An erasure of the customer would leave what a till told of their quote."""
    known = msgspec.structs.replace(QUOTE, party_id="party-ada")
    for lead in (QUOTE, known):
        assert lead.party_id == LeadTold("store-1", "till-1", AT, lead).party_id
