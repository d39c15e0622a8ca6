"""Cash and days: floats, pay-ins, pay-outs and Z reports as rows for the reports."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert

from agent.core.entries.bodies import CashMoved, TillClosed, TillOpened
from central.histories.entry import Entry
from central.ledger.customer_tables import CASH_MOVEMENTS, Z_REPORTS

FLOAT = "float"
PAID_IN = "paid-in"
PAID_OUT = "paid-out"


def moved(conn: Connection, entry: Entry, body: TillOpened | CashMoved) -> None:
    """Keep a float, a pay-in or a pay-out."""
    if isinstance(body, TillOpened):
        kind, amount, reason = FLOAT, body.float_amount, "till opened"
    else:
        kind = PAID_IN if body.amount >= 0 else PAID_OUT
        amount, reason = body.amount, body.reason
    conn.execute(
        insert(CASH_MOVEMENTS).values(
            journal_id=entry.journal_id,
            seq=entry.seq,
            store=body.store,
            till=body.till,
            business_date=body.business_date,
            kind=kind,
            amount=amount,
            currency=body.currency,
            reason=reason,
            actor=body.actor,
        )
    )


def closed(conn: Connection, entry: Entry, body: TillClosed) -> None:
    """Keep a Z report with all its figures."""
    conn.execute(
        insert(Z_REPORTS).values(
            journal_id=entry.journal_id,
            z_number=body.z_number,
            seq=entry.seq,
            store=body.store,
            till=body.till,
            business_date=body.business_date,
            closed_at=body.at.wall,
            currency=body.currency,
            gross=body.totals.gross,
            expected_cash=body.totals.expected_cash,
            counted_cash=body.counted_cash,
            difference=body.difference,
            totals=msgspec.json.encode(body.totals),
            actor=body.actor,
        )
    )
