"""A lead while it lives: begun, touched, and what of it has not been bought yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from agent.core.leads.model import Lead
from agent.core.quantities import Thousandths

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(wall: str) -> int:
    """Read a time into whole seconds since 1970; one that nobody can read is long ago: 0.

    Times decide here how a report shares money out, and nothing else.

    >>> moment("1970-01-02T00:00:01.999Z"), moment("1970-01-02"), moment("yesterday")
    (86401, 86400, 0)
    """
    try:
        read = datetime.fromisoformat(wall)
    except ValueError:
        return 0
    aware = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(seconds=1)


class OpenLead(msgspec.Struct, frozen=True):
    """A lead as it stands between two purchases. Moments are seconds since 1970."""

    told: Lead
    """The version that stands."""
    begun: int
    touched: int
    left: dict[str, int] | None
    """Item to the thousandths still open; None of a lead about whatever is bought next."""
    converted: bool = False

    @property
    def spent(self) -> bool:
        """Whether nothing is left of it to be bought."""
        return self.converted if self.left is None else not any(self.left.values())

    def age(self, at: int) -> int:
        """Seconds since it was touched; a clock that is behind makes it no younger than 0."""
        return max(0, at - self.touched)

    def over(self, at: int) -> bool:
        """Tell whether its own end has passed."""
        return self.told.valid_until is not None and at > moment(self.told.valid_until)

    def covers(self, item: str | None, quantity: int) -> int:
        """Tell how many thousandths of a line this lead had asked for."""
        if self.left is None:
            return 0 if self.converted else quantity
        return 0 if item is None else min(self.left.get(item, 0), quantity)


def begin(told: Lead, at: int) -> OpenLead:
    """Open a lead by the first that is heard of it."""
    return OpenLead(told, at, at, _wanted(told))


def change(lead: OpenLead, told: Lead, at: int) -> OpenLead:
    """Let the next version stand: what was added is open, what was taken out is not.

    What has been bought stays bought where the cart merely still lists it.
    """
    before, wanted = _wanted(lead.told) or {}, _wanted(told)
    if wanted is not None:
        left = lead.left or {}
        wanted = {
            item: min(quantity, max(0, left.get(item, 0) + quantity - before.get(item, 0)))
            for item, quantity in wanted.items()
        }
    return msgspec.structs.replace(lead, told=told, touched=max(lead.touched, at), left=wanted)


def take(lead: OpenLead, item: str | None, quantity: int) -> OpenLead:
    """Note that so much of it was bought; a lead about anything goes on until `finish`.

    Args:
        lead: that had asked for it.
        item: of the line.
        quantity: at most what the lead covers of it.
    """
    if lead.left is None or item is None:
        return lead
    return msgspec.structs.replace(lead, left={**lead.left, item: lead.left[item] - quantity})


def finish(lead: OpenLead) -> OpenLead:
    """Note that a booking it had a part in is over; a lead about anything is done with it."""
    return msgspec.structs.replace(lead, converted=True)


def _wanted(told: Lead) -> dict[str, int] | None:
    if told.items is None:
        return None
    wanted: dict[str, int] = {}
    for each in told.items:
        wanted[each.item] = Thousandths(wanted.get(each.item, 0) + max(0, each.quantity))
    return wanted
