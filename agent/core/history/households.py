"""Households: who belongs together without being one person (ARTS `PartyAffiliation`).

An affiliation is never a merge. It names the ids as they were observed, is never re-keyed and ends
by a fact that names it; who lives in a household is worked out anew from that and from who is one
person at present. So a merge moves nobody, brings no two households together, and its undo leaves
everyone where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from agent.core.faults import InputFault
from agent.core.identifiers import PartyId

MEMBER = "member"
"""The role of those of whom nothing else is said."""


class Affiliation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One party was said to belong to a household."""

    event: str
    """Id of the fact, unique over all sources; who ends the affiliation names it."""
    party_id: PartyId
    """As observed."""
    household_id: PartyId
    """A party of its own (ARTS `Household`), with its own accounts."""
    at: str
    """UTC, ISO 8601; chooses which role is shown."""
    role: str = MEMBER
    """`head`, `partner`, `child` … as the shop calls them."""
    source: str = ""


class AffiliationEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """An affiliation was ended; whoever comes back to the household gets a new one."""

    event: str
    affiliation: str
    """`event` of the affiliation."""
    at: str


class Membership(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person's place in one household at present."""

    canonical_id: PartyId
    household_id: PartyId
    """Canonical, too: of two records of one household there is one."""
    role: str
    """As said last."""
    since: str
    """When it was said first, of those affiliations that go on."""
    events: tuple[str, ...] = ()
    """The affiliations behind it, in the order of their ids."""


class Household(msgspec.Struct, frozen=True, omit_defaults=True):
    """A household as it stands."""

    household_id: PartyId
    members: tuple[Membership, ...]
    """Each person once, by id."""
    merged_from: tuple[PartyId, ...] = ()
    """Other ids of it that its members were affiliated to."""


def affiliated(
    affiliation: Affiliation, *, households: Iterable[PartyId], people: Iterable[PartyId]
) -> Affiliation:
    """Give an affiliation back that makes sense; to be called before it is kept.

    Args:
        affiliation: as asked for.
        households: every party that is a household.
        people: every party that is affiliated to one.

    Raises:
        InputFault: `own-household`: it is affiliated to itself. `nested-household`: a household
            would live in another, or a person would become one.
    """
    party_id, household_id = affiliation.party_id, affiliation.household_id
    if party_id == household_id:
        raise InputFault(
            f"party {party_id} cannot live in itself",
            remedy="give the household an id of its own, and affiliate each of its people to it",
            name="own-household",
        )
    if party_id in set(households) or household_id in set(people):
        raise InputFault(
            f"party {party_id} cannot live in {household_id}: one is a household, or a person",
            remedy="affiliate people to households, and nobody else",
            name="nested-household",
        )
    return affiliation


def memberships(
    affiliations: Iterable[Affiliation],
    ended: Iterable[AffiliationEnded],
    canonical: Mapping[PartyId, PartyId],
) -> tuple[Membership, ...]:
    """Work out who lives where: each person once in each household, by household and person.

    Args:
        affiliations: all that were ever said, in any order, each any number of times.
        ended: those that are over; one may be heard of before what it ends.
        canonical: party id → id of the person (or household) it is; who is not in it is alone.

    Returns:
        Nobody in a household they are taken for themselves: that is a steward's mistake, which
        its undo mends.
    """
    over = {each.affiliation for each in ended}
    living: defaultdict[tuple[PartyId, PartyId], dict[str, Affiliation]] = defaultdict(dict)
    for each in affiliations:
        household = canonical.get(each.household_id, each.household_id)
        person = canonical.get(each.party_id, each.party_id)
        if each.event not in over and person != household:
            living[household, person][each.event] = each
    return tuple(_membership(*key, list(living[key].values())) for key in sorted(living))


def households(
    affiliations: Iterable[Affiliation],
    ended: Iterable[AffiliationEnded],
    canonical: Mapping[PartyId, PartyId],
) -> dict[PartyId, Household]:
    """Give every household with its people, by id; arguments as of `memberships`."""
    said = list(affiliations)
    homes: defaultdict[PartyId, list[Membership]] = defaultdict(list)
    for each in memberships(said, ended, canonical):
        homes[each.household_id].append(each)
    return {
        household_id: Household(household_id, tuple(people), _others(household_id, people, said))
        for household_id, people in homes.items()
    }


def _membership(
    household_id: PartyId, canonical_id: PartyId, living: list[Affiliation]
) -> Membership:
    return Membership(
        canonical_id=canonical_id,
        household_id=household_id,
        role=max(living, key=lambda each: (each.at, each.event)).role,
        since=min(each.at for each in living),
        events=tuple(sorted(each.event for each in living)),
    )


def _others(
    household_id: PartyId, people: list[Membership], said: list[Affiliation]
) -> tuple[PartyId, ...]:
    events = {event for each in people for event in each.events}
    ids = {each.household_id for each in said if each.event in events}
    return tuple(sorted(ids - {household_id}))
