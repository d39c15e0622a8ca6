"""What the last verification of the ledger found, journal by journal."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from central.ledger.report_tables import LEDGER_CHECKS
from central.ledger.tables import JOURNALS
from central.ledger.upserts import upsert


class ChainCheck(msgspec.Struct, frozen=True):
    """The last verification of one journal."""

    journal_id: str
    checked_at: str
    """HQ's time."""
    upto_seq: int
    records_per_s: int
    fault: str | None
    """The first thing that did not hold; None where all did."""


def keep(conn: Connection, found: Iterable[ChainCheck]) -> None:
    """Remember what was found, in the place of what was found before."""
    for check in found:
        row = msgspec.structs.asdict(check)
        new = upsert(LEDGER_CHECKS).values(row)
        conn.execute(new.on_conflict_do_update(index_elements=["journal_id"], set_=row))


def checks(conn: Connection) -> dict[str, ChainCheck]:
    """Read the last verification of every journal."""
    return {
        row["journal_id"]: ChainCheck(**row)
        for row in conn.execute(select(LEDGER_CHECKS)).mappings()
    }


def broken(conn: Connection) -> list[tuple[ChainCheck, str]]:
    """List the journals that did not hold, with where they are from."""
    query = (
        select(LEDGER_CHECKS, JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == LEDGER_CHECKS.c.journal_id)
        .where(LEDGER_CHECKS.c.fault.is_not(None))
    )
    names = ChainCheck.__struct_fields__
    return [
        (
            ChainCheck(**{name: getattr(row, name) for name in names}),
            f"{row.store}/{row.till} {row.lane}" if row.store else row.journal_id,
        )
        for row in conn.execute(query)
    ]
