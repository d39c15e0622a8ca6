"""Starting again: everything a till remembers is read back from the journal."""

from __future__ import annotations

import msgspec

from agent.core.entries import SALES, SIDE
from agent.core.entries.bodies import Body, CashierSigned, PartyEnrolled
from agent.core.entries.day import opening_of
from agent.core.identifiers import JournalId, TillId
from agent.core.sale.model import Sale
from agent.journal import Connection, baskets, chains, cursors, days
from agent.journal.lineage import lineage
from agent.journal.tails import SEQ_MAX
from agent.till.customers import remember
from agent.till.desk import Desk

ENTRIES_MIN = 2000
"""Newest entries of a journal read at start even if HQ has them: its cards may still lag."""


class _Read(msgspec.Struct, frozen=True):
    """What the journal says of one till."""

    baskets: list[Sale]
    opened: bool
    entries: list[tuple[JournalId, list[tuple[int, Body]]]]
    """Journal and its entries that HQ has not acknowledged, `sales` before `side`."""


async def restore(desk: Desk) -> None:
    """Bring back baskets, the cashier, and the customers HQ may not know yet."""
    held = await desk.journal.read(lambda conn: _read(conn, desk))
    desk.baskets = {sale.sale_id: sale for sale in held.baskets}
    desk.opened = held.opened
    for journal_id, entries in held.entries:
        desk.own.note_all(journal_id, entries)
        for _, body in entries:
            _take(desk, body)


def _read(conn: Connection, desk: Desk) -> _Read:
    till = desk.till.id
    entries = [found for lane in (SALES, SIDE) for found in _newest(conn, till, lane)]
    opened = opening_of(days.since_opened(conn, till)) is not None
    return _Read(baskets.all_of(conn, till), opened, entries)


def _newest(
    conn: Connection, till: TillId, lane: str
) -> list[tuple[JournalId, list[tuple[int, Body]]]]:
    """Read what HQ may not know of a lane, oldest first; a successor's predecessor comes too."""
    entries: list[tuple[JournalId, list[tuple[int, Body]]]] = []
    wanted, upto = ENTRIES_MIN, SEQ_MAX
    for member in lineage(conn, till, lane):
        acked = cursors.acked(conn, member.journal_id)
        tail = min(member.tail_seq, upto)
        after = min(acked.seq if acked else 0, max(0, tail - wanted))
        facts = chains.facts_of(conn, member.number, after, upto)
        entries.insert(0, (member.journal_id, facts))
        wanted -= tail - after
        if wanted <= 0 or member.succeeds is None:
            break
        upto = member.succeeds.seq
    return entries


def _take(desk: Desk, body: Body) -> None:
    if isinstance(body, CashierSigned):
        desk.actor = body.actor if body.on else None
    elif isinstance(body, PartyEnrolled) and _is_lost(desk, body):
        remember(desk, body)


def _is_lost(desk: Desk, body: PartyEnrolled) -> bool:
    """Tell whether the directory lacks whom it held; a closed enrolment only HQ can bring back."""
    return body.sealed is None and not desk.directory.holds(body.party_id)
