"""What a person is asked about who is who: one question for two persons, the likeliest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from agent.core.history.graph import PartyEdge, Tie
from agent.core.history.graph_links import STEWARD, Proposal
from agent.core.identifiers import PartyId


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """Are these two one person?"""

    one: PartyId
    """A canonical id, the smaller of the two as text."""
    other: PartyId
    proposals: tuple[Proposal, ...]
    """Everything that speaks for it, and the doubt of each, of whichever of their ids."""

    @property
    def weight(self) -> int:
        """Give how likely a model found it, in basis points; 0 where none was asked."""
        return max(proposal.weight for proposal in self.proposals)


def questions(
    proposals: Iterable[Proposal],
    canonical: Mapping[PartyId, PartyId],
    said: Iterable[PartyEdge] = (),
) -> tuple[Question, ...]:
    """Put proposals as questions about persons, each once, and none that was answered.

    Args:
        proposals: of any parties, each as often as it comes.
        canonical: who is one person; ids it lacks are their own.
        said: assertions; who was said to be different, by any of their ids, is not asked about
            again, unless somebody else has merged them and the two words contradict.

    Returns:
        What most speaks for first: the weight a model gave, then the number of proposals.
    """
    answered = {_ends(canonical, e.party_id, e.other) for e in said if e.kind is Tie.DIFFERENT}
    about: defaultdict[tuple[PartyId, PartyId], set[Proposal]] = defaultdict(set)
    for proposal in proposals:
        ends = _ends(canonical, proposal.one, proposal.other)
        if ends[0] != ends[1] and (ends not in answered or proposal.rule == STEWARD):
            about[ends].add(proposal)
    asked = [Question(*ends, tuple(sorted(some))) for ends, some in about.items()]
    return tuple(sorted(asked, key=_urgency))


def _urgency(question: Question) -> tuple[int, int, PartyId, PartyId]:
    return (-question.weight, -len(question.proposals), question.one, question.other)


def _ends(
    canonical: Mapping[PartyId, PartyId], one: PartyId, other: PartyId
) -> tuple[PartyId, PartyId]:
    first, second = canonical.get(one, one), canonical.get(other, other)
    return (first, second) if first < second else (second, first)
