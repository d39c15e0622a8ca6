"""When each version of a lead was told, and the leads that stand open meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from agent.core.identifiers import PartyId
from agent.core.leads.model import CUSTOMER, REDEEMED, Booking, Lead
from agent.core.leads.opened import OpenLead, begin, change, moment
from agent.core.leads.rules import CreditRule, counts


class Telling(NamedTuple):
    """One version of a lead, and the moment from which it stands, in seconds since 1970."""

    at: int
    lead: Lead


def tellings(leads: Iterable[Lead], bookings: Iterable[Booking]) -> list[Telling]:
    """Put all versions into the order they were told in.

    A version never stands before an earlier one of the same lead. A lead that was shown at a
    booking was there before it, whatever the two clocks say.
    """
    shown = _shown(bookings)
    told: list[Telling] = []
    for versions in _by_lead(leads).values():
        at = 0
        for lead in versions:
            at = max(at, moment(lead.at))
            if lead is versions[0]:
                at = min(at, shown.get(lead.lead_id, at))
            told.append(Telling(at, lead))
    return sorted(told, key=lambda each: (each.at, each.lead.lead_id, each.lead.ver))


def _by_lead(leads: Iterable[Lead]) -> dict[str, list[Lead]]:
    """Gather the versions of each lead, lowest first, each once."""
    once: dict[tuple[str, int], Lead] = {}
    for lead in leads:
        held = once.setdefault((lead.lead_id, lead.ver), lead)
        if held != lead:
            once[lead.lead_id, lead.ver] = max(held, lead, key=msgspec.json.encode)
    versions: dict[str, list[Lead]] = {}
    for key in sorted(once):
        versions.setdefault(key[0], []).append(once[key])
    return versions


def _shown(bookings: Iterable[Booking]) -> dict[str, int]:
    """Tell at which moment each lead was shown first."""
    shown: dict[str, int] = {}
    for booking in bookings:
        for lead_id in booking.redeemed:
            at = moment(booking.at)
            shown[lead_id] = min(at, shown.get(lead_id, at))
    return shown


class Shelf:
    """The leads that were told so far. It lives within one derivation."""

    def __init__(self, canonical: Mapping[PartyId, PartyId]) -> None:
        """Begin with none; parties are compared by whom they are held to be."""
        self._canonical = canonical
        self._leads: dict[str, OpenLead] = {}
        self._of_party: dict[PartyId, set[str]] = {}

    def put(self, telling: Telling) -> None:
        """Open a lead, or let its next version stand."""
        told, lead_id = telling.lead, telling.lead.lead_id
        held = self._leads.get(lead_id)
        self._leads[lead_id] = (
            begin(told, telling.at) if held is None else change(held, told, telling.at)
        )
        party = self._party(told.party_id)
        if party is not None:
            self._of_party.setdefault(party, set()).add(lead_id)

    def keep(self, lead: OpenLead) -> None:
        """Hold a lead as a booking left it."""
        self._leads[lead.told.lead_id] = lead

    def counting(self, booking: Booking, at: int, rule: CreditRule) -> list[tuple[OpenLead, str]]:
        """Find the leads that count for a booking, first begun first, and why each does."""
        party = self._party(booking.party_id)
        ids = set(booking.redeemed) & self._leads.keys()
        if party is not None:
            ids |= {
                lead_id
                for lead_id in self._of_party.get(party, ())
                if self._party(self._leads[lead_id].told.party_id) == party
            }
        found = [self._leads[lead_id] for lead_id in ids]
        return [
            (lead, REDEEMED if lead.told.lead_id in booking.redeemed else CUSTOMER)
            for lead in sorted(found, key=lambda lead: (lead.begun, lead.told.lead_id))
            if counts(rule, lead, at)
        ]

    def leads(self) -> tuple[OpenLead, ...]:
        """Give all of them as they stand, by id."""
        return tuple(self._leads[lead_id] for lead_id in sorted(self._leads))

    def _party(self, party: PartyId | None) -> PartyId | None:
        return None if party is None else self._canonical.get(party, party)
