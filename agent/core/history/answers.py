"""Yes and no on a card: the last answer under each id, and of several ids the most restrictive.

What was answered under one id is that person's own word, so the last one holds. Whether two ids
are one person is somebody's judgement, so nobody gains a right by it: over ids, a no wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agent.core.consent.checking import NOT_ASKED, check
from agent.core.consent.purposes import Basis
from agent.core.consent.record import Asked, Mark, State
from agent.core.entries.bodies import ConsentGiven
from agent.core.history.model import Happening
from agent.core.history.survivorship import Observation, survivors
from agent.core.identifiers import PartyId

_SPOKEN = frozenset({Basis.CONSENT, Basis.LEGITIMATE_INTEREST})
"""Grounds on which a person is asked: the others go on whatever they say."""
Question = tuple[PartyId, str, str]
"""Under which id, to which purpose, over which kind of contact point."""
_ANSWER = "answer"
_YES, _NO = "given", "refused"
"""Of two answers nothing else tells apart the no is the greater."""


def merge_consents(
    held: Iterable[ConsentGiven], given: Iterable[ConsentGiven]
) -> tuple[ConsentGiven, ...]:
    """Let the newer answer to one purpose over one contact replace the older one."""
    answers = {(consent.purpose, consent.contact): consent for consent in held}
    answers |= {(consent.purpose, consent.contact): consent for consent in given}
    return tuple(answers[key] for key in sorted(answers))


def most_restrictive(answers: Iterable[Iterable[ConsentGiven]]) -> tuple[ConsentGiven, ...]:
    """Bring the answers under several ids together: one no to a purpose over a contact is a no.

    >>> yes, no = (ConsentGiven("marketing", "email", given) for given in (True, False))
    >>> most_restrictive([[yes], [no]]) == most_restrictive([[no], [yes]]) == (no,)
    True
    """
    given: dict[tuple[str, str], bool] = {}
    for answer in (one for each in answers for one in each):
        key = answer.purpose, answer.contact
        given[key] = given.get(key, True) and answer.given
    return tuple(ConsentGiven(*key, given[key]) for key in sorted(given))


def shown_answers(
    told: Iterable[ConsentGiven], marks: Sequence[Mark], *, today: str
) -> tuple[ConsentGiven, ...]:
    """Give the answers as they are shown: where there are marks that speak of them, those decide.

    Args:
        told: answers as they were given.
        marks: of the person, what was recorded a moment ago included.
        today: the day.

    Raises:
        InputFault: `bad-day`: `today` is no day.
    """
    answers = {(each.purpose, each.contact): each.given for each in told}
    spoken = {(mark.purpose, mark.contact) for mark in marks if not mark.point}
    for asked in answers.keys() | spoken:
        verdict = check(marks, Asked(*asked), today=today)
        if verdict.state != NOT_ASKED and verdict.basis in _SPOKEN:
            answers[asked] = verdict.state == State.GIVEN
    return tuple(ConsentGiven(*asked, answers[asked]) for asked in sorted(answers))


def last_answers(told: Iterable[Happening]) -> dict[Question, tuple[ConsentGiven, str]]:
    """Give the last answer to each question, by question, and the event it was given in.

    Within one journal the later one is the last, whatever its clock; else the newer one, and of
    equally new ones the one with the greater event id.
    """
    asked: defaultdict[Question, list[Observation]] = defaultdict(list)
    for each in told:
        for answer in each.consents:
            question = each.party_id, answer.purpose, answer.contact
            asked[question].append(_observed(each, given=answer.given))
    return {question: _last(question, asked[question]) for question in sorted(asked)}


def _observed(happening: Happening, *, given: bool) -> Observation:
    stream, seq = happening.places[0]
    value = _YES if given else _NO
    return Observation(
        party_id=happening.party_id,
        field=_ANSWER,
        value=value,
        source=stream,
        event=happening.event,
        at=happening.at,
        stream=stream,
        seq=seq,
    )


def _last(question: Question, words: list[Observation]) -> tuple[ConsentGiven, str]:
    _, purpose, contact = question
    shown = survivors(words)[_ANSWER].shown
    return ConsentGiven(purpose, contact, shown.value == _YES), shown.event
