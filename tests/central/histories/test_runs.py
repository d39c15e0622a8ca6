"""Sales applied together: the same rows, and the same exceptions, as one by one."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import delete, select

from central.histories import Applier, applying
from central.ledger.customer_tables import (
    INTERACTIONS,
    PARKED,
    PSEUDONYMS,
    SALE_FLAGS,
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
)
from central.ledger.engine import reading
from central.ledger.metadata import METADATA
from central.ledger.report_tables import BOOKED, DAY_REACH
from central.ledger.tables import QUARANTINE
from tests.central.guards import unguarded

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
NOW = "2026-11-02T12:00:00.000Z"
COMPARED = (
    SALES,
    SALE_LINES,
    SALE_TENDERS,
    SALE_TAXES,
    SALE_FLAGS,
    PARKED,
    PSEUDONYMS,
    INTERACTIONS,
    QUARANTINE,
    BOOKED,
    DAY_REACH,
)


def together(*_):
    raise ValueError("one by one")


def picture(ledger):
    """All that came of the entries, without when."""
    when = {"since", "booked_at", "recorded_at", "running_hash"}
    with reading(ledger) as conn:
        return {
            table.name: sorted(
                str({key: value for key, value in row.items() if key not in when})
                for row in conn.execute(select(table)).mappings()
            )
            for table in COMPARED
        }


def bodies(told, draw):
    """Sales, and what may meet them: returns, doubles, known customers, unreadable bodies."""
    for n in range(60):
        lines = tuple(
            told.returned(f"sale-{draw.randint(0, 60)}", k + 1)
            if draw.random() < 0.1
            else told.line(k + 1)
            for k in range(draw.randint(1, 3))
        )
        ref = f"ref-{draw.randint(0, 20)}" if draw.random() < 0.3 else None
        sale_id = f"sale-{draw.randint(0, 60)}" if draw.random() < 0.1 else f"sale-{n}"
        yield told.sale(n, lines=lines, ref=ref, sale_id=sale_id)
        if draw.random() < 0.05:
            yield b"no body"
        if draw.random() < 0.05:
            yield told.cash(5)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_applied_together_is_what_one_by_one_gives(ledger, told, receive, seed):
    """Wrong: a backlog leaves other figures at HQ than the same sales one at a time (I4, I14)."""
    draw = random.Random(seed)
    sold = list(bodies(told, draw))
    ties = [told.tie(n, ADA) for n in range(5)]
    pictures = []
    with pytest.MonkeyPatch.context() as patch:
        for journals in ((SALES_J, SIDE_J), ("c" * 32, "d" * 32)):
            receive(journals[0], *sold)
            receive(journals[1], told.enrolled(ADA), *ties)
            Applier(ledger, lambda: NOW).apply_pending()
            pictures.append(picture(ledger))
            patch.setattr(applying, "insert_sales", together)
            with ledger.begin() as conn:
                for table in (*COMPARED, "book_head", "applied", "journal_cursor", "chain", "body"):
                    clear(conn, table)
    pictures[1] = {
        name: [row.replace("c" * 32, SALES_J).replace("d" * 32, SIDE_J) for row in rows]
        for name, rows in pictures[1].items()
    }
    assert pictures[0] == pictures[1]


def clear(conn, table):
    """Forget all of a table; insert-only ones are not asked."""
    name = getattr(table, "name", table)
    for change in ("update", "delete"):
        unguarded(conn, f"{name}_no_{change}")
    conn.execute(delete(METADATA.tables[name]))


def test_a_run_is_cut_where_something_else_stands(ledger, told, receive, rows, monkeypatch):
    """Wrong: nothing is applied together, and a backlog takes an hour."""
    runs = []
    real = applying.insert_sales

    def counted(conn, sales):
        runs.append([entry.seq for entry, _ in sales])
        real(conn, sales)

    monkeypatch.setattr(applying, "insert_sales", counted)
    back = told.sale(4, lines=(told.returned("sale-1"),))
    receive(SALES_J, *[told.sale(n) for n in (1, 2, 3)], back, told.sale(5), told.sale(6))
    Applier(ledger, lambda: NOW).apply_pending()
    assert 6 == len(rows(SALES))
    assert [[2, 3], [5, 6]] == runs
