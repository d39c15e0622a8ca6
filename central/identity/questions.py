"""What a steward looks at: a merge before it is made, and who may be one person but for a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection, func, select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Part, Unified
from agent.core.history.graph_links import Proposal
from agent.core.history.graph_merge import By, merge_edges
from agent.core.history.graph_preview import Preview, preview
from agent.core.history.graph_questions import Question, questions
from agent.core.history.unified import conflicts
from agent.core.identifiers import PartyId
from central.identity.consents import former_marks
from central.identity.graph_facts import HeldFacts, book_of
from central.identity.merges import bounded
from central.identity.parties import canonical, canonicals
from central.identity.persons import composed, parts_of, persons_of
from central.identity.views import FoundView, found_view, masked
from central.ledger.graph_tables import PROPOSALS

SHOWN = 50
"""Questions of one page."""
_READ = 1000
"""Proposals read for one page: several may be about the same two persons."""
_PREVIEW = "preview"
_FOUND_BY = ("email", "phone")
"""Fields that are shown as identifiers, masked."""
_SHOWN_APART = ("email", "name", "phone", "points", "tier")


class ProposalView(msgspec.Struct, frozen=True):
    """What speaks for two parties being one, and why no rule says so."""

    one: str
    other: str
    rule: str
    means: str
    """The type of the identifier both were met with; empty where a model or a person thinks so."""
    doubt: str
    """One sentence for a person."""
    weight: int
    """How likely a model found it, in basis points; 0: it was not asked."""
    evidence: tuple[str, ...]
    """Ids of the facts."""


class QuestionView(msgspec.Struct, frozen=True):
    """Are these two one person?"""

    one: FoundView
    other: FoundView
    weight: int
    proposals: tuple[ProposalView, ...]


class Queue(msgspec.Struct, frozen=True):
    """The likeliest questions first."""

    questions: tuple[QuestionView, ...]
    waiting: int
    """Pairs of ids that are asked about, all pages together."""


class MergedView(msgspec.Struct, frozen=True):
    """A person as they would be shown."""

    canonical_id: str
    members: tuple[str, ...]
    name: str
    tier: str | None
    points: int
    fields: dict[str, str]
    """Everything else that is on record, but for what is a way to find them."""
    known_by: dict[str, str]
    """By which identifiers, masked: enough to compare."""
    consents: tuple[ConsentGiven, ...]
    """The most restrictive answer under any of the ids, and of whom they were once one with."""
    orders: int
    conflicts: dict[str, tuple[str, ...]]
    """Fields of which different things are said: each value once, the one that is shown first."""


class PreviewView(msgspec.Struct, frozen=True):
    """What a merge would do; nothing is changed by asking."""

    allowed: bool
    before: tuple[MergedView, ...]
    after: tuple[MergedView, ...]
    moved: dict[str, str]
    """Ids that would be shown under another id than now."""
    doubts: tuple[str, ...]
    """What speaks against it: a person may overrule it, and should know."""
    proposals: tuple[ProposalView, ...]
    """What speaks for it."""
    forbidden: tuple[str, ...]
    """Decisions that say some of them are different: to be undone first."""
    refused: tuple[str, ...]
    """Why it would not hold because of other merges."""


def merge_preview(conn: Connection, party_ids: Sequence[str]) -> PreviewView:
    """Show what a merge of some parties would do.

    Raises:
        InputFault: fewer than two different parties, or far too many.
        NotFoundFault: one of the ids nobody ever had.
    """
    ids = _checked(conn, party_ids)
    edges = merge_edges(_PREVIEW, ids, By(""))
    shown = preview(HeldFacts(conn), edges, book=book_of(conn))
    everybody = {each for person in (*shown.before, *shown.after) for each in person}
    parts = parts_of(conn, sorted(everybody))
    merged = partial(_merged, conn, parts)
    return PreviewView(
        allowed=not shown.forbidden and not shown.refused,
        before=tuple(map(merged, shown.before)),
        after=tuple(map(merged, shown.after)),
        moved={str(one): str(other) for one, other in sorted(shown.moved.items())},
        doubts=tuple(doubt.value for doubt in shown.doubts),
        proposals=tuple(map(_proposal, shown.proposals)),
        forbidden=_forbidden(shown),
        refused=tuple(f"{each.one} and {each.other}: {each.doubt.value}" for each in shown.refused),
    )


def queue(conn: Connection, *, limit: int = SHOWN) -> Queue:
    """Give what waits for a decision, the likeliest first, each pair of persons once."""
    heaviest = select(PROPOSALS.c.body).order_by(
        PROPOSALS.c.weight.desc(), PROPOSALS.c.one, PROPOSALS.c.other, PROPOSALS.c.proposal
    )
    bodies = conn.execute(heaviest.limit(_READ)).scalars()
    found = [msgspec.json.decode(body, type=Proposal) for body in bodies]
    chosen = canonicals(conn, (end for each in found for end in (each.one, each.other)))
    asked = questions(found, chosen)[:limit]
    people = persons_of(conn, sorted({end for each in asked for end in (each.one, each.other)}))
    pairs = select(PROPOSALS.c.one, PROPOSALS.c.other).distinct().subquery()
    waiting = conn.execute(select(func.count()).select_from(pairs)).scalar_one()
    return Queue(tuple(_question(each, people) for each in asked), waiting)


def _checked(conn: Connection, party_ids: Sequence[str]) -> list[PartyId]:
    ids = bounded(party_ids)
    for each in ids:
        canonical(conn, each)
    return ids


def _merged(conn: Connection, parts: Mapping[PartyId, Part], ids: Sequence[PartyId]) -> MergedView:
    former = former_marks(conn, {ids[0]: ids}).get(ids[0], ())
    person = composed(ids[0], ids, parts, former)
    name, tier = person.fields.get("name"), person.fields.get("tier")
    return MergedView(
        canonical_id=ids[0],
        members=tuple(sorted(ids)),
        name=name.value if name else "",
        tier=tier.value if tier else None,
        points=person.points,
        fields={
            field: each.value for field, each in person.fields.items() if field not in _SHOWN_APART
        },
        known_by={str(kind): value for kind, value in masked(person.identifiers).items()},
        consents=person.consents,
        orders=len(person.orders),
        conflicts={
            field: values for field, values in conflicts(person).items() if field not in _FOUND_BY
        },
    )


def _forbidden(shown: Preview) -> tuple[str, ...]:
    return tuple(
        f"{edge.party_id} and {edge.other} were said to be different persons by "
        f"{edge.actor or 'somebody'} ({edge.event})"
        for edge in shown.forbidden
    )


def _question(question: Question, people: dict[PartyId, Unified]) -> QuestionView:
    return QuestionView(
        one=found_view(people[question.one], ""),
        other=found_view(people[question.other], ""),
        weight=question.weight,
        proposals=tuple(map(_proposal, question.proposals)),
    )


def _proposal(proposal: Proposal) -> ProposalView:
    return ProposalView(
        one=proposal.one,
        other=proposal.other,
        rule=proposal.rule,
        means=proposal.means,
        doubt=proposal.doubt.value,
        weight=proposal.weight,
        evidence=proposal.evidence,
    )
