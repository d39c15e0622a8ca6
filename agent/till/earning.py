"""What the receipt of a sale says of points, reckoned in the sale's own transaction.

It is kept with the print job until the paper is out: the balance is of that moment, and a sale
completed again tomorrow by its number knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from agent.core.entries.bodies import Body
from agent.core.faults import Fault
from agent.core.history.happenings import happenings_of
from agent.core.identifiers import JournalId
from agent.core.loyalty import POINTS, ValueEarned
from agent.core.receipt.points import PointsShown
from agent.core.recognition import Part, opens
from agent.core.sale.model import Sale
from agent.till.cards import known
from agent.till.desk import Desk

log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder(order="deterministic").encode
_read = msgspec.json.Decoder(PointsShown).decode


async def balance_before(desk: Desk, sale: Sale) -> int | None:
    """Give the customer's points before a sale; None where they are not open here, or unknown."""
    party_id = sale.party_id
    if party_id is None or not opens(desk.meeting(party_id).strength, Part.POINTS):
        return None
    if not desk.value.programme().rules:
        return None
    try:
        held = await known(desk, party_id)
    except Fault as fault:
        log.warning("no points on a receipt", why=str(fault))
        return None
    return held.card.points if held else None


def shown_on(desk: Desk, before: int | None, facts: Sequence[Body]) -> bytes | None:
    """Write what goes onto the receipt; None where there is nothing to say.

    Args:
        desk: the till's.
        before: the balance before the sale.
        facts: what the sale means for points.
    """
    earned = sum(
        each.value
        for fact in facts
        if isinstance(fact, ValueEarned)
        for each in fact.earnings
        if each.unit == POINTS
    )
    if before is None and not earned:
        return None
    entries = [(JournalId(""), n, fact) for n, fact in enumerate(facts, 1)]
    moved = sum(each.points for each in happenings_of(entries))
    balance = None if before is None else before + moved
    return _encode(PointsShown(earned, balance, desk.unheard_since()))


def read_back(payload: bytes | None) -> PointsShown | None:
    """Read what a receipt's print job says of points."""
    return None if payload is None else _read(payload)
