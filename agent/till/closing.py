"""What is said by and about a person, closed for HQ alone: the till's own journal tells nobody.

Until HQ has given its key once (a till without HQ, or one that never spoke to it), there is nobody
to close it for, and it stands in the journal as it was said.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import msgspec

from agent.core.entries.bodies import PartyEnrolled
from agent.core.entries.worded import Worded, name_of, with_words, words_of
from agent.core.identifiers import PartyId
from agent.till.desk import Desk


def closed(desk: Desk, fact: PartyEnrolled) -> PartyEnrolled:
    """Give the enrolment as the journal keeps it: who, where and when; the rest for HQ's eyes."""
    sealed = desk.directory.keyring.seal(msgspec.json.encode(fact), fact.party_id)
    if sealed is None:
        return fact
    return PartyEnrolled(
        party_id=fact.party_id,
        store=fact.store,
        till=fact.till,
        at=fact.at,
        name="",
        actor=fact.actor,
        sealed=sealed,
    )


def closed_words(desk: Desk, fact: Worded) -> Worded:
    """Give a note, a task or an answer as the journal keeps it: without what was said."""
    words = words_of(fact)
    sealed = desk.directory.keyring.seal_words(words, name_of(fact)) if words else None
    return fact if sealed is None else with_words(fact, "", sealed)


def draws(desk: Desk, party_id: PartyId) -> Callable[[int], bytes]:
    """Give the random bytes of an enrolment: the same ones if it is repeated under its id.

    They are made of the machine's key, so that nobody else can make them; the journal, from which
    an open enrolment is answered again, does not tell a closed one's card number.
    """
    if not desk.directory.keyring.enrolment_key:
        return desk.clock.random
    numbers = count()
    return lambda size: desk.directory.keyring.draw(party_id, next(numbers), size)
