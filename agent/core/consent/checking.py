"""May this be done? One answer, at the till, at HQ and for every channel, with its reasons.

Given all records of a person, in whatever order they came and however often: the marks that no
later one has put an end to decide, and of several the most restrictive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.core.consent.naming import NOES, Named, enders, in_effect, named, reaches
from agent.core.consent.purposes import ANY, PURPOSES, Basis, Purpose, purpose_of
from agent.core.consent.record import Asked, ConsentRecord, Mark, State, lapsed, mark_of
from agent.core.days import day

NOT_ASKED = "not_asked"
"""The state of what nobody has answered."""
# A yes that has run out is no no: somebody else's yes, or a newer one, stands beside it.
_RESTRICTIVE = (State.OBJECTED, State.WITHDRAWN, State.REFUSED, State.GIVEN, State.EXPIRED)
_SAID = {
    State.OBJECTED: "the customer has objected to it",
    State.WITHDRAWN: "the customer has taken the consent back",
    State.REFUSED: "the customer has said no",
    State.GIVEN: "the customer has said yes",
    State.EXPIRED: "the customer's yes has run out",
}
_IN_ANY_CASE = {
    Basis.CONTRACT: "it is part of what the customer has ordered or joined",
    Basis.LEGAL_OBLIGATION: "the law asks for it",
}


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether something may be done, and why."""

    purpose: str
    contact: str
    allowed: bool
    state: str
    """A `State`, or `not_asked`."""
    basis: Basis
    why: tuple[str, ...]
    """Sentences for a person, the deciding one first."""
    point: str = ""
    records: tuple[str, ...] = ()
    """Ids of the records in effect: the proof, and what a new answer replaces."""
    valid_until: str = ""
    """Of a yes that will run out: the last day it is good for."""


def person(own: Iterable[ConsentRecord], former: Iterable[ConsentRecord] = ()) -> tuple[Mark, ...]:
    """Give the marks of a person, as small as they can be kept.

    Args:
        own: the records of every party that is this person today. A merge adds to them, its
            undoing takes away again: no record is written for either.
        former: the records of parties this person was once taken for and is no longer. Their
            objections still count (P10's one exception): nobody can tell any more who of the two
            meant not to be written to, until one of them says so again.

    Returns:
        Marks that answer every question as all the records would, now and after further records
        that name them. The same set gives the same marks in whatever order it came.
    """
    marks = [mark_of(record) for record in own]
    known = {mark.record_id for mark in marks}
    marks += [mark_of(record, inherited=True) for record in former if record.record_id not in known]
    return compact(marks)


def compact(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Leave out the marks that can decide nothing any more; sorted by id.

    A mark goes only together with all it names: what it has put an end to may still arrive, and
    would be in effect again without it. So marks that were left out before may be added to, by
    whatever else is recorded or comes late.
    """
    held = named(marks)
    staying = {mark.record_id for mark in held.marks if not _is_over(held, mark)}
    gone = {mark.record_id for mark in held.marks} - staying
    waiting = list({name for name in held.by if name not in gone})
    while waiting:
        needed = {mark.record_id for mark in held.by.get(waiting.pop(), ())} & gone
        gone -= needed
        waiting += needed
    return tuple(sorted((mark for mark in held.marks if mark.record_id not in gone), key=_order))


def check(
    marks: Iterable[Mark],
    asked: Asked,
    *,
    today: str,
    purposes: Mapping[str, Purpose] = PURPOSES,
) -> Verdict:
    """Say whether something may be done.

    Args:
        marks: of `person`, and of what was recorded since.
        asked: what is to be done, over which contact.
        today: the day, `2026-11-22`: a yes may have been given for a time.
        purposes: what is known of purposes; one that is not among them needs a yes.

    Raises:
        InputFault: `bad-day`: `today` is no day.
    """
    return _verdict(named(marks), asked, day(today).isoformat(), purposes)


def standings(
    marks: Iterable[Mark], *, today: str, purposes: Mapping[str, Purpose] = PURPOSES
) -> tuple[Verdict, ...]:
    """Answer for everything the marks speak of, and for every described purpose as such.

    Raises:
        InputFault: `bad-day`.
    """
    held, on = named(marks), day(today).isoformat()
    spoken = {(mark.purpose, mark.contact, mark.point) for mark in held.marks}
    spoken |= {(purpose, ANY, "") for purpose in purposes}
    questions = sorted(each for each in spoken if each[0] != ANY)
    return tuple(_verdict(held, Asked(*each), on, purposes) for each in questions)


def _verdict(held: Named, asked: Asked, today: str, purposes: Mapping[str, Purpose]) -> Verdict:
    marks = in_effect(held, asked, purposes)
    basis = purpose_of(asked.purpose, purposes).basis
    states = {mark: _today(mark, today) for mark in marks}
    state = next((each for each in _RESTRICTIVE if each in states.values()), None)
    deciding = [mark for mark in marks if states[mark] is state]
    ends = [mark.valid_until for mark in deciding if state is State.GIVEN]
    return Verdict(
        purpose=asked.purpose,
        contact=asked.contact,
        point=asked.point,
        allowed=_allowed(basis, state),
        state=state.value if state else NOT_ASKED,
        basis=basis,
        why=_why(basis, state, deciding),
        records=tuple(sorted({mark.record_id for mark in marks})),
        valid_until=max(ends) if ends and all(ends) else "",
    )


def _today(mark: Mark, today: str) -> State:
    return State.EXPIRED if mark.state is State.GIVEN and lapsed(mark, today) else mark.state


def _allowed(basis: Basis, state: State | None) -> bool:
    if basis in _IN_ANY_CASE:
        return True
    if basis is Basis.LEGITIMATE_INTEREST:
        return state in (None, State.GIVEN, State.EXPIRED)
    return state is State.GIVEN


def _why(basis: Basis, state: State | None, deciding: Iterable[Mark]) -> tuple[str, ...]:
    said = _SAID[state] if state else "the customer was not asked"
    if state is State.OBJECTED and all(mark.inherited for mark in deciding):
        said = "somebody this customer was once taken for has objected; ask, and record the answer"
    if basis in _IN_ANY_CASE:
        return (_IN_ANY_CASE[basis], said)
    if basis is Basis.LEGITIMATE_INTEREST and state in (None, State.EXPIRED):
        return ("it needs no yes, and the customer has not said no", said)
    return (said,)


def _is_over(held: Named, mark: Mark) -> bool:
    """Tell whether a mark can decide nothing any more, whatever is asked or still recorded."""
    if mark.record_id in held.knotted:
        return False
    if mark.inherited and mark.state is not State.OBJECTED:
        return True
    return any(_contains(ender, mark) for ender in enders(held, mark))


def _contains(ender: Mark, mark: Mark) -> bool:
    """Tell whether the ender speaks of everything the mark speaks of."""
    if mark.state is State.OBJECTED and ender.state is not State.OBJECTED:
        return False  # It also speaks of whatever is part of its purpose, here or at HQ.
    if mark.purpose == ANY and ender.state not in NOES:
        return False
    whole = Asked(mark.purpose, mark.contact, mark.point)
    return ender.purpose == mark.purpose and reaches(ender, whole)


def _order(mark: Mark) -> tuple[str, str]:
    return mark.record_id, repr(mark)
