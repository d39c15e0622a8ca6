"""Who is credited for what was sold: one derivation over leads and bookings, whatever their order.

Every line of every booking is credited in full, so the credits of a day add up to its net sales,
returns included, under any rule. Bookings are gone through in the order of their times, as a lead
is spent by the first purchase of what it asked for; returns come after all sales, so that no clock
that is behind can put a return before its sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from agent.core.identifiers import PartyId
from agent.core.leads.dividing import Cover, divide
from agent.core.leads.model import (
    KEPT,
    SOLD,
    BookedLine,
    Booking,
    Conversion,
    Credit,
    Lead,
)
from agent.core.leads.opened import OpenLead, finish, moment, take
from agent.core.leads.returning import plain_credit, returns
from agent.core.leads.rules import CreditRule, rule_on
from agent.core.leads.telling import Shelf, tellings
from agent.core.quantities import Minor, Thousandths

_NO_MERGES: Mapping[PartyId, PartyId] = MappingProxyType({})


class Credited(NamedTuple):
    """Everything that follows from some leads and bookings."""

    credits: tuple[Credit, ...]
    """By event and line; none of them zero."""
    conversions: tuple[Conversion, ...]
    """By event and line, of sales alone: goods that come back leave a lead converted."""
    leads: tuple[OpenLead, ...]
    """Each as it stands after them, by id."""


def credit(
    leads: Iterable[Lead],
    bookings: Iterable[Booking],
    rules: Sequence[CreditRule],
    canonical: Mapping[PartyId, PartyId] = _NO_MERGES,
) -> Credited:
    """Credit every line of the bookings.

    Args:
        leads: all versions of those that may matter, in any order, repeated or not. Leave the
            party out of a lead whose customer may not be followed from channel to channel: shown
            at the till, it still counts.
        bookings: with the sales that the returns among them go back to, in any order, repeated or
            not. What belongs together is told by `grouping.groups`.
        rules: in force one after the other, see `rule_on`.
        canonical: party as observed to the one it is now held to be.
    """
    in_time = _in_time(bookings)
    upcoming = tellings(leads, in_time)[::-1]
    selling = _Selling(Shelf(canonical), rules)
    for booking in in_time:
        at = moment(booking.at)
        while upcoming and upcoming[-1].at <= at:
            selling.shelf.put(upcoming.pop())
        selling.sell(booking, at)
    for telling in reversed(upcoming):
        selling.shelf.put(telling)
    credits_ = [*selling.credits, *returns(in_time, selling.credits)]
    return Credited(
        tuple(sorted(credits_, key=lambda each: (each.event, each.line))),
        tuple(sorted(selling.conversions, key=lambda each: (each.event, each.line))),
        selling.shelf.leads(),
    )


def _in_time(bookings: Iterable[Booking]) -> list[Booking]:
    """Put bookings into the order of their times, each event once."""
    once: dict[str, Booking] = {}
    for booking in bookings:
        held = once.setdefault(booking.event, booking)
        if held != booking:
            once[booking.event] = max(held, booking, key=msgspec.json.encode)
    return sorted(once.values(), key=lambda booking: (moment(booking.at), booking.event))


class _Selling:
    """What was sold so far, and what follows from it."""

    def __init__(self, shelf: Shelf, rules: Sequence[CreditRule]) -> None:
        self.shelf = shelf
        self.credits: list[Credit] = []
        self.conversions: list[Conversion] = []
        self._rules = rules

    def sell(self, booking: Booking, at: int) -> None:
        """Credit the lines that were sold, and note what is left of the leads."""
        rule = rule_on(self._rules, booking.business_date)
        counting = self.shelf.counting(booking, at, rule)
        converted: set[str] = set()
        for line in sorted(booking.lines, key=lambda line: line.line):
            if line.quantity < 0:
                continue
            covers = _covers(line, counting)
            self.credits += _credits(booking, line, covers, rule, at)
            self.conversions += _conversions(booking, line, covers)
            counting = _taken(counting, line, covers) if covers else counting
            converted |= {cover.lead.told.lead_id for cover in covers}
        for lead, _ in counting:
            self.shelf.keep(finish(lead) if lead.told.lead_id in converted else lead)


def _credits(
    booking: Booking, line: BookedLine, covers: list[Cover], rule: CreditRule, at: int
) -> list[Credit]:
    """Credit one line that was sold."""
    sold = plain_credit(booking, line, SOLD)
    found = [sold]
    if covers:
        shares = divide(line.net, line.quantity, covers, rule, at)
        replace = msgspec.structs.replace
        kept = replace(sold, net=shares.kept, why=KEPT, rule=rule.label)
        led = [
            _led(sold, cover, net, rule) for cover, net in zip(covers, shares.leads, strict=True)
        ]
        found = [replace(sold, net=shares.sold), kept, *led]
    return [each for each in found if each.net]


def _led(sold: Credit, cover: Cover, net: Minor, rule: CreditRule) -> Credit:
    """Credit a lead with its part of a line."""
    told = cover.lead.told
    return msgspec.structs.replace(
        sold,
        channel=told.channel,
        touch_point=told.touch_point,
        owner=told.owner,
        lead_id=told.lead_id,
        net=net,
        why=cover.why,
        rule=rule.label,
    )


def _conversions(booking: Booking, line: BookedLine, covers: list[Cover]) -> list[Conversion]:
    return [
        Conversion(cover.lead.told.lead_id, booking.event, line.line, cover.quantity, cover.why)
        for cover in covers
    ]


def _covers(line: BookedLine, counting: Iterable[tuple[OpenLead, str]]) -> list[Cover]:
    """Find how much of a line each lead had asked for."""
    covers = [
        Cover(lead, Thousandths(lead.covers(line.item, line.quantity)), why)
        for lead, why in counting
    ]
    return [cover for cover in covers if cover.quantity]


def _taken(
    counting: list[tuple[OpenLead, str]], line: BookedLine, covers: list[Cover]
) -> list[tuple[OpenLead, str]]:
    """Take what was bought from each lead that had asked for it."""
    bought = {cover.lead.told.lead_id: cover.quantity for cover in covers}
    return [
        (take(lead, line.item, bought[lead.told.lead_id]), why)
        if lead.told.lead_id in bought
        else (lead, why)
        for lead, why in counting
    ]
