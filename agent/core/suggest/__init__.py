"""At most three suggestions, each with its reason, for customers who said yes.

- `profile_of(verdict, bookings, ...)` at HQ: a few counts of the customer's own purchases on every
  channel. Its fields are the allow-list of what a card may carry; with the customer's yes gone, or
  the customer erased, there is no profile.
- `pair_up(baskets, ...)` at HQ: what is bought together, counted over everyone, kept only where
  enough different people did. It is no personal data and goes to every till.
- `Insight` is what of it a card carries to the tills: profile, open leads, noes.
- `suggest(verdict, profile, visit, shop)` at the till, online or not, and on every other channel:
  from the customer's open carts and wish lists, from the basket, from their rhythm, from what they
  usually buy. Never what was bought lately on any channel; a till that may not have heard of the
  latest purchases elsewhere says nothing.
- `Reason` is a key and values; `sentence` says it in any language, so that customer and cashier
  are told why.
"""

from __future__ import annotations

from agent.core.suggest.model import (
    DUE_AGAIN,
    GOES_WITH_BASKET,
    GOES_WITH_USUAL,
    REASONS,
    SHOWN_MAX,
    WISHED,
    WORDS,
    Day,
    Insight,
    Profile,
    Reason,
    Suggestion,
    SuggestionAnswered,
    TopItem,
)
from agent.core.suggest.pairings import Basket, Pairing, PairingRule, Pairings, pair_up
from agent.core.suggest.profile import ProfileRule, may, profile_of
from agent.core.suggest.rhythm import Repeats, cut_points, repeats, score
from agent.core.suggest.suggesting import Shop, Visit, bought_before, sentence, suggest

__all__ = [
    "DUE_AGAIN",
    "GOES_WITH_BASKET",
    "GOES_WITH_USUAL",
    "REASONS",
    "SHOWN_MAX",
    "WISHED",
    "WORDS",
    "Basket",
    "Day",
    "Insight",
    "Pairing",
    "PairingRule",
    "Pairings",
    "Profile",
    "ProfileRule",
    "Reason",
    "Repeats",
    "Shop",
    "Suggestion",
    "SuggestionAnswered",
    "TopItem",
    "Visit",
    "bought_before",
    "cut_points",
    "may",
    "pair_up",
    "profile_of",
    "repeats",
    "score",
    "sentence",
    "suggest",
]
