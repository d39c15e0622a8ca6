"""Merging two customers, looking at it first, and taking it back: as edges, never as a rewriting.

A merge is a few edges under one merge id; its undo takes exactly these back. No event, sale, point
or consent moves in either, so what is read afterwards is what would have been read had the merge
never been (P10), whatever else was merged, met or undone in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agent.core.faults import InputFault, StateFault
from agent.core.history.graph import PartyEdge, Retraction, Tie
from agent.core.history.graph_links import STEWARD, Link, Proposal
from agent.core.history.graph_near import Facts
from agent.core.history.graph_preview import persons_of, preview
from agent.core.history.graph_rules import BOOK, RuleBook
from agent.core.history.graph_settle import settle
from agent.core.identifiers import PartyId


class By(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who decides, when and why: kept with every edge."""

    actor: str
    at: str = ""
    """UTC, ISO 8601; only shown."""
    reason: str = ""


def merge_edges(merge_id: str, party_ids: Iterable[PartyId], by: By) -> tuple[PartyEdge, ...]:
    """Give the edges of a merge: the same for the same parties, in whatever order they are named.

    They join the ids as they were named, not today's canonical ones: if one of several merges is
    undone, the others still say what was meant.

    Raises:
        InputFault: fewer than two different parties.
    """
    named = sorted(set(party_ids))
    if len(named) < 2:
        raise InputFault(
            f"a merge of {len(named)} party joins nothing",
            remedy="name at least two different party ids",
            name="nothing-to-merge",
        )
    return tuple(
        _edge(Tie.SAME, (named[0], other), merge_id, line, by)
        for line, other in enumerate(named[1:])
    )


def merge(
    facts: Facts, merge_id: str, party_ids: Iterable[PartyId], by: By, book: RuleBook = BOOK
) -> tuple[PartyEdge, ...]:
    """Give the edges that make some parties one person.

    Args:
        facts: what is held.
        merge_id: made by whoever asks; the same again is the same merge.
        party_ids: any ids of the persons to be joined.
        by: who decides.
        book: the rules of the chain.

    Raises:
        InputFault: fewer than two different parties.
        StateFault: somebody has asserted that they are different, or earlier merges contradict
            such an assertion, so that none of them holds until one is undone.
    """
    edges = merge_edges(merge_id, party_ids, by)
    shown = preview(facts, edges, book=book)
    if shown.forbidden:
        raise _forbidden(shown.forbidden[0])
    if shown.refused:
        raise _contradicting(shown.refused[0])
    return edges


def undo(edges: Sequence[PartyEdge], undo_id: str, by: By) -> tuple[Retraction, ...]:
    """Take back a merge or a separation: all of its edges, and nothing else.

    What rules or other merges say stays: `preview` tells who is still one person then, and why.

    Args:
        edges: those of one merge id or separation.
        undo_id: made by whoever asks.
        by: who decides.
    """
    return tuple(Retraction(edge.fact_id, undo_id, by.actor, by.at, by.reason) for edge in edges)


def separate(
    facts: Facts, event: str, party_ids: Iterable[PartyId], by: By, book: RuleBook = BOOK
) -> tuple[PartyEdge, ...]:
    """Give the edges that part some ids from the others of their person, whatever rules say.

    Args:
        facts: what is held.
        event: made by whoever asks.
        party_ids: ids that belong together, of one person or several.
        by: who decides.
        book: the rules of the chain.

    Raises:
        InputFault: nobody would be left on the other side.
        StateFault: a merge holds them together; it is to be undone instead.
    """
    group = frozenset(party_ids)
    settled = settle(facts, group, book)
    mixed = [ids for ids in persons_of(settled, group) if not group.issuperset(ids)]
    if not mixed:
        raise InputFault(
            "these ids are not one person with any others",
            remedy="name some of a person's ids, not all and not none",
            name="nothing-to-separate",
        )
    _refuse_merged(settled.links, group)
    pairs = [(one, other) for ids in mixed for one in sorted(group & {*ids}) for other in ids]
    return tuple(
        _edge(Tie.DIFFERENT, pair, event, line, by)
        for line, pair in enumerate(pair for pair in pairs if pair[1] not in group)
    )


def _forbidden(edge: PartyEdge) -> StateFault:
    return StateFault(
        f"{edge.party_id} and {edge.other} were said to be different persons"
        f" by {edge.actor or 'somebody'}",
        remedy=f"take that back first ({edge.event}), or leave one of them out",
        name="asserted-different",
    )


def _contradicting(merge: Proposal) -> StateFault:
    return StateFault(
        f"{merge.one} and {merge.other} cannot be joined: {merge.doubt.value}",
        remedy="undo one of the merges with them, or take back who was said to be different",
        name="merges-contradict",
    )


def _refuse_merged(links: Iterable[Link], group: frozenset[PartyId]) -> None:
    merged = sorted(
        link.evidence[0]
        for link in links
        if link.rule == STEWARD and (link.one in group) != (link.other in group)
    )
    if merged:
        raise StateFault(
            f"they were merged by hand: {', '.join(merged)}",
            remedy="undo these merges; separate what rules have joined",
            name="merged-by-hand",
        )


def _edge(kind: Tie, ends: tuple[PartyId, PartyId], event: str, line: int, by: By) -> PartyEdge:
    return PartyEdge(
        kind, *ends, STEWARD, event=event, line=line, actor=by.actor, at=by.at, reason=by.reason
    )
