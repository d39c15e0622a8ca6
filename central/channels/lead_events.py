"""The leads of channels: a web cart, a wish list, a quote of the call centre, as told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.core.faults import InputFault
from agent.core.identifiers import PartyId
from agent.core.leads import Lead, LeadItem
from agent.core.quantities import ONE, Thousandths
from central.channels.told import EventTold, LeadItemTold, LeadSaid, utc

QUANTITY_MAX = 10**6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lead_of(channel: str, event: EventTold, party_id: str | None) -> Lead:
    """Make a lead of what an event tells.

    Args:
        channel: that told it; its id begins the lead's.
        event: with a lead.
        party_id: who it was, as observed; None of nobody known.

    Raises:
        InputFault: `lead-missing`; `bad-lead`: a thing without a code, or no quantity.
    """
    said = event.lead
    if said is None:
        raise _bad("no lead")
    return Lead(
        lead_id=f"{channel}/{said.lead_id}",
        kind=said.kind,
        channel=channel,
        at=event.occurred_at,
        ver=_version(event.occurred_at) if said.ver is None else said.ver,
        touch_point=event.touch_point or channel,
        owner=said.owner,
        party_id=None if party_id is None else PartyId(party_id),
        items=_items(said),
        valid_until=utc(said.valid_until) if said.valid_until else None,
    )


def _items(said: LeadSaid) -> tuple[LeadItem, ...] | None:
    return None if said.items is None else tuple(map(_item, said.items))


def _item(told: LeadItemTold) -> LeadItem:
    code = told.item or told.gtin
    if not code:
        raise _bad("a thing without `item` or `gtin`")
    if not 0 <= told.quantity <= QUANTITY_MAX:
        raise _bad(f"a quantity of {told.quantity} for {code[:40]!r}")
    return LeadItem(code, Thousandths(told.quantity * ONE))


def _version(occurred_at: str) -> int:
    """Number a version by the channel's own clock: it alone tells of this lead."""
    return (datetime.fromisoformat(occurred_at) - _EPOCH) // timedelta(milliseconds=1)


def _bad(what: str) -> InputFault:
    return InputFault(
        f"the lead cannot have {what}",
        remedy="correct the lead and send the event again under the same event_id",
        name="bad-lead",
    )
