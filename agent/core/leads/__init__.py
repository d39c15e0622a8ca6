"""Leads: what one channel began and another sold, and who is credited for it.

A web cart, a wish list, a quote or a colleague's word is a `Lead`; a sale or an order on any
channel is a `Booking`. `credit(leads, bookings, rules, canonical)` derives the rest:

- A lead counts for a booking when its code was shown there, or when the same customer made both,
  within the rule's window. It counts for what it is about, as much as it asked for and has not
  been bought since; the other pieces are the seller's.
- Among the leads that count, the rule decides: `first`, `last`, `split`, `window`. The seller may
  keep a share.
- Goods that come back take from each channel what it was credited for them, in proportion, exactly.
- The credits of a line add up to its net, so those of a day add up to its net sales.

Nothing here is a fact of its own: facts are leads and bookings, and the credits are derived again
for the group (`groups`) a late fact falls into. A merge of two customers is another `canonical`;
its undo is the one before, and the credits are what they were.

Times decide here only how a report shares money out. Whoever wants no customer followed from
channel to channel leaves the party out of the lead: shown at the till, it still counts.
"""

from __future__ import annotations

from agent.core.leads.bodies import LeadRedeemed, LeadTold
from agent.core.leads.booking import booked_lines, corrected
from agent.core.leads.crediting import Credited, credit
from agent.core.leads.grouping import Group, booking_nodes, groups, lead_nodes
from agent.core.leads.model import (
    CUSTOMER,
    KEPT,
    REASONS,
    REDEEMED,
    RETURN_ALONE,
    SOLD,
    TAKEN_BACK,
    BookedLine,
    Booking,
    Conversion,
    Credit,
    Lead,
    LeadItem,
    LineRef,
)
from agent.core.leads.opened import OpenLead, moment
from agent.core.leads.rules import NOBODY, CreditRule, rule_on
from agent.core.leads.standing import STANDINGS, standing
from agent.core.leads.views import Cell, Sum, by_booked, by_credited, crossing, net_sales

__all__ = [
    "CUSTOMER",
    "KEPT",
    "NOBODY",
    "REASONS",
    "REDEEMED",
    "RETURN_ALONE",
    "SOLD",
    "STANDINGS",
    "TAKEN_BACK",
    "BookedLine",
    "Booking",
    "Cell",
    "Conversion",
    "Credit",
    "CreditRule",
    "Credited",
    "Group",
    "Lead",
    "LeadItem",
    "LeadRedeemed",
    "LeadTold",
    "LineRef",
    "OpenLead",
    "Sum",
    "booked_lines",
    "booking_nodes",
    "by_booked",
    "by_credited",
    "corrected",
    "credit",
    "crossing",
    "groups",
    "lead_nodes",
    "moment",
    "net_sales",
    "rule_on",
    "standing",
]
