"""Canonical ids: of all ids of one person, the one under which everything is shown.

It is the id whose SHA-256 (FIPS 180-4) is smallest. No clock and no order of arrival takes part
(P11), and nobody can choose an id that wins everywhere without trying very many. An id that was
ever issued resolves for ever: a merge moves no event and retires no id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from hashlib import sha256
from typing import TypeVar

from agent.core.faults import NotFoundFault
from agent.core.identifiers import PartyId

T = TypeVar("T", bound=Hashable)


def rank(party_id: str) -> bytes:
    """Give what canonical ids are chosen by: the SHA-256 of the id, 32 bytes.

    >>> rank("party-1").hex()[:16]
    '7d30838be180ddf0'
    """
    return sha256(party_id.encode()).digest()


def canonical_of(members: Iterable[PartyId]) -> PartyId:
    """Choose among the ids of one person, at least one, whatever order they come in."""
    return min(members, key=rank)


def canonical_map(persons: Iterable[Iterable[PartyId]]) -> dict[PartyId, PartyId]:
    """Give for each id the canonical one.

    Args:
        persons: for each person, all ids; no id in two of them.
    """
    return {
        member: canonical for ids in persons for canonical in (canonical_of(ids),) for member in ids
    }


def members_of(canonical: Mapping[PartyId, PartyId]) -> dict[PartyId, tuple[PartyId, ...]]:
    """Turn a canonical map round: canonical id → all ids of that person, itself first."""
    ids: defaultdict[PartyId, list[PartyId]] = defaultdict(list)
    for member, chosen in canonical.items():
        ids[chosen].append(member)
    return {chosen: tuple(sorted(ids[chosen], key=rank)) for chosen in sorted(ids)}


def resolve(canonical: Mapping[PartyId, PartyId], any_id: str) -> PartyId:
    """Give the canonical id of any id ever issued.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    found = canonical.get(PartyId(any_id))
    if found is None:
        raise unknown_party(any_id)
    return found


def unknown_party(any_id: str) -> NotFoundFault:
    """Make the fault for an id that nobody ever had."""
    return NotFoundFault(
        f"no party has the id {any_id!r}",
        remedy="search by card, phone, e-mail or name: POST /v1/parties/search",
        name="unknown-party",
    )


def digest(canonical: Mapping[PartyId, PartyId]) -> str:
    """Sum a canonical map up: two maps are equal exactly when these 64 hexadecimal digits are."""
    lines = sorted(f"{member}\0{chosen}\n" for member, chosen in canonical.items())
    return sha256("".join(lines).encode()).hexdigest()


def components(nodes: Iterable[T], pairs: Iterable[tuple[T, T]]) -> list[frozenset[T]]:
    """Group what hangs together, directly or through others.

    Args:
        nodes: everything there is; what no pair names is a group of its own.
        pairs: both of them among the nodes.

    >>> sorted(map(sorted, components("abcd", [("a", "b"), ("d", "b")])))
    [['a', 'b', 'd'], ['c']]
    """
    above = {node: node for node in nodes}
    for one, other in pairs:
        above[_top(above, one)] = _top(above, other)
    groups: defaultdict[T, list[T]] = defaultdict(list)
    for node in above:
        groups[_top(above, node)].append(node)
    return [frozenset(group) for group in groups.values()]


def _top(above: dict[T, T], node: T) -> T:
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node
