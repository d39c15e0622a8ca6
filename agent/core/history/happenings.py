"""What enters a history: one happening from one fact, whichever channel it came by.

A sale and what ties it to a party stand in two journals and are one happening once both are there.
A new kind of fact enters the history by one function in `readings` and one case in `_happening`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.core.consent.record import ConsentRecord
from agent.core.entries.bodies import Body, PartyEnrolled, SaleAttributed, SaleCompleted
from agent.core.history.interactions import interaction_of
from agent.core.history.model import Happening
from agent.core.history.readings import of_consent, of_enrolment, of_value
from agent.core.history.times import shown_at
from agent.core.identifiers import JournalId
from agent.core.loyalty.facts import ValueEarned, ValueSpent

Entry = tuple[JournalId, int, Body]
"""Journal, seq and body of one sealed fact."""


def happenings_of(entries: Iterable[Entry]) -> list[Happening]:
    """Read entries of any journals and parties, in any order, each any number of times.

    Those that tell nothing of a party are passed over; so is a sale whose attribution is not among
    them, and an attribution without its sale.
    """
    once = {entry[:2]: entry for entry in entries}
    held = [once[place] for place in sorted(once)]
    return [*filter(None, (_happening(*entry) for entry in held)), *_sales(held)]


def _happening(journal: JournalId, seq: int, body: Body) -> Happening | None:
    """Read a fact that is a happening by itself; None: it is none, or half of one."""
    match body:
        case PartyEnrolled():
            return of_enrolment((journal, seq), body)
        case ConsentRecord():
            return of_consent((journal, seq), body)
        case ValueEarned() | ValueSpent():
            return of_value((journal, seq), body)
        case _:
            return None


def _sales(entries: list[Entry]) -> Iterator[Happening]:
    """Join each sale to the entry that ties its pseudonym to a party: the first that does.

    HQ sets a second one aside, and a pseudonym used twice had one customer in both sales.
    """
    ties: dict[str | None, tuple[JournalId, int, SaleAttributed]] = {}
    for journal, seq, body in entries:
        if isinstance(body, SaleAttributed):
            ties.setdefault(body.customer_ref, (journal, seq, body))
    for journal, seq, body in entries:
        if isinstance(body, SaleCompleted) and body.customer_ref in ties:
            tie_journal, tie_seq, tie = ties[body.customer_ref]
            yield Happening(
                event=body.sale_id,
                party_id=tie.party_id,
                at=shown_at(body.completed),
                places=((journal, seq), (tie_journal, tie_seq)),
                interaction=interaction_of(body),
            )
