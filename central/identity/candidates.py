"""Who may be one person, looked for among all: proposals for a steward, never a merge.

A run puts what a model finds into the identity graph as candidate edges, and takes back what an
earlier run proposed and this one does not find any more: somebody's address was put right. What
is one person already, or was said to be two, is not proposed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection, Engine, exists, select

from agent.core.history.graph import PartyEdge, Retraction, Tie
from agent.core.identifiers import PartyId
from central.identity.candidate_records import Told, everybody
from central.identity.graph import say, take_back
from central.identity.parties import canonicals
from central.ledger.engine import reading, transact
from central.ledger.graph_tables import IDENTITY_EDGES, IDENTITY_RETRACTIONS

ACTOR = "candidates"
SLICE = 200
"""Edges of one transaction: others wait for it."""
Ends = tuple[PartyId, PartyId]
Propose = Callable[[Iterable[Told]], dict[Ends, int]]
"""A model: gives pairs, the smaller id first, with basis points of certainty."""


class Found(msgspec.Struct, frozen=True):
    """What a run has found."""

    model: str
    records: int
    """Persons that were compared."""
    pairs: int
    """Pairs that may be one person, those proposed before included."""
    proposed: int
    """Pairs nobody had proposed."""
    withdrawn: int
    """Proposals of earlier runs that do not hold any more."""
    took_s: int
    """Whole seconds."""


class _Standing(msgspec.Struct, frozen=True):
    """What earlier runs have proposed, and what people have said against it."""

    proposed: dict[Ends, list[str]]
    """Pairs → the facts that propose them."""
    different: frozenset[Ends]


class _Counted:
    """Those who are read, counted on the way: nobody holds them all."""

    def __init__(self, told: Iterable[Told]) -> None:
        self._told, self.records = told, 0

    def __iter__(self) -> Iterator[Told]:
        for each in self._told:
            self.records += 1
            yield each


def look_for_candidates(
    engine: Engine, model: str, propose: Propose, *, run: str, at: str
) -> Found:
    """Compare everybody with everybody, and bring the proposals of the graph up to date.

    Args:
        engine: the ledger; nobody waits for the comparing, and for each few edges only briefly.
        model: its name and version, kept with each proposal.
        propose: the model.
        run: id of this run, unique.
        at: UTC, ISO 8601.
    """
    began_s = time.monotonic()
    some = _Counted(everybody(engine))
    found = propose(some)
    with reading(engine) as conn:
        standing = _standing(conn)
        found = _open(conn, found, standing)
    fresh = [
        (ends, weight) for ends, weight in sorted(found.items()) if ends not in standing.proposed
    ]
    stale = [
        fact for ends, facts in standing.proposed.items() if ends not in found for fact in facts
    ]
    edges = [
        PartyEdge(Tie.CANDIDATE, *ends, model, weight, event=run, line=n, actor=ACTOR, at=at)
        for n, (ends, weight) in enumerate(fresh)
    ]
    taken = [Retraction(fact, run, ACTOR, at) for fact in stale]
    for start in range(0, len(edges), SLICE):
        transact(engine, partial(_say, edges[start : start + SLICE]))
    for start in range(0, len(taken), SLICE):
        transact(engine, partial(_take_back, taken[start : start + SLICE]))
    took_s = round(time.monotonic() - began_s)
    return Found(model, some.records, len(found), len(fresh), len(stale), took_s)


def _say(edges: Sequence[PartyEdge], conn: Connection) -> None:
    say(conn, edges)


def _take_back(taken: Sequence[Retraction], conn: Connection) -> None:
    take_back(conn, taken)


def _standing(conn: Connection) -> _Standing:
    table, gone = IDENTITY_EDGES, IDENTITY_RETRACTIONS
    back = exists().where(gone.c.event == table.c.event, gone.c.line == table.c.line)
    # Each edge stands under both its ends; once is enough.
    query = select(table).where(table.c.party_id == table.c.one, ~back)
    proposed: dict[Ends, list[str]] = {}
    different: set[Ends] = set()
    for row in conn.execute(query):
        ends = _ends(row.one, row.other)
        if row.kind == Tie.DIFFERENT.value:
            different.add(ends)
        elif row.kind == Tie.CANDIDATE.value and row.actor == ACTOR:
            proposed.setdefault(ends, []).append(f"{row.event}#{row.line}")
    return _Standing(proposed, frozenset(different))


def _open(conn: Connection, found: dict[Ends, int], standing: _Standing) -> dict[Ends, int]:
    """Leave out who is one person already, and who was said to be two, by any of their ids."""
    people = canonicals(conn, {each for ends in (*found, *standing.different) for each in ends})
    apart = {_ends(people[one], people[other]) for one, other in standing.different}
    return {
        (one, other): weight
        for (one, other), weight in found.items()
        if people[one] != people[other] and _ends(people[one], people[other]) not in apart
    }


def _ends(one: str, other: str) -> Ends:
    first, second = sorted((PartyId(one), PartyId(other)))
    return first, second
