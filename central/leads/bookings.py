"""Sales and orders as bookings: what reports share out and profiles count, on any channel alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.booked import booked
from agent.core.history import STORE_CHANNEL
from agent.core.identifiers import PartyId
from agent.core.leads import BookedLine, Booking
from agent.core.quantities import Minor, Thousandths
from central.leads.items import names_for
from central.ledger.bulk import among
from central.ledger.customer_tables import PSEUDONYMS, SALES
from central.ledger.lead_tables import CHANNEL_BOOKINGS, LEADS_SHOWN

SaleOf = Callable[[Connection, str], SaleCompleted | None]
"""Gives a sale as it was sealed, by its id; None where its body is gone."""


class _Held(NamedTuple):
    """A sale as the ledger's rows have it."""

    sale_id: str
    channel: str
    store: str
    till: str
    business_date: str
    currency: str
    completed_at: str
    net: int
    party_id: str | None


def bookings_of(conn: Connection, events: Iterable[str], sale_of: SaleOf) -> list[Booking]:
    """Read bookings by their events, those of stores and of other channels; unknown ones are none.

    Args:
        conn: any open connection.
        events: sale ids, and `channel/order`.
        sale_of: reads a sale.
    """
    wanted = sorted(set(events))
    rows = _sales(conn, wanted)
    bodies = [(row, sale_of(conn, row.sale_id)) for row in rows]
    names = names_for(conn, _codes(body for _, body in bodies if body is not None))
    shown = _shown(conn, [row.sale_id for row in rows])
    found = [
        _without_body(row)
        if body is None
        else booked(
            body,
            channel=STORE_CHANNEL,
            item_of=lambda line: names.of(line.item_id, line.gtin),
            party_id=None if row.party_id is None else PartyId(row.party_id),
            redeemed=shown.get(row.sale_id, ()),
        )
        for row, body in bodies
    ]
    return found + list(_of_channels(conn, wanted))


def _sales(conn: Connection, wanted: Sequence[str]) -> list[_Held]:
    sale = SALES.c
    tied = SALES.outerjoin(PSEUDONYMS, PSEUDONYMS.c.customer_ref == sale.customer_ref)
    query = select(
        sale.sale_id,
        sale.store,
        sale.till,
        sale.business_date,
        sale.currency,
        sale.completed_at,
        sale.net,
        PSEUDONYMS.c.party_id,
    ).select_from(tied)
    rows = conn.execute(query.where(among(conn, sale.sale_id, wanted)).order_by(sale.sale_id))
    return [_Held(channel=STORE_CHANNEL, **row) for row in rows.mappings()]


def _codes(bodies: Iterable[SaleCompleted]) -> Iterator[str | None]:
    return (line.item_id or line.gtin for body in bodies for line in body.lines)


def _shown(conn: Connection, sale_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    query = select(LEADS_SHOWN.c.sale_id, LEADS_SHOWN.c.lead_id)
    rows = conn.execute(query.where(among(conn, LEADS_SHOWN.c.sale_id, sale_ids)))
    shown: dict[str, tuple[str, ...]] = {}
    for row in sorted(rows):
        shown[row.sale_id] = (*shown.get(row.sale_id, ()), row.lead_id)
    return shown


def _without_body(row: _Held) -> Booking:
    """Book what is left of a sale whose body was erased: its sum, about nothing."""
    return Booking(
        event=row.sale_id,
        channel=row.channel,
        at=row.completed_at,
        business_date=row.business_date,
        currency=row.currency,
        lines=(BookedLine(line=0, quantity=Thousandths(0), net=Minor(row.net)),),
        touch_point=f"{row.store}/{row.till}",
    )


def _of_channels(conn: Connection, wanted: Sequence[str]) -> Iterator[Booking]:
    query = select(CHANNEL_BOOKINGS.c.body).where(among(conn, CHANNEL_BOOKINGS.c.event, wanted))
    for body in conn.execute(query.order_by(CHANNEL_BOOKINGS.c.event)).scalars():
        yield msgspec.json.decode(body, type=Booking)
