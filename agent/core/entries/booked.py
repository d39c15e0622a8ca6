"""From the fact of a sale to its booking: what reports share out and profiles count."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.entries.bodies import SaleCompleted
from agent.core.identifiers import PartyId
from agent.core.leads import Booking, booked_lines, corrected
from agent.core.sale.model import Line


def booked(
    body: SaleCompleted,
    *,
    channel: str,
    item_of: Callable[[Line], str | None],
    party_id: PartyId | None = None,
    redeemed: tuple[str, ...] = (),
) -> Booking:
    """Book a completed sale.

    Args:
        body: the sale.
        channel: the counters' own name among the channels.
        item_of: names what a line sold, as every channel names it.
        party_id: of its `sale.attributed`, if there is one.
        redeemed: the leads of its `lead.redeemed`.
    """
    return Booking(
        event=body.sale_id,
        channel=channel,
        touch_point=f"{body.store}/{body.till}",
        at=corrected(body.completed),
        business_date=body.business_date,
        currency=body.currency,
        lines=booked_lines(
            body.lines,
            discount=body.discount,
            net=body.net,
            prices_include_tax=body.prices_include_tax,
            item_of=item_of,
        ),
        party_id=party_id,
        redeemed=redeemed,
    )
