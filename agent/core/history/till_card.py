"""The card beside the basket: at most six lines, of what the presented means opens and no more.

`till_card` folds the till's own newest entries into what HQ says, closes what the strength of the
means does not open, and writes the lines in one fixed order, so that a cashier finds each with one
glance: name, tier, orders ready here, consents, one prompt, one hint. A line with nothing to say is
left out. Text is made to fit one line, whatever somebody typed into a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain

import msgspec

from agent.core.consent.purposes import ANY
from agent.core.entries.bodies import ConsentGiven
from agent.core.history.fold import fold
from agent.core.history.happenings import Entry
from agent.core.history.interactions import STORE_CHANNEL
from agent.core.history.model import Card, Interaction, Order
from agent.core.identifiers import PartyId, StoreId
from agent.core.quantities import decimal_text, exponent
from agent.core.recognition import Part, Strength, opens

LINE_CHARACTERS_MAX = 80
READY = "ready"

# Controls, and the marks that turn the direction of what follows (UAX 9): a name holds them by
# accident or by intent, and either way the lines below would suffer.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+|\\s+")


class LineKind(StrEnum):
    """What a line is about, in the order of the lines."""

    NAME = "name"
    TIER = "tier"
    ORDERS = "orders"
    CONSENTS = "consents"
    PROMPT = "prompt"
    HINT = "hint"


class Cue(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prompt or a hint that others chose, with the id an answer to it names."""

    text: str
    ref: str | None = None


class CardLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the card."""

    kind: LineKind
    text: str
    """At most `LINE_CHARACTERS_MAX` characters, on one line."""
    ref: str | None = None
    """Of a prompt or a hint: its id."""


class TillCard(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a till shows of a customer."""

    strength: Strength
    """Of the means by which they were recognised."""
    lines: tuple[CardLine, ...]
    """At most one of each `LineKind`, in that order."""
    party_id: PartyId | None = None
    """None where the means names nobody."""
    orders: tuple[Order, ...] = ()
    """Still open, where that is opened."""
    last: tuple[Interaction, ...] = ()
    """The last interactions on any channel, newest first, where that is opened."""
    through: dict[str, int] = {}
    """Journal id → highest seq in it: this till's unsent entries are counted in."""


def till_card(
    card: Card,
    entries: Iterable[Entry],
    *,
    strength: Strength,
    store: StoreId,
    ask: str | None = None,
    prompt: Cue | None = None,
    hints: Sequence[Cue] = (),
) -> TillCard:
    """Make the card that a till shows.

    Args:
        card: as HQ says it, or as made at this till.
        entries: this till's own, of which those above `through` are folded in.
        strength: of the means that was presented, as in `Recognition.strength`.
        store: this store: an order that waits elsewhere is not ready here.
        ask: `Recognition.ask`: shown as the hint where not everything is open.
        prompt: the one question that is due, if one is.
        hints: for this customer, the most useful first; where there is none, one is made of the
            card.
    """
    if not opens(strength, Part.NAME):
        return TillCard(strength, tuple(_line(LineKind.HINT, ask)))
    shown = opened(fold(card, entries), strength)
    hint = _hint(shown, strength, store, ask, hints)
    lines = (
        *_line(LineKind.NAME, shown.name or "no name given"),
        *_line(LineKind.TIER, _tier(shown)),
        *_line(LineKind.ORDERS, _ready(shown.orders, store)),
        *_line(LineKind.CONSENTS, _consents(shown.consents)),
        *_cue(LineKind.PROMPT, prompt if opens(strength, Part.PROMPT) else None),
        *_cue(LineKind.HINT, hint),
    )
    return TillCard(strength, lines, shown.party_id, shown.orders, shown.last, shown.through)


def opened(card: Card, strength: Strength) -> Card:
    """Give the card with everything left out that a strength does not open.

    Where not even the name opens, the party's id is all that is left, and it is the caller's to
    keep to itself. What a till checks wallet passes by is shown to nobody.
    """
    named = opens(strength, Part.NAME)
    return Card(
        party_id=card.party_id,
        name=card.name if named else "",
        tier=card.tier if opens(strength, Part.TIER) else None,
        points=card.points if opens(strength, Part.POINTS) else 0,
        consents=card.consents if opens(strength, Part.CONSENTS) else (),
        orders=card.orders if opens(strength, Part.ORDERS) else (),
        last=card.last if opens(strength, Part.HISTORY) else (),
        through=card.through,
        ver=card.ver,
        name_strength=card.name_strength,
        members=card.members if named else (),
        marks=card.marks if opens(strength, Part.CONSENTS) else (),
        silences=card.silences if opens(strength, Part.PROMPT) else (),
        known=card.known if opens(strength, Part.PROMPT) else (),
        insight=card.insight if opens(strength, Part.HINT) else None,
        expiring=card.expiring if opens(strength, Part.POINTS) else None,
    )


def _line(kind: LineKind, text: str | None, ref: str | None = None) -> Iterator[CardLine]:
    fitting = _fitting(text or "")
    if fitting:
        yield CardLine(kind, fitting, ref)


def _cue(kind: LineKind, cue: Cue | None) -> Iterator[CardLine]:
    return _line(kind, cue.text, cue.ref) if cue is not None else iter(())


def _fitting(text: str) -> str:
    plain = _UNSEEN.sub(" ", text).strip()
    if len(plain) <= LINE_CHARACTERS_MAX:
        return plain
    return plain[: LINE_CHARACTERS_MAX - 1].rstrip() + "…"


def _tier(card: Card) -> str:
    points = f"{card.points} points" if card.points else ""
    return ", ".join(part for part in (card.tier, points, _expiring(card)) if part)


def _expiring(card: Card) -> str:
    """Say what ends next, and its last day."""
    ends = card.expiring
    return f"{ends.points} of them until {ends.last_day}" if ends and card.points else ""


def _ready(orders: Iterable[Order], store: StoreId) -> str:
    """Name the orders that wait here; those still to be paid first, lest the line's end hide it."""
    here = [order for order in orders if order.state == READY and order.collect_at == store]
    here.sort(key=lambda order: order.paid)
    return f"{len(here)} ready here: {', '.join(map(_order, here))}" if here else ""


def _order(order: Order) -> str:
    if order.paid:
        return order.order_no
    amount = decimal_text(order.total, exponent(order.currency))
    return f"{order.order_no} (to pay: {amount} {order.currency})"


def _consents(consents: Sequence[ConsentGiven]) -> str:
    """Say each answer; the noes first, since they bind and a long line is cut."""
    noes = _purposes(each for each in consents if not each.given)
    yeses = _purposes(each for each in consents if each.given)
    said = (("no to ", noes), ("yes to ", yeses))
    return "; ".join(word + purposes for word, purposes in said if purposes)


def _purposes(consents: Iterable[ConsentGiven]) -> str:
    contacts: dict[str, list[str]] = {}
    for each in consents:
        purpose = "everything" if each.purpose == ANY else each.purpose
        contacts.setdefault(purpose, []).append(each.contact)
    return ", ".join(
        purpose if ANY in over else f"{purpose} by {' and '.join(over)}"
        for purpose, over in contacts.items()
    )


def _hint(
    card: Card, strength: Strength, store: StoreId, ask: str | None, hints: Sequence[Cue]
) -> Cue | None:
    """Choose the one hint: what to ask for, what others found, else what the card shows itself."""
    if not opens(strength, Part.HINT):
        return Cue(ask) if ask else None
    made = (Cue(text) for text in (*_under_way(card.orders, store), *_elsewhere(card.last)))
    return next(chain(hints, made), None)


def _under_way(orders: Iterable[Order], store: StoreId) -> Iterator[str]:
    """Say where orders are that are not ready here: what customers ask for first."""
    for order in orders:
        if order.state != READY:
            yield f"order {order.order_no} of {order.channel} is {order.state}"
        elif order.collect_at != store:
            yield f"order {order.order_no} is ready at {order.collect_at or 'another place'}"


def _elsewhere(last: Iterable[Interaction]) -> Iterator[str]:
    """Say what happened last on another channel: the customer need not tell it again."""
    for each in last:
        if each.channel != STORE_CHANNEL:
            yield f"last on {each.channel}: {each.title}"
