"""What a new answer becomes: its exact state, and which earlier answers it puts an end to.

Whoever takes an answer has the person's marks before them, so the new record names those it saw.
An objection is never named by accident: only where the person has expressly said yes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.core.consent.checking import check
from agent.core.consent.naming import Named, in_effect, named
from agent.core.consent.purposes import ANY, PURPOSES, Basis, Purpose, purpose_of
from agent.core.consent.record import Asked, ConsentRecord, Mark, State, checked
from agent.core.faults import StateFault

_ONCE_YES = frozenset({State.GIVEN.value, State.EXPIRED.value})


def reply(
    record: ConsentRecord,
    marks: Iterable[Mark],
    *,
    today: str,
    lifting: bool = False,
    purposes: Mapping[str, Purpose] = PURPOSES,
) -> ConsentRecord:
    """Complete a new answer by what was known of the person when it was given.

    Args:
        record: the answer; `state` is `given` for a yes, anything else for a no.
        marks: of this person, as whoever took the answer held them.
        today: the day.
        lifting: the person has expressly said that an earlier objection no longer holds.
        purposes: what is known of purposes.

    Returns:
        The record to keep. A no to what had a yes is a withdrawal; to what needs no yes it is an
        objection; else it is a refusal, unless the record says more itself.

    Raises:
        InputFault: `bad-consent`, `bad-day`.
        StateFault: `objection-stands`: a yes that would have no effect.
    """
    held = named(marks)
    about = Asked(record.purpose, record.contact, record.point)
    if record.state is State.GIVEN and not lifting:
        _refuse_if_objected(held, about, purposes)
    state = record.state
    if state is State.REFUSED:
        state = _no(held.marks, about, today, purposes)
    names = to_replace(held.marks, about, objections=lifting or state is State.OBJECTED)
    replaces = tuple(sorted({*record.replaces, *names} - {record.record_id}))
    return checked(msgspec.structs.replace(record, state=state, replaces=replaces))


def to_replace(marks: Iterable[Mark], about: Asked, *, objections: bool = False) -> tuple[str, ...]:
    """Name the records in effect that a new answer to this speaks about, wholly or in part.

    Args:
        marks: of the person.
        about: what the new answer is to.
        objections: name objections, too, also to what this is part of.
    """
    held = named(marks)
    return tuple(
        sorted(
            {
                mark.record_id
                for mark in held.marks
                if _overlaps(mark, about)
                and (objections or mark.state is not State.OBJECTED)
                and mark in in_effect(held, _both(mark, about))
            }
        )
    )


def _refuse_if_objected(held: Named, about: Asked, purposes: Mapping[str, Purpose]) -> None:
    found = in_effect(held, about, purposes)
    if any(mark.state is State.OBJECTED for mark in found):
        raise StateFault(
            f"an objection to {about.purpose} stands, so this yes would have no effect",
            remedy="ask whether the customer takes the objection back, and say so with the answer",
            name="objection-stands",
        )


def _no(marks: Iterable[Mark], about: Asked, today: str, purposes: Mapping[str, Purpose]) -> State:
    if purpose_of(about.purpose, purposes).basis is not Basis.CONSENT:
        return State.OBJECTED
    verdict = check(marks, about, today=today, purposes=purposes)
    return State.WITHDRAWN if verdict.state in _ONCE_YES else State.REFUSED


def _overlaps(mark: Mark, about: Asked) -> bool:
    contacts = ANY in (mark.contact, about.contact) or mark.contact == about.contact
    points = not (mark.point and about.point) or mark.point == about.point
    return contacts and points


def _both(mark: Mark, about: Asked) -> Asked:
    contact = mark.contact if about.contact == ANY else about.contact
    return Asked(about.purpose, contact, mark.point or about.point)
