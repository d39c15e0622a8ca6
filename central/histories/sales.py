"""What a sale does at HQ: rows for reports, the customer's history, and a look at its returns."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.quantities import decimal_text
from central.histories.entry import Entry
from central.histories.parking import park, unpark
from central.histories.people import bridge
from central.histories.sold import insert_sale, sale_body
from central.ledger.customer_tables import SALE_FLAGS, SALE_LINES, SALES
from central.ledger.due import EVENT, note_due
from central.ledger.sums import whole_sum
from central.ledger.upserts import upsert

RETURNED_TOO_MUCH = "returned-more-than-sold"
NO_SUCH_LINE = "returned-line-unknown"


def completed(conn: Connection, entry: Entry, body: SaleCompleted) -> frozenset[str]:
    """Keep a sale, bring it into its customer's history, and check what it returns.

    Raises:
        StateFault: a sale with this id is held from another entry.
    """
    insert_sale(conn, entry, body)
    _check_returns(conn, entry, body)
    arrived = [body.sale_id] + ([body.customer_ref] if body.customer_ref else [])
    for journal_id, seq in unpark(conn, arrived):
        later = sale_body(conn, journal_id, seq)
        if later is not None:
            _check_returns(conn, Entry(journal_id, seq, entry.now), later)
    return bridge(conn, body.customer_ref, entry.now) if body.customer_ref else frozenset()


def _check_returns(conn: Connection, entry: Entry, body: SaleCompleted) -> None:
    """Flag what gives back more than was sold: it was accepted offline, a person looks at it."""
    for row in body.lines:
        # What comes back of an order is counted by the order: see `central.goods`.
        if row.returns is not None and row.ordered is None and not row.voided:
            note_due(conn, EVENT, [row.returns.sale_id])
            if _is_held(conn, row.returns.sale_id):
                _flag(conn, body.sale_id, row.line, entry.now)
            else:
                park(conn, entry, row.returns.sale_id)


def _flag(conn: Connection, sale_id: str, line: int, now: str) -> None:
    here = SALE_LINES.c
    returning = conn.execute(
        select(here.returns_sale, here.returns_line, here.name).where(
            here.sale_id == sale_id, here.line == line
        )
    ).one()
    of_original = here.sale_id == returning.returns_sale, here.line == returning.returns_line
    sold = conn.execute(
        select(here.quantity).where(*of_original, here.voided.is_(False))
    ).scalar_one_or_none()
    returned = -_returned(conn, returning.returns_sale, returning.returns_line)
    if sold is None:
        detail = (
            f"{returning.name}: sale {returning.returns_sale} has no line {returning.returns_line}"
        )
        _write_flag(conn, sale_id, line, NO_SUCH_LINE, detail, now)
    elif returned > sold:
        of_all = f"{decimal_text(returned, 3)} returned in all of {decimal_text(sold, 3)} sold"
        detail = f"{returning.name}: {of_all}"
        _write_flag(conn, sale_id, line, RETURNED_TOO_MUCH, detail, now)


def _returned(conn: Connection, sale_id: str, line: int) -> int:
    """Add up what all sales return of one line: thousandths, negative."""
    query = select(func.coalesce(whole_sum(SALE_LINES.c.quantity), 0)).where(
        SALE_LINES.c.returns_sale == sale_id,
        SALE_LINES.c.returns_line == line,
        SALE_LINES.c.voided.is_(False),
    )
    return int(conn.execute(query).scalar_one())


def _is_held(conn: Connection, sale_id: str) -> bool:
    return (
        conn.execute(select(SALES.c.sale_id).where(SALES.c.sale_id == sale_id)).first() is not None
    )


def _write_flag(
    conn: Connection, sale_id: str, line: int, name: str, detail: str, now: str
) -> None:
    row = {"sale_id": sale_id, "line": line, "name": name, "detail": detail, "at": now}
    conn.execute(upsert(SALE_FLAGS).values(row).on_conflict_do_nothing())
