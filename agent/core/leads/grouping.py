"""Which leads and bookings hang together: credit one group, and nothing outside it changes.

HQ derives credit again for the group that a new fact falls into, not for the whole past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from agent.core.identifiers import PartyId
from agent.core.leads.model import Booking, Lead

_NO_MERGES: Mapping[PartyId, PartyId] = MappingProxyType({})
_Node = tuple[str, str]


class Group(NamedTuple):
    """Leads and bookings that may bear on each other."""

    leads: tuple[Lead, ...]
    bookings: tuple[Booking, ...]


def groups(
    leads: Iterable[Lead],
    bookings: Iterable[Booking],
    canonical: Mapping[PartyId, PartyId] = _NO_MERGES,
) -> list[Group]:
    """Part leads and bookings into groups that share no party, no lead and no returned sale."""
    held, booked = list(leads), list(bookings)
    ties = _Ties()
    for lead in held:
        ties.tie(lead_nodes(lead, canonical))
    for booking in booked:
        ties.tie(booking_nodes(booking, canonical))
    found: dict[_Node, tuple[list[Lead], list[Booking]]] = {}
    for lead in held:
        found.setdefault(ties.root(("lead", lead.lead_id)), ([], []))[0].append(lead)
    for booking in booked:
        found.setdefault(ties.root(("event", booking.event)), ([], []))[1].append(booking)
    return [Group(tuple(some), tuple(others)) for some, others in found.values()]


def lead_nodes(lead: Lead, canonical: Mapping[PartyId, PartyId] = _NO_MERGES) -> tuple[_Node, ...]:
    """Name what a lead hangs on: itself and its party."""
    return (("lead", lead.lead_id), *_party_node(lead.party_id, canonical))


def booking_nodes(
    booking: Booking, canonical: Mapping[PartyId, PartyId] = _NO_MERGES
) -> tuple[_Node, ...]:
    """Name what a booking hangs on: itself, its party, leads shown, sales it returns from."""
    return (
        ("event", booking.event),
        *_party_node(booking.party_id, canonical),
        *(("lead", lead_id) for lead_id in booking.redeemed),
        *(("event", line.returns.event) for line in booking.lines if line.returns is not None),
    )


def _party_node(party: PartyId | None, canonical: Mapping[PartyId, PartyId]) -> Iterator[_Node]:
    if party is not None:
        yield ("party", canonical.get(party, party))


class _Ties:
    """Nodes and what they are tied to (a union-find forest)."""

    def __init__(self) -> None:
        self._above: dict[_Node, _Node] = {}

    def root(self, node: _Node) -> _Node:
        """Find the node that stands for all tied to this one, and shorten the way to it."""
        above = self._above
        while (up := above.setdefault(node, node)) != node:
            above[node] = above[up]
            node = up
        return node

    def tie(self, nodes: tuple[_Node, ...]) -> None:
        """Tie all to the first."""
        for node in nodes[1:]:
            self._above[self.root(node)] = self.root(nodes[0])
