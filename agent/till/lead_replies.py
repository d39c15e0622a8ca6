"""What the till answers about leads, suggestions, and what is handed over to other desks."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import PartyId
from agent.core.quantities import Minor, Thousandths
from agent.till.replies import SaleView


class Suggested(msgspec.Struct, frozen=True):
    """One thing to point out to the customer, and why."""

    item: str
    """By which an answer names it."""
    name: str
    unit_price: Minor | None
    reason: str
    """`wished`, `goes-with-basket`, `due-again` or `goes-with-usual`."""
    values: dict[str, str | int]
    """What the reason's sentence needs, for another language."""
    said: str
    """The reason as a sentence."""
    item_id: str = ""
    """To be added by `POST …/lines`."""
    unit: str = "each"
    """`each` or `kg`, which is weighed."""


class BoughtBefore(msgspec.Struct, frozen=True):
    """A line of the basket that the customer has bought before."""

    line: int
    last: str
    """Business date of the last time."""


class Suggestions(msgspec.Struct, frozen=True):
    """At most three things to point out; where there are none, why not."""

    party_id: PartyId | None = None
    suggestions: tuple[Suggested, ...] = ()
    why: str = ""
    """Why nothing is suggested; empty where something is."""
    bought_before: tuple[BoughtBefore, ...] = ()


class HandedOver(msgspec.Struct, frozen=True):
    """A note or a task that is kept; everybody it is for hears of it."""

    id: str


class LeadItemView(msgspec.Struct, frozen=True):
    """One thing a lead is about."""

    item: str
    name: str
    quantity: Thousandths
    """Still open, in thousandths."""
    listed: bool
    """Whether it is in the catalogue here."""
    refused: str = ""
    """Why it was not put into the basket, though that was asked for."""


class LeadShown(msgspec.Struct, frozen=True):
    """A lead's code is kept with the sale: whoever brought the customer is credited."""

    sale: SaleView
    lead_id: str
    known: bool
    """Whether the customer's card carries it here; unknown here, it counts at HQ all the same."""
    items: tuple[LeadItemView, ...] = ()
    """What of it was not bought yet."""


class LeadKept(msgspec.Struct, frozen=True):
    """A lead that was begun here."""

    lead_id: str
    code: str
    """What a QR code of it holds, to be shown at any till or typed into the web store."""
