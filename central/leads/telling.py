"""A lead as one line of a history."""

from __future__ import annotations

from agent.core.history import Interaction
from agent.core.history.interactions import employee
from agent.core.identifiers import ActorId
from agent.core.leads import Lead
from agent.core.quantities import ONE


def interaction_of_lead(
    lead: Lead, event_id: str, touch_point: str, actor: ActorId | None = None
) -> Interaction:
    """Tell that a customer showed an intent to buy, or changed it.

    Args:
        lead: the version that was told.
        event_id: unique over all channels: `channel/event`, or `journal/seq`.
        touch_point: where it was told.
        actor: who wrote it down at a till.
    """
    return Interaction(
        event_id=event_id,
        type="lead.told",
        channel=lead.channel,
        touch_point=touch_point,
        occurred_at=lead.at,
        title=_title(lead),
        ref=lead.lead_id,
        actor=employee(actor) if actor else None,
        about=lead.lead_id,
    )


def _title(lead: Lead) -> str:
    """Write `Cart: 3 items`, `Quote`, `Cart emptied`."""
    kind = lead.kind.replace("-", " ").replace("_", " ").capitalize()
    if lead.items is None:
        return kind
    pieces = sum(max(1, item.quantity // ONE) for item in lead.items if item.quantity > 0)
    if not pieces:
        return f"{kind} emptied"
    return f"{kind}: 1 item" if pieces == 1 else f"{kind}: {pieces} items"
