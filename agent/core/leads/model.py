"""Leads and bookings: what one channel began, what another sold, and who is credited for it.

A lead is told in versions, as a web cart changes while it is filled; a booking is a sale or an
order on any channel, line by line, net of tax. Neither is ever rewritten: credit is derived from
both, so that a fact that arrives late, a merge or the undo of one only asks for the sum again.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import PartyId
from agent.core.quantities import ONE, Minor, Thousandths


class LeadItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing a lead is about, and how much of it."""

    item: str
    """The key that `BookedLine.item` has of the same thing, on whatever channel."""
    quantity: Thousandths = ONE


class Lead(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of the intent to buy that a customer showed on some channel.

    The same `lead_id` told again with a higher `ver` is the lead as it stood from `at` on: a cart
    that was filled up or emptied. Earlier versions stay, since a purchase is credited to the lead
    as it stood at that time.
    """

    lead_id: str
    """Made by the channel and unique over all of them, for example `web/cart-17`."""
    kind: str
    """`cart`, `wishlist`, `quote`, `pick-up` … a word of the channel's; rules go by it."""
    channel: str
    """Who is credited: `web`, `store`, `catalogue`, `partner` …"""
    at: str
    """When this version was made: UTC, ISO 8601."""
    ver: int = 1
    touch_point: str = ""
    owner: str | None = None
    """The person or partner behind it, who is credited within the channel."""
    party_id: PartyId | None = None
    """As observed. None: nobody is known behind it, and only its code can redeem it."""
    items: tuple[LeadItem, ...] | None = None
    """What it is about. None: whatever the customer buys next; empty: nothing any more."""
    valid_until: str | None = None
    """UTC, ISO 8601: a quote's own end, where it comes before the rule's."""


class LineRef(msgspec.Struct, frozen=True):
    """One line of one booking: what a return gives back."""

    event: str
    line: int


class BookedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one line of a booking brought in."""

    line: int
    """Number within the booking."""
    quantity: Thousandths
    """Negative on a return."""
    net: Minor
    """Without tax, after every discount; negative on a return."""
    item: str | None = None
    returns: LineRef | None = None


class Booking(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sale, a return or an order, as the channel that made it booked it."""

    event: str
    """Unique over all channels: the sale id, or `channel/order`."""
    channel: str
    at: str
    """When, by HQ's clock as far as the till knew it: UTC, ISO 8601."""
    business_date: str
    """The day it is reported under, ISO 8601."""
    currency: str
    lines: tuple[BookedLine, ...]
    touch_point: str = ""
    party_id: PartyId | None = None
    """As observed."""
    redeemed: tuple[str, ...] = ()
    """Ids of the leads whose code, order number or quote was shown."""


class Credit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of one line's net, and the channel that earned it. Of a return it is negative."""

    event: str
    line: int
    business_date: str
    currency: str
    booked: str
    """The channel that booked the line."""
    channel: str
    """The channel that is credited."""
    net: Minor
    why: str
    """One of `REASONS`."""
    touch_point: str = ""
    owner: str | None = None
    lead_id: str | None = None
    rule: str = ""
    """Name and version of the rule a lead was credited by."""


SOLD = "sold"
"""No lead was behind it: the channel that made the sale."""
KEPT = "kept"
"""The share the rule leaves to the channel that made the sale, beside a lead."""
REDEEMED = "lead-redeemed"
"""The lead's code, order number or quote was shown."""
CUSTOMER = "lead-of-customer"
"""The customer was recognised, and had shown that intent within the window."""
TAKEN_BACK = "taken-back"
"""Goods came back: each is debited what it was credited for them."""
RETURN_ALONE = "return-alone"
"""Goods came back without a sale to be found: the channel that took them back."""
REASONS = (SOLD, KEPT, REDEEMED, CUSTOMER, TAKEN_BACK, RETURN_ALONE)


class Conversion(msgspec.Struct, frozen=True):
    """How much of a line a lead had asked for; credited or not, that much of it is done."""

    lead_id: str
    event: str
    line: int
    quantity: Thousandths
    why: str
    """`REDEEMED` or `CUSTOMER`."""
