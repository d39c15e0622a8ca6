"""`fold(card, entries)`: what a customer's card says after some entries; the same at till and HQ.

HQ's card says through which entry of each journal it goes. A till folds its own entries into that
card, and shows what HQ will show once those entries have arrived there.

A sale and what ties it to a party stand in two journals, so one may be in the card's reach and the
other not yet. A sale is therefore new to a card as long as *either* of the two is above `through`,
and `through` advances only over entries whose effect the card now has. Give `fold` both: entries
at or below `through` do no harm, and where a new one says otherwise, they say which came last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

import msgspec

from agent.core.consent.checking import compact
from agent.core.history.answers import last_answers, merge_consents, most_restrictive
from agent.core.history.happenings import Entry, happenings_of
from agent.core.history.interactions import is_quiet, timeline
from agent.core.history.model import NAME, SHOWN, Card, Happening, Interaction, Order
from agent.core.history.orders import advance, with_order
from agent.core.history.survivorship import Survivor, survivors
from agent.core.loyalty.expiring import Expiring

LAST_SHOWN = 5
"""Interactions on a card: what fits beside a basket, and all a till needs to hold of a person."""


def fold(card: Card, entries: Iterable[Entry]) -> Card:
    """Give the card with the effect of entries it does not have yet, in whatever order they come.

    Args:
        card: as HQ published it, or made at this till.
        entries: of any journals and parties; those of others are passed over. As journals are read
            from their beginning, without gaps, any split into several calls gives the same card,
            provided that each call holds both halves of a sale: the sale and its attribution.

    Returns:
        See `enter`.
    """
    return enter(card, happenings_of(entries))


def enter(card: Card, happenings: Iterable[Happening]) -> Card:
    """Give the card with the effect of happenings it does not have yet, in any order.

    Args:
        card: as HQ published it, or made at this till.
        happenings: of any parties and channels; those of others are passed over. Those the card
            goes through already are compared with, and have no effect again.

    Returns:
        The card with name, consents and points as told, orders as they now stand, new interactions
        in front, newest first and at most `LAST_SHOWN`, and `through` advanced. `ver` is HQ's and
        stays.
    """
    told = [each for each in happenings if _belongs(card, each)]
    new = [each for each in told if not covers(card, each)]
    if not new:
        return card
    lines = (each.interaction for each in new if each.interaction)
    card = _with_orders(_answered(_named(card, told, new), told, new), told, new)
    return msgspec.structs.replace(
        card,
        last=last(card.last, lines),
        points=card.points + sum(each.points for each in _once(new)),
        expiring=_expiring(card, new),
        marks=compact((*card.marks, *(mark for each in new for mark in each.marks))),
        known=_known(card, new),
        passes=tuple(dict.fromkeys((*card.passes, *(one for each in new for one in each.passes)))),
        through=_advanced(card.through, new),
    )


def covers(card: Card, happening: Happening) -> bool:
    """Tell whether the card goes through everything this happening consists of."""
    return all(seq <= card.through.get(stream, 0) for stream, seq in happening.places)


def last(shown: Sequence[Interaction], more: Iterable[Interaction] = ()) -> tuple[Interaction, ...]:
    """Keep the newest `LAST_SHOWN` of both, each event once, and nothing that is only bookkeeping.

    Points and answers stand beside the basket anyway; as lines they would push out the purchases.
    """
    return timeline(each for each in (*shown, *more) if not is_quiet(each))[:LAST_SHOWN]


def _belongs(card: Card, happening: Happening) -> bool:
    return happening.party_id == card.party_id or happening.party_id in card.members


def _known(card: Card, new: Iterable[Happening]) -> tuple[str, ...]:
    told = {word.field for each in new for word in each.words}
    return tuple(sorted({*card.known, *(told - SHOWN)}))


def _expiring(card: Card, new: Iterable[Happening]) -> Expiring | None:
    """Take off what was spent: it is what ends first."""
    spent = -sum(min(0, each.points) for each in _once(new))
    if card.expiring is None or spent >= card.expiring.points:
        return None
    return msgspec.structs.replace(card.expiring, points=card.expiring.points - spent)


def _once(happenings: Iterable[Happening]) -> Iterable[Happening]:
    """Take each event once, however often it was told."""
    return {each.event: each for each in happenings}.values()


def _named(card: Card, told: Sequence[Happening], new: Sequence[Happening]) -> Card:
    """Take over the name told last, where the card's own is no stronger.

    A new word may also take an old one out of the running, so that yet another one is last: the
    card has that one already weighed, unless it shows the very word that is out.
    """
    name, before = _name(told), _name(each for each in told if covers(card, each))
    if name is None or (before and before.shown == name.shown):
        return card
    is_new = any(name.shown in each.words for each in new)
    if card.name and not (is_new or (before and before.value == card.name)):
        return card
    strength = name.shown.strength
    if card.name and strength < card.name_strength:
        return card
    return msgspec.structs.replace(card, name=name.value, name_strength=strength)


def _name(told: Iterable[Happening]) -> Survivor | None:
    return survivors(word for each in told for word in each.words).get(NAME)


def _answered(card: Card, told: Sequence[Happening], new: Sequence[Happening]) -> Card:
    """Take over the last answers, where they are new; of others what `_named` says holds.

    Of a merged person the card does not say under which id a no was given, so a yes under another
    one does not end it here: HQ decides, and until then the more restrictive is shown.
    """
    before = last_answers(each for each in told if covers(card, each))
    events = {each.event for each in new}
    given = [
        answer
        for question, (answer, event) in last_answers(told).items()
        if event in events or (question in before and before[question][0] in card.consents)
    ]
    if not given:
        return card
    refused = [answer for answer in card.consents if not answer.given and card.members]
    held = merge_consents(card.consents, most_restrictive([given]))
    return msgspec.structs.replace(card, consents=most_restrictive([held, refused]))


def _with_orders(card: Card, told: Sequence[Happening], new: Sequence[Happening]) -> Card:
    """Bring orders to the state they have after what is new.

    A state alone puts no order on a card: it may have been collected elsewhere long ago.
    """
    for order_no in dict.fromkeys(each.order.order_no for each in new if each.order):
        held = [each for each in card.orders if each.order_no == order_no]
        if held or any(each.lines for each in _told_of(order_no, new)):
            card = with_order(card, reduce(advance, [*held, *_told_of(order_no, told)]))
    return card


def _told_of(order_no: str, told: Sequence[Happening]) -> list[Order]:
    """Give everything told of an order, the oldest first."""
    told = sorted(told, key=lambda each: (each.at, each.event))
    return [each.order for each in told if each.order and each.order.order_no == order_no]


def _advanced(through: dict[str, int], new: Iterable[Happening]) -> dict[str, int]:
    """Move `through` up to the entries whose effect the card now has; never back."""
    moved = dict(through)
    for stream, seq in (place for each in new for place in each.places):
        moved[stream] = max(seq, moved.get(stream, 0))
    return moved
