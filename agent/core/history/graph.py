"""The identity graph: what was ever said about who is who, as facts that are only added.

Whoever meets a person gives them an id on the spot, so one person may have several. Which of them
belong together is never written into a sale or an event: it is read from these facts, by
`graph_settle`, and comes out the same on every machine, in whatever order and however often they
arrive. A fact is taken back by a `Retraction`; what was true without it is then true again, to the
last byte (P10).

Facts are an observed-remove set (OR-set): the union of two such sets is one, and saying the same
again later is another fact, under another event.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier
from agent.core.recognition.strength import Evidence


class Tie(StrEnum):
    """What is said of two parties."""

    SAME = "asserted_same"
    """One person: a merge, by somebody who may say so."""
    DIFFERENT = "asserted_different"
    """Two persons, whatever any rule says, until this is taken back."""
    CANDIDATE = "candidate"
    """Perhaps one person: proposed by a till, a statistical model, a customer."""


class TraitKind(StrEnum):
    """What of a person a rule asks for beside identifiers."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    """ISO 8601, `2001-02-03`."""
    OBJECTED = "objected"
    """They do not want to be profiled or linked (GDPR, Article 21); the value says to what."""


class LikenessType(StrEnum):
    """What of two records agrees, for a person to look at; nobody presents it at a till."""

    FAMILY_BIRTH_DATE = "family_birth_date"
    BIRTH_DATE_POSTCODE = "birth_date_postcode"


class Likeness(msgspec.Struct, frozen=True, tag_field="means", tag="likeness"):
    """A key that like records have in common: it only ever proposes, see `graph_likeness`."""

    type: LikenessType
    value: str


Key = Identifier | Likeness
"""What two parties can both be met with."""


class Said(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, cache_hash=True, gc=False
):
    """Who said something, where it stands, and when: common to all facts."""

    event: str
    """The event it was said in, unique over all channels: evidence that can be looked up."""
    line: int = 0
    """Which of the facts of that event, of whatever kind."""
    actor: str = ""
    """Steward, cashier, connector or model: `employee/eva`, `webshop`, `splink-5`."""
    at: str = ""
    """UTC, ISO 8601; only shown (P11)."""
    reason: str = ""

    @property
    def fact_id(self) -> str:
        """Give what a retraction names; nothing personal is in it, so that it may be kept."""
        return f"{self.event}#{self.line}"


class IdentifierEdge(
    Said, frozen=True, omit_defaults=True, cache_hash=True, gc=False, tag="identifier"
):
    """An identifier was met with a party."""

    kind: Evidence
    party_id: PartyId
    identifier: Key
    """Normalised."""


class PartyEdge(Said, frozen=True, omit_defaults=True, cache_hash=True, gc=False, tag="party"):
    """Something was said of two parties; which comes first says nothing."""

    kind: Tie
    party_id: PartyId
    other: PartyId
    rule: str = ""
    """By what: `steward`, `splink-5` with its version; empty for a person's own word."""
    weight: int = 0
    """Of a candidate, how likely: 0 to 10,000 (basis points)."""


class Trait(Said, frozen=True, omit_defaults=True, cache_hash=True, gc=False, tag="trait"):
    """What was heard of a party."""

    kind: TraitKind
    party_id: PartyId
    value: str


class Block(Said, frozen=True, omit_defaults=True, cache_hash=True, gc=False, tag="block"):
    """An identifier says nothing of anybody: the store's own phone, an address made up at tills."""

    identifier: Key


class Erasure(Said, frozen=True, omit_defaults=True, cache_hash=True, gc=False, tag="erasure"):
    """A party was erased: its identifiers and traits are void, those still to come too.

    What was said of two parties stays, as it names ids only. An erasure is never taken back.
    """

    party_id: PartyId


Edge = IdentifierEdge | PartyEdge
Fact = IdentifierEdge | PartyEdge | Trait | Block | Erasure


class Retraction(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, tag="retract"):
    """A fact is taken back, for ever; it may arrive before the fact."""

    fact_id: str
    event: str
    """Of the retraction itself: an undo, a correction."""
    actor: str = ""
    at: str = ""
    reason: str = ""


Change = Fact | Retraction
"""What is added to a graph."""


def seen(
    party_id: PartyId,
    event: str,
    *,
    candidate: Iterable[Key] = (),
    observed: Iterable[Identifier] = (),
    verified: Iterable[Identifier] = (),
    name: str = "",
    birth_date: str = "",
    actor: str = "",
    at: str = "",
) -> tuple[IdentifierEdge | Trait, ...]:
    """Give the facts of one meeting with one party, numbered as they stand here.

    The same meeting told again gives the same facts. An event that names several parties is told
    under several event ids.

    Args:
        party_id: who was met.
        event: unique over all channels.
        candidate: identifiers the person claims, and what is like in their record.
        observed: identifiers seen with the person.
        verified: identifiers the person proved.
        name: as written; empty where none was given.
        birth_date: ISO 8601; empty where none was given.
        actor: who says so.
        at: UTC, ISO 8601.
    """
    holds: list[tuple[Evidence, Key]] = [
        *((Evidence.CANDIDATE, key) for key in candidate),
        *((Evidence.OBSERVED, identifier) for identifier in observed),
        *((Evidence.VERIFIED, identifier) for identifier in verified),
    ]
    heard = [(TraitKind.NAME, name.strip()), (TraitKind.BIRTH_DATE, birth_date.strip())]
    edges = [
        IdentifierEdge(kind, party_id, identifier, event=event, line=line, actor=actor, at=at)
        for line, (kind, identifier) in enumerate(holds)
    ]
    traits = [
        Trait(kind, party_id, value, event=event, line=line, actor=actor, at=at)
        for line, (kind, value) in enumerate(heard, len(edges))
        if value
    ]
    return (*edges, *traits)


def parties_of(fact: Fact) -> tuple[PartyId, ...]:
    """List the parties a fact is about; none of a block."""
    if isinstance(fact, Block):
        return ()
    if isinstance(fact, PartyEdge):
        return (fact.party_id, fact.other)
    return (fact.party_id,)


def is_personal(fact: Fact) -> bool:
    """Tell whether a fact says something of a person, which goes when they are erased."""
    return isinstance(fact, IdentifierEdge | Trait)
