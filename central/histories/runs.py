"""Plain sales one after the other, applied together: what a backlog mostly consists of.

A sale is plain when nothing but its own rows comes of it: nobody holds its id, it returns nothing,
no entry waits for it, and its customer is not known (yet). Everything else, and everything that
fails, is applied entry by entry, with the same outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from agent.core.entries.bodies import (
    Body,
    CashierSigned,
    CashMoved,
    PartyIdentified,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from central.histories.pending import Received
from central.ledger.bulk import present
from central.ledger.customer_tables import PARKED, PSEUDONYMS, SALES

Read = tuple[Received, Body | Exception]
"""An entry and what stands in it."""

_ALONE = (
    SaleCompleted,
    SaleCancelled,
    TillOpened,
    CashMoved,
    TillClosed,
    PartyIdentified,
    CashierSigned,
    Exception,
)
"""What has no effect on a sale beside it; among anything else no sale is plain."""


def plain_sales(conn: Connection, entries: Sequence[Read]) -> frozenset[int]:
    """Tell which entries of a slice are plain sales, by their seq."""
    sales = [(received.seq, body) for received, body in entries if isinstance(body, SaleCompleted)]
    if not sales or not all(isinstance(body, _ALONE) for _, body in entries):
        return frozenset()
    busy: set[str | None] = {sale_id for _, body in sales for sale_id in _returned(body)}
    ids: list[str] = [body.sale_id for _, body in sales]
    refs: list[str] = [body.customer_ref for _, body in sales if body.customer_ref]
    busy |= _twice(ids) | present(conn, SALES.c.sale_id, ids)
    busy |= present(conn, PARKED.c.waits_for, ids + refs)
    busy |= present(conn, PSEUDONYMS.c.customer_ref, refs)
    return frozenset(
        seq
        for seq, body in sales
        if not busy & {body.sale_id, body.customer_ref}
        and not any(_returned(body))
        and not any(line.ordered for line in body.lines)
    )


def runs(entries: Iterable[Read], plain: frozenset[int]) -> Iterator[list[Read]]:
    """Cut a slice into runs of plain sales, and every other entry by itself, in their order."""
    run: list[Read] = []
    for each in entries:
        if each[0].seq in plain:
            run.append(each)
            continue
        if run:
            yield run
            run = []
        yield [each]
    if run:
        yield run


def _returned(body: SaleCompleted) -> Iterator[str]:
    return (row.returns.sale_id for row in body.lines if row.returns is not None)


def _twice(ids: Sequence[str]) -> set[str | None]:
    return {each for each, count in Counter(ids).items() if count > 1}
