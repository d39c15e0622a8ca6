"""`fold(card, entries)`: what a customer's card says after some entries; the same at till and HQ.

HQ's card says through which entry of each journal it goes. A till folds its own entries into that
card, and shows what HQ will show once those entries have arrived there.

A sale and what ties it to a party stand in two journals, so one may be in the card's reach and the
other not yet. A sale is therefore new to a card as long as *either* of the two is above `through`,
and `through` advances only over entries whose effect the card now has. Give `fold` both: entries
at or below `through` do no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agent.core.entries.bodies import (
    Body,
    ConsentGiven,
    PartyEnrolled,
    SaleAttributed,
    SaleCompleted,
)
from agent.core.history.interactions import interaction_of, timeline
from agent.core.history.model import Card, Interaction
from agent.core.identifiers import JournalId

LAST_SHOWN = 5
"""Interactions on a card: what fits beside a basket, and all a till needs to hold of a person."""

Entry = tuple[JournalId, int, Body]
"""Journal, seq and body of one sealed fact."""


def fold(card: Card, entries: Iterable[Entry]) -> Card:
    """Give the card with the effect of entries it does not have yet, in whatever order they come.

    Args:
        card: as HQ published it, or made at this till.
        entries: of any journals and parties; those of others are passed over. As journals are read
            from their beginning, without gaps, any split into several calls gives the same card,
            provided that each call holds both halves of a sale: the sale and its attribution.

    Returns:
        The card with names and consents as enrolled, new interactions in front, newest first and
        at most `LAST_SHOWN`, and `through` advanced. `ver` is HQ's and stays.
    """
    held = list(entries)
    enrolments = [entry for entry in _enrolments(card, held) if not _covers(card, entry)]
    pairs = [pair for pair in _pairs(card, held) if not all(_covers(card, one) for one in pair)]
    reach = [*enrolments, *(one for pair in pairs for one in pair)]
    return msgspec.structs.replace(
        _enrolled(card, [body for _, _, body in enrolments]),
        last=last(card.last, [interaction_of(sale[2]) for sale, _ in pairs]),
        through=_advanced(card.through, reach),
    )


def last(shown: Sequence[Interaction], more: Iterable[Interaction] = ()) -> tuple[Interaction, ...]:
    """Keep the newest `LAST_SHOWN` of both, each event once."""
    return timeline([*shown, *more])[:LAST_SHOWN]


def merge_consents(
    held: Iterable[ConsentGiven], given: Iterable[ConsentGiven]
) -> tuple[ConsentGiven, ...]:
    """Let the newer answer to one purpose over one contact replace the older one."""
    answers = {(consent.purpose, consent.contact): consent for consent in held}
    answers |= {(consent.purpose, consent.contact): consent for consent in given}
    return tuple(answers[key] for key in sorted(answers))


def _enrolments(card: Card, entries: list[Entry]) -> list[tuple[JournalId, int, PartyEnrolled]]:
    """Pick the enrolments of this card's party, in one order whatever order they came in."""
    return sorted(
        (
            (journal, seq, body)
            for journal, seq, body in entries
            if isinstance(body, PartyEnrolled) and body.party_id == card.party_id
        ),
        key=lambda enrolment: enrolment[:2],
    )


def _pairs(
    card: Card, entries: list[Entry]
) -> list[tuple[tuple[JournalId, int, SaleCompleted], Entry]]:
    """Join each sale to the entry that ties its pseudonym to this card's party."""
    ties: dict[str, Entry] = {
        body.customer_ref: (journal, seq, body)
        for journal, seq, body in entries
        if isinstance(body, SaleAttributed) and body.party_id == card.party_id
    }
    return [
        ((journal, seq, body), ties[body.customer_ref])
        for journal, seq, body in entries
        if isinstance(body, SaleCompleted) and body.customer_ref in ties
    ]


def _enrolled(card: Card, bodies: list[PartyEnrolled]) -> Card:
    """Take over what the person said when they were enrolled."""
    for body in bodies:
        consents = merge_consents(card.consents, body.consents)
        card = msgspec.structs.replace(card, name=body.name or card.name, consents=consents)
    return card


def _covers(card: Card, entry: Entry) -> bool:
    """Tell whether the card already goes through this entry."""
    return entry[1] <= card.through.get(entry[0], 0)


def _advanced(through: dict[str, int], reach: Iterable[Entry]) -> dict[str, int]:
    """Move `through` up to the entries whose effect the card now has; never back."""
    moved = dict(through)
    for journal, seq, _ in reach:
        moved[journal] = max(seq, moved.get(journal, 0))
    return moved
