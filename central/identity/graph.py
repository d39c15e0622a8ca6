"""The identity graph kept settled: whatever is said of who is who has its effect at once.

What follows from the facts, `canonical_map` and `identity_proposal`, is written in the transaction
of the fact, and only where it changes. Whoever is shown under another id from then on has their
card published anew, and the cards of ids that are no longer shown are taken back from the tills.
Nothing else moves: no event, sale, point or consent knows of a merge, so its undo finds all as it
was (P10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, exists, select, union

from agent.core.history.graph import IdentifierEdge, PartyEdge, Retraction, Tie
from agent.core.history.graph_links import STEWARD, Doubt, Proposal
from agent.core.history.graph_near import touched
from agent.core.history.graph_settle import Settlement, settle
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier
from agent.core.recognition.strength import Evidence
from central.identity.cards import publish_cards, publish_persons
from central.identity.graph_facts import (
    HeldFacts,
    book_of,
    edges_said_in,
    identifier_edge,
    told_of,
)
from central.identity.parties import ACCOUNTS, canonicals, holders_of, members_of_all
from central.ledger.bulk import Keyed, among
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.engine import reading, transact
from central.ledger.graph_tables import (
    CANONICAL,
    IDENTITY_EDGES,
    IDENTITY_RETRACTIONS,
    ONCE_ONE,
    PROPOSALS,
)
from central.ledger.upserts import upsert

SLICE = 500
"""Parties settled in one transaction."""


class Settled(msgspec.Struct, frozen=True):
    """What came of settling everybody anew."""

    parties: int
    """Who has anything in common with anybody; all others are themselves, whatever the rules."""
    moved: int
    """Of them, ids that are shown under another canonical id than before."""


Persons = dict[PartyId, tuple[PartyId, ...]]
"""Canonical id → all ids of that person, by id."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_DIGEST_CHARACTERS = 32
_SAY = upsert(IDENTITY_EDGES).on_conflict_do_nothing()
_TAKE_BACK = upsert(IDENTITY_RETRACTIONS).on_conflict_do_nothing()
_REMEMBER = upsert(ONCE_ONE).on_conflict_do_nothing()
_PROPOSE = upsert(PROPOSALS).on_conflict_do_nothing()
_MAP = upsert(CANONICAL)
_MOVE = _MAP.on_conflict_do_update(
    index_elements=["party_id"], set_={"canonical_id": _MAP.excluded.canonical_id}
)
_WITHDRAW = delete(PROPOSALS).where(
    PROPOSALS.c.one == bindparam("of_one"),
    PROPOSALS.c.other == bindparam("of_other"),
    PROPOSALS.c.proposal == bindparam("of_proposal"),
)
_ALIAS = IDENTIFIERS.alias()
_WITH_OTHERS = exists().where(
    _ALIAS.c.type == IDENTIFIERS.c.type,
    _ALIAS.c.value == IDENTIFIERS.c.value,
    _ALIAS.c.party_id != IDENTIFIERS.c.party_id,
)

_SHARED = Keyed(select(IDENTIFIERS).where(_WITH_OTHERS), IDENTIFIERS.c.party_id)
_SAID_OF = Keyed(select(IDENTITY_EDGES.c.party_id), IDENTITY_EDGES.c.party_id)
_SETTLED = Keyed(select(CANONICAL.c.party_id), CANONICAL.c.party_id)
_ASKED = tuple(Keyed(select(PROPOSALS.c.body), end) for end in (PROPOSALS.c.one, PROPOSALS.c.other))


def met(conn: Connection, party_ids: Sequence[PartyId]) -> None:
    """Settle what was told of some parties: identifiers, names, birth dates.

    Of somebody who shares nothing with anybody nothing can follow, and nothing more is read.
    """
    if not party_ids:
        return
    shared = [identifier_edge(row) for row in _SHARED.rows(conn, party_ids)]
    about = {edge.party_id for edge in shared} | _tied(conn, party_ids)
    if about:
        _settle(conn, touched(HeldFacts(conn), shared, book_of(conn)) | about)
    if others := _who_wrote_down(conn, shared):
        publish_cards(conn, sorted(others))


def _who_wrote_down(conn: Connection, shared: Iterable[IdentifierEdge]) -> set[PartyId]:
    """Give who is found no more by a card they wrote down: somebody else was met with it."""
    seen = {
        edge.identifier
        for edge in shared
        if edge.kind is not Evidence.CANDIDATE and isinstance(edge.identifier, Identifier)
    }
    return {
        holder
        for each in seen
        if each.type in ACCOUNTS
        for holder in set(holders_of(conn, each)) - set(holders_of(conn, each, Evidence.OBSERVED))
    }


def say(conn: Connection, facts: Iterable[PartyEdge]) -> None:
    """Add what was said of two parties; what is known adds nothing, in whatever order it comes."""
    told = list(facts)
    merging = _unsaid(conn, [edge for edge in told if edge.kind is not Tie.CANDIDATE])
    rows = [_row(end, edge) for edge in told for end in dict.fromkeys((edge.party_id, edge.other))]
    if rows:
        conn.execute(_SAY, rows)
    _settle(conn, _ends(merging))
    # A candidate joins nobody: it is only asked about.
    _propose(conn, [edge for edge in told if edge.kind is Tie.CANDIDATE])


def _unsaid(conn: Connection, told: Sequence[PartyEdge]) -> list[PartyEdge]:
    """Leave out what is known: an undo names its edges again, and they were settled then."""
    events = dict.fromkeys(edge.event for edge in told)
    known = {edge for event in events for edge in edges_said_in(conn, event)}
    return [edge for edge in told if edge not in known]


def take_back(conn: Connection, retractions: Iterable[Retraction]) -> None:
    """Take edges back, for ever; one may be taken back before it is heard of."""
    rows = [_retraction(each) for each in retractions]
    if not rows:
        return
    conn.execute(_TAKE_BACK, rows)
    taken = {(row["event"], row["line"]) for row in rows}
    events = dict.fromkeys(str(row["event"]) for row in rows)
    said = [edge for event in events for edge in edges_said_in(conn, event)]
    _settle(conn, _ends(edge for edge in said if (edge.event, edge.line) in taken))


def resettle(conn: Connection, party_ids: Iterable[PartyId]) -> None:
    """Settle anew, for example after the identifiers of some parties were erased."""
    _settle(conn, frozenset(party_ids))


def settled_anew(engine: Engine, slice_size: int = SLICE) -> Settled:
    """Make everything anew that follows from the facts, by the rules of this version.

    By the same rules it comes out as it was. Each slice is a transaction, so that tills get in
    between; cut off, it is run again.
    """
    with reading(engine) as conn:
        ids = _everybody(conn)
        before = canonicals(conn, ids)
    for start in range(0, len(ids), slice_size):
        some = frozenset(ids[start : start + slice_size])
        transact(engine, partial(_settle_some, some))
    with reading(engine) as conn:
        after = canonicals(conn, ids)
    return Settled(len(ids), sum(before[each] != after[each] for each in ids))


def proposals_of(conn: Connection, party_ids: Sequence[PartyId]) -> set[Proposal]:
    """Give with whom some parties may be one person, as it stands."""
    bodies = {row.body for at_an_end in _ASKED for row in at_an_end.rows(conn, party_ids)}
    return {msgspec.json.decode(body, type=Proposal) for body in bodies}


def _everybody(conn: Connection) -> list[PartyId]:
    """List whoever shares something with somebody, or was said or settled to."""
    ids = union(
        select(IDENTIFIERS.c.party_id).where(_WITH_OTHERS),
        select(IDENTITY_EDGES.c.party_id),
        select(CANONICAL.c.party_id),
    )
    return sorted(PartyId(each) for each in conn.execute(ids).scalars())


def _settle_some(some: frozenset[PartyId], conn: Connection) -> None:
    _settle(conn, some)


def _tied(conn: Connection, party_ids: Sequence[PartyId]) -> set[PartyId]:
    """Give those about whom something was said or settled."""
    found = (each for query in (_SAID_OF, _SETTLED) for each in query.rows(conn, party_ids))
    return {PartyId(row.party_id) for row in found}


def _settle(conn: Connection, about: frozenset[PartyId]) -> None:
    """Write down what now follows for some parties and for whom they were one person with."""
    if not about:
        return
    before = _persons(conn, canonicals(conn, about).values())
    everybody = about.union(*before.values())
    settled = settle(HeldFacts(conn), everybody, book_of(conn))
    before |= _persons(conn, canonicals(conn, settled.canonical).values())
    _move(conn, settled, before)
    fresh = _ask(conn, settled)
    _remember(conn, settled, before)
    after = _grouped(settled)
    changed = {chosen for chosen, ids in after.items() if before.get(chosen) != ids}
    # Whom only an objection keeps apart is bound by it from now on.
    changed |= set(canonicals(conn, _kept_apart(fresh)).values())
    gone = [each for each in before if each not in after]
    if changed or gone:
        publish_persons(conn, sorted(changed), gone)


def _kept_apart(proposals: Iterable[Proposal]) -> set[PartyId]:
    found = [each for each in proposals if each.doubt is Doubt.OBJECTED]
    return {end for each in found for end in (each.one, each.other)}


def _persons(conn: Connection, canonical_ids: Iterable[PartyId]) -> Persons:
    return members_of_all(conn, list(dict.fromkeys(canonical_ids)))


def _grouped(settled: Settlement) -> Persons:
    groups: dict[PartyId, list[PartyId]] = {}
    for member, chosen in settled.canonical.items():
        groups.setdefault(chosen, []).append(member)
    return {chosen: tuple(sorted(ids)) for chosen, ids in groups.items()}


def _move(conn: Connection, settled: Settlement, before: Persons) -> None:
    """Write the map where it changes: ids that stand alone have no row."""
    held = {member: chosen for chosen, ids in before.items() if len(ids) > 1 for member in ids}
    wanted = {
        member: chosen
        for chosen, ids in _grouped(settled).items()
        if len(ids) > 1
        for member in ids
    }
    alone = [each for each in held if each in settled.canonical and each not in wanted]
    if alone:
        conn.execute(delete(CANONICAL).where(among(conn, CANONICAL.c.party_id, alone)))
    moved = [
        {"party_id": member, "canonical_id": chosen}
        for member, chosen in sorted(wanted.items())
        if held.get(member) != chosen
    ]
    if moved:
        conn.execute(_MOVE, moved)


def _remember(conn: Connection, settled: Settlement, before: Persons) -> None:
    """Keep who was one person and is no longer: what one of them objects to holds for all of them.

    A merge that is undone leaves its edge behind. A rule leaves nothing, once its ground is gone:
    a card that was blocked, a pass that has ended.
    """
    pairs = {
        (min(ids), member)
        for chosen, ids in before.items()
        if len({settled.canonical.get(each, chosen) for each in ids}) > 1
        for member in ids
        if member != min(ids)
    }
    pairs |= {(each.one, each.other) for each in settled.proposals if each.doubt is Doubt.OBJECTED}
    rows = [
        {"party_id": one, "other": other}
        for pair in sorted(pairs)
        for one, other in (pair, pair[::-1])
    ]
    if rows:
        conn.execute(_REMEMBER, rows)


def _ask(conn: Connection, settled: Settlement) -> set[Proposal]:
    """Write the proposals of a neighbourhood where they change; gives the new ones."""
    held = proposals_of(conn, list(settled.canonical))
    wanted = _unanswered(conn, settled.proposals)
    stale = [_proposal_key(each) for each in held - wanted]
    if stale:
        conn.execute(_WITHDRAW, stale)
    fresh = [_proposed(each) for each in wanted - held]
    if fresh:
        conn.execute(_PROPOSE, fresh)
    return wanted - held


def _propose(conn: Connection, candidates: Sequence[PartyEdge]) -> None:
    """Ask about candidates that nobody has taken back, of two who are not one person."""
    if not candidates:
        return
    events = [edge.event for edge in candidates]
    query = select(IDENTITY_RETRACTIONS.c.event, IDENTITY_RETRACTIONS.c.line)
    query = query.where(among(conn, IDENTITY_RETRACTIONS.c.event, events))
    taken = {(row.event, row.line) for row in conn.execute(query)}
    chosen = canonicals(conn, _ends(candidates))
    asked = {
        _candidate(edge)
        for edge in candidates
        if chosen[edge.party_id] != chosen[edge.other] and (edge.event, edge.line) not in taken
    }
    rows = [_proposed(each) for each in _unanswered(conn, asked)]
    if rows:
        conn.execute(_PROPOSE, rows)


def _unanswered(conn: Connection, proposals: Collection[Proposal]) -> set[Proposal]:
    """Leave out what was answered: these two were said to be different, by any of their ids.

    Only a merge that contradicts such an answer goes on being asked about.
    """
    if not proposals:
        return set()
    chosen = canonicals(conn, (end for each in proposals for end in (each.one, each.other)))
    ids = members_of_all(conn, list(dict.fromkeys(chosen.values())))
    everybody = [each for some in ids.values() for each in some]
    person = {each: one for one, some in ids.items() for each in some}
    apart = {
        frozenset((person.get(edge.party_id), person.get(edge.other)))
        for edge in told_of(conn, everybody)
        if edge.kind is Tie.DIFFERENT
    }
    return {
        each
        for each in proposals
        if each.rule == STEWARD or frozenset((chosen[each.one], chosen[each.other])) not in apart
    }


def _candidate(edge: PartyEdge) -> Proposal:
    one, other = sorted((edge.party_id, edge.other))
    return Proposal(
        one, other, edge.rule, Doubt.PROPOSED, evidence=(edge.fact_id,), weight=edge.weight
    )


def _ends(facts: Iterable[PartyEdge]) -> frozenset[PartyId]:
    return frozenset(end for edge in facts for end in (edge.party_id, edge.other))


def _row(end: PartyId, edge: PartyEdge) -> dict[str, str | int]:
    return {
        "party_id": end,
        "event": edge.event,
        "line": edge.line,
        "one": edge.party_id,
        "other": edge.other,
        "kind": edge.kind.value,
        "rule": edge.rule,
        "weight": edge.weight,
        "actor": edge.actor,
        "at": edge.at,
    }


def _retraction(taken: Retraction) -> dict[str, str | int]:
    event, _, line = taken.fact_id.rpartition("#")
    return {
        "event": event,
        "line": int(line),
        "by_event": taken.event,
        "actor": taken.actor,
        "at": taken.at,
    }


def _proposed(proposal: Proposal) -> dict[str, str | int | bytes]:
    body = _encode(proposal)
    return {
        "one": proposal.one,
        "other": proposal.other,
        "proposal": sha256(body).hexdigest()[:_DIGEST_CHARACTERS],
        "rule": proposal.rule,
        "weight": proposal.weight,
        "body": body,
    }


def _proposal_key(proposal: Proposal) -> dict[str, str | int | bytes]:
    row = _proposed(proposal)
    return {"of_one": row["one"], "of_other": row["other"], "of_proposal": row["proposal"]}
