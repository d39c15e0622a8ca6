"""Cash and days: floats, pay-ins, pay-outs and Z reports as rows for the reports."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from agent.core.entries.bodies import CashMoved, TillClosed, TillOpened
from agent.core.faults import StateFault
from central.histories.entry import Entry
from central.histories.sold import HadEffect
from central.ledger.customer_tables import CASH_MOVEMENTS, Z_REPORTS
from central.ledger.upserts import upsert

FLOAT = "float"
PAID_IN = "paid-in"
PAID_OUT = "paid-out"


def moved(conn: Connection, entry: Entry, body: TillOpened | CashMoved) -> None:
    """Keep a float, a pay-in or a pay-out.

    Raises:
        HadEffect: it is held already.
        StateFault: another movement is held under its number.
    """
    if isinstance(body, TillOpened):
        kind, amount, reason = FLOAT, body.float_amount, "till opened"
    else:
        kind = PAID_IN if body.amount >= 0 else PAID_OUT
        amount, reason = body.amount, body.reason
    row = {
        "journal_id": entry.journal_id,
        "seq": entry.seq,
        "store": body.store,
        "till": body.till,
        "business_date": body.business_date,
        "kind": kind,
        "amount": amount,
        "currency": body.currency,
        "reason": reason,
        "actor": body.actor,
    }
    _keep(conn, CASH_MOVEMENTS, row)


def closed(conn: Connection, entry: Entry, body: TillClosed) -> None:
    """Keep a Z report with all its figures.

    Raises:
        HadEffect: it is held already.
        StateFault: another one is held under its number.
    """
    row = {
        "journal_id": entry.journal_id,
        "z_number": body.z_number,
        "seq": entry.seq,
        "store": body.store,
        "till": body.till,
        "business_date": body.business_date,
        "closed_at": body.at.wall,
        "currency": body.currency,
        "gross": body.totals.gross,
        "expected_cash": body.totals.expected_cash,
        "counted_cash": body.counted_cash,
        "difference": body.difference,
        "totals": msgspec.json.encode(body.totals),
        "actor": body.actor,
    }
    _keep(conn, Z_REPORTS, row)


def _keep(conn: Connection, table: Table, row: dict[str, Any]) -> None:
    """Insert; what is there already is this very fact, or a fork's under the same number."""
    if conn.execute(upsert(table).on_conflict_do_nothing(), row).rowcount:
        return
    key = [column == row[column.name] for column in table.primary_key]
    held = conn.execute(select(table).where(*key)).mappings().one()
    if dict(held) == row:
        raise HadEffect
    raise StateFault(
        f"{table.name} of journal {row['journal_id']} holds another one in the place of entry "
        f"{row['seq']}",
        remedy="two copies of one till wrote both: compare the entries with the store, then void "
        "the one that did not happen",
        name="number-taken",
    )
