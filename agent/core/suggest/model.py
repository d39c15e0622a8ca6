"""What a shop may keep of a customer's buying, and what it may say about it: small, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from agent.core.identifiers import ActorId, PartyId, SaleId, StoreId, TillId
from agent.core.leads import OpenLead
from agent.core.quantities import BasisPoints, Minor, Thousandths
from agent.core.sale.model import Stamp

SHOWN_MAX = 3
"""Suggestions at a time: more are not read out."""


class TopItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something the customer buys again and again."""

    item: str
    visits: int
    """Bookings it was bought in."""
    quantity: Thousandths
    """Bought, less what came back."""
    last: str
    """Business date."""
    every_days: int = 0
    """The middle of the times between two purchases; 0 where there is no rhythm yet."""


class Day(msgspec.Struct, frozen=True):
    """What was bought, ordered or brought back on one day."""

    day: str
    items: tuple[str, ...]


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a customer's buying, and nothing else: this is the allow-list.

    Each field is a count of the customer's own purchases over `ProfileRule.horizon_days`, and can
    be told to them in one sentence. It is made anew from the bookings each time, never changed.
    """

    as_of: str
    """The business date it was made for."""
    first: str = ""
    last: str = ""
    """Days of the first and the last purchase; empty where there was none."""
    days: int = 0
    """Different days with a purchase."""
    visits: dict[str, int] = {}
    """Channel to purchases there."""
    spent: dict[str, Minor] = {}
    """Currency to net spent, less what came back."""
    top: tuple[TopItem, ...] = ()
    """At most `ProfileRule.top`, most bought first."""
    lately: tuple[Day, ...] = ()
    """The last `lately_days`, newest first: what is not suggested, on whatever channel it was."""
    lately_days: int = 0
    owned: tuple[str, ...] = ()
    """Of the things one has once: those the customer has."""


class Insight(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a till is handed of a customer's buying, by their yes: all that suggestions need."""

    profile: Profile
    wished: tuple[OpenLead, ...] = ()
    """Open leads of the customer's own, the freshest first; who is credited for them is left out.
    """
    declined: tuple[str, ...] = ()
    """Items the customer has said no to, for as long as the shop lets a no last."""


class Reason(msgspec.Struct, frozen=True):
    """Why something is suggested: a key of `REASONS`, and the values its sentence needs.

    An `item` or `with` is an item's key: whoever shows the sentence knows its name.
    """

    key: str
    values: dict[str, str | int]


class Suggestion(msgspec.Struct, frozen=True):
    """One thing to point out to the customer."""

    item: str
    reason: Reason
    strength: BasisPoints
    """How good the reason is among those of its key."""


WISHED = "wished"
"""It stands in an open cart, wish list or quote of the customer's own."""
GOES_WITH_BASKET = "goes-with-basket"
"""Others buy it together with something that is in the basket now."""
DUE_AGAIN = "due-again"
"""The customer buys it in a rhythm, and the time has come."""
GOES_WITH_USUAL = "goes-with-usual"
"""Others buy it together with something this customer buys often."""

REASONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        WISHED: ("item", "channel", "kind", "day"),
        GOES_WITH_BASKET: ("item", "with", "together", "baskets"),
        DUE_AGAIN: ("item", "visits", "every_days", "last"),
        GOES_WITH_USUAL: ("item", "with", "together", "baskets", "visits"),
    }
)
"""Key to the values it carries, the best reason first."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        WISHED: "{item}: in the customer's {kind} ({channel}) since {day}",
        GOES_WITH_BASKET: "{item}: in {together} of {baskets} baskets with {with}",
        DUE_AGAIN: "{item}: bought {visits} times, about every {every_days} days, last on {last}",
        GOES_WITH_USUAL: "{item}: in {together} of {baskets} baskets with {with}, "
        "which this customer bought {visits} times",
    }
)
"""The sentences in English; another language is another such table."""


class SuggestionAnswered(
    msgspec.Struct, frozen=True, omit_defaults=True, tag="suggestion.answered"
):
    """What the customer said to a suggestion, so that nobody says it twice. Journal `side`."""

    party_id: PartyId
    item: str
    reason: str
    """The key."""
    taken: bool
    store: StoreId
    till: TillId
    at: Stamp
    sale_id: SaleId | None = None
    actor: ActorId | None = None
