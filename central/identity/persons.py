"""A person as HQ holds them: what stands under each of their ids, gathered anew at each reading.

`core.history.unified` chooses what is shown of it, the same as a till does. Nothing is gathered
into a table of its own, so a merge and its undo copy nothing and restore nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from sqlalchemy import Connection, select

from agent.core.consent import Mark
from agent.core.entries.bodies import ConsentGiven
from agent.core.history import (
    Balance,
    Interaction,
    Named,
    Observation,
    Order,
    Part,
    Unified,
    survivors,
    unified_of,
)
from agent.core.history.readings import POINTS
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier
from agent.core.recognition.strength import Evidence
from central.identity.attributes import consents_of_all, words_of_all
from central.identity.consents import former_marks, marks_of_all, shown_consents
from central.identity.interactions import last_of_all
from central.identity.parties import (
    ACCOUNTS,
    Held,
    identifiers_of_all,
    members_of_all,
    seen_with_somebody,
)
from central.identity.points import points_of_each
from central.ledger.bulk import among
from central.ledger.customer_tables import CARD_REACH, ORDERS


def persons_of(conn: Connection, canonical_ids: Sequence[PartyId]) -> dict[PartyId, Unified]:
    """Give some persons, by canonical id, with the newest lines of their history.

    Each table is read once, however many persons are asked for.
    """
    members = members_of_all(conn, canonical_ids)
    parts = parts_of(conn, [each for ids in members.values() for each in ids])
    former = former_marks(conn, members)
    return {
        chosen: composed(chosen, ids, parts, former.get(chosen, ()))
        for chosen, ids in members.items()
    }


def composed(
    chosen: PartyId,
    ids: Sequence[PartyId],
    parts: Mapping[PartyId, Part],
    former: tuple[Mark, ...],
) -> Unified:
    """Give the one person that some ids are, or would be.

    Args:
        chosen: the id they are shown under.
        ids: all of them.
        parts: what is held under each.
        former: of `former_marks`: objections of whom they were once one with.
    """
    person = unified_of(chosen, [parts[each] for each in ids], members=ids, former=former)
    return _bound(person, former)


def _bound(person: Unified, former: tuple[Mark, ...]) -> Unified:
    """Show what objections of a former merge forbid, too: they are not their own answers."""
    if not former:
        return person
    consents = shown_consents(person.consents, person.marks)
    return msgspec.structs.replace(person, consents=consents)


def parts_of(conn: Connection, party_ids: Sequence[PartyId]) -> dict[PartyId, Part]:
    """Give what is held under some ids, as observed."""
    gathered = _Gathered(conn, party_ids)
    return {each: gathered.part(each) for each in party_ids}


class _Gathered:
    """Everything held of some ids, read table by table."""

    def __init__(self, conn: Connection, party_ids: Sequence[PartyId]) -> None:
        self._words: Mapping[str, list[Observation]] = words_of_all(conn, party_ids)
        self._identifiers = identifiers_of_all(conn, party_ids)
        self._anothers = seen_with_somebody(conn, _written(self._identifiers.values()))
        self._consents: Mapping[str, tuple[ConsentGiven, ...]] = consents_of_all(conn, party_ids)
        self._marks = marks_of_all(conn, party_ids)
        self._lines: Mapping[str, list[Interaction]] = last_of_all(conn, party_ids)
        self._orders = _orders(conn, party_ids)
        self._through = _through(conn, party_ids)
        self._points = points_of_each(conn, party_ids)

    def part(self, party_id: PartyId) -> Part:
        words, marks = self._words.get(party_id, []), self._marks.get(party_id, ())
        return Part(
            party_id=party_id,
            words=tuple(words),
            identifiers=tuple(
                _named(held) for held in self._identifiers.get(party_id, ()) if self._opens(held)
            ),
            consents=shown_consents(self._consents.get(party_id, ()), marks),
            marks=marks,
            balances=_balances(party_id, words, self._points.get(party_id)),
            interactions=tuple(self._lines.get(party_id, ())),
            orders=tuple(self._orders.get(party_id, ())),
            through=self._through.get(party_id, {}),
        )

    def _opens(self, held: Held) -> bool:
        """Tell whether an identifier opens anything: what may be theirs does not.

        Of a card that they wrote down, and nobody was ever seen with, nobody else is known.
        """
        if held.evidence is not Evidence.CANDIDATE:
            return True
        return held.identifier.type in ACCOUNTS and held.identifier not in self._anothers


def _written(held: Iterable[Sequence[Held]]) -> Iterator[Identifier]:
    """Give the numbers of accounts that somebody wrote down, and nobody saw with them."""
    for each in chain.from_iterable(held):
        if each.evidence is Evidence.CANDIDATE and each.identifier.type in ACCOUNTS:
            yield each.identifier


def _balances(
    party_id: PartyId, words: Sequence[Observation], booked: int | None
) -> tuple[Balance, ...]:
    """Give an id's own points, which a merge adds up: what is booked, else what records spoke of.

    The first booking begins with what another system's records had told.
    """
    if booked is not None:
        return (Balance(party_id, booked),)
    told = survivors(word for word in words if word.field == POINTS).get(POINTS)
    return (Balance(party_id, int(told.value)),) if told else ()


def _named(held: Held) -> Named:
    return Named(
        identifier=held.identifier,
        party_id=held.party_id,
        source=held.source,
        event=held.event,
        at=held.observed_at,
        is_verified=held.evidence is Evidence.VERIFIED,
    )


def _orders(conn: Connection, party_ids: Sequence[PartyId]) -> Mapping[str, list[Order]]:
    """Read all orders of some ids, whatever their state."""
    query = select(ORDERS.c.party_id, ORDERS.c.body).where(
        among(conn, ORDERS.c.party_id, party_ids)
    )
    orders: defaultdict[str, list[Order]] = defaultdict(list)
    for row in conn.execute(query):
        orders[row.party_id].append(msgspec.json.decode(row.body, type=Order))
    return orders


def _through(conn: Connection, party_ids: Sequence[PartyId]) -> Mapping[str, dict[str, int]]:
    query = select(CARD_REACH).where(among(conn, CARD_REACH.c.party_id, party_ids))
    reach: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in conn.execute(query):
        reach[row.party_id][row.journal_id] = row.seq
    return reach
