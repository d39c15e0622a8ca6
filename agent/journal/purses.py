"""Leases and what baskets are paid with out of them: rows, as `core.loyalty.purse` reads them.

Functions of a connection; whoever calls them owns the transaction, in which the fact of what is
spent is written as well. Only leases that can still be spent are read: however many there were, a
till that takes a payment looks at a few rows.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agent.core.entries.bodies import Body
from agent.core.entries.kinds import SIDE
from agent.core.identifiers import JournalId, SaleId, StoreId, TillId
from agent.core.loyalty import Draw, Lease, LeaseClosed, ValueSpent
from agent.core.loyalty.purse import Purse, due, lease_closed, paid
from agent.core.quantities import Minor
from agent.core.sale.model import Stamp
from agent.journal import chains
from agent.journal.chains import Appended
from agent.journal.connection import Connection

_json = msgspec.json.Encoder(order="deterministic")


class Promise(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tender of a basket takes out of leases, or gives back of an earlier payment."""

    tender: int
    amount: Minor
    """In money, positive."""
    owner: str = ""
    unit: str = ""
    draws: tuple[Draw, ...] = ()
    of_sale: SaleId | None = None
    """Of a refund: the sale that was paid so, with `of_tender`."""
    of_tender: int = 0


def side_journal(conn: Connection, till: TillId) -> JournalId:
    """Name the open `side` journal of a till; empty where it has none."""
    row = conn.execute(
        "SELECT id FROM journal WHERE till = ? AND lane = ? AND sealed = 0", (till, SIDE)
    ).fetchone()
    return JournalId("" if row is None else row[0])


def receive(conn: Connection, lease_id: str, lease: Lease) -> None:
    """Take a lease up; one that is known, closed or not, stays as it is."""
    conn.execute(
        "INSERT OR IGNORE INTO lease (lease_id, journal, body, closings, over, closed)"
        " VALUES (?, ?, ?, ?, '', 0)",
        (lease_id, lease.journal, _json.encode(lease), b"[]"),
    )


def purse(conn: Connection, journal: JournalId) -> Purse:
    """Read what a journal may spend; closed leases are left out."""
    rows = conn.execute(
        "SELECT lease_id, body, closings, over FROM lease WHERE journal = ? AND closed = 0",
        (journal,),
    ).fetchall()
    spent: dict[str, dict[str, int]] = {}
    for lease_id, payment, value in conn.execute(
        "SELECT s.lease_id, s.payment, s.value FROM lease l JOIN lease_spent s"
        " ON s.lease_id = l.lease_id WHERE l.journal = ? AND l.closed = 0",
        (journal,),
    ).fetchall():
        spent.setdefault(lease_id, {})[payment] = value
    return Purse(
        journal,
        leases={row[0]: msgspec.json.decode(row[1], type=Lease) for row in rows},
        spent=spent,
        closings={row[0]: msgspec.json.decode(row[2], type=frozenset[str]) for row in rows},
        over={row[0]: row[3] for row in rows if row[3]},
    )


def change(conn: Connection, journal: JournalId, decide: Callable[[Purse], Purse]) -> Purse:
    """Have the purse of a journal changed, and keep what became of it."""
    before = purse(conn, journal)
    after = decide(before)
    for lease_id in before.leases:
        if lease_id in after.closed:
            conn.execute("UPDATE lease SET closed = 1 WHERE lease_id = ?", (lease_id,))
        else:
            _keep(conn, lease_id, before, after)
    return after


def promise(conn: Connection, till: TillId, sale_id: SaleId, promised: Promise) -> None:
    """Keep what a tender of a basket is paid with."""
    conn.execute(
        "INSERT OR REPLACE INTO promise (sale_id, tender, journal, body) VALUES (?, ?, ?, ?)",
        (sale_id, promised.tender, side_journal(conn, till), _json.encode(promised)),
    )


def promises_of(conn: Connection, sale_id: SaleId) -> list[Promise]:
    """Give what the tenders of a basket are paid with, in their order."""
    rows = conn.execute(
        "SELECT body FROM promise WHERE sale_id = ? ORDER BY tender", (sale_id,)
    ).fetchall()
    return [msgspec.json.decode(row[0], type=Promise) for row in rows]


def take_back(conn: Connection, sale_id: SaleId, tender: int | None = None) -> None:
    """Forget what a basket is paid with: one tender, or all of it."""
    if tender is None:
        conn.execute("DELETE FROM promise WHERE sale_id = ?", (sale_id,))
    else:
        conn.execute("DELETE FROM promise WHERE sale_id = ? AND tender = ?", (sale_id, tender))


def promised(conn: Connection, journal: JournalId) -> dict[str, int]:
    """Add up, by lease, what baskets that are not completed are already being paid with."""
    sums: dict[str, int] = {}
    rows = conn.execute("SELECT body FROM promise WHERE journal = ?", (journal,)).fetchall()
    for row in rows:
        for draw in msgspec.json.decode(row[0], type=Promise).draws:
            sums[draw.lease_id] = sums.get(draw.lease_id, 0) + draw.value
    return sums


def note_paid(conn: Connection, journal: JournalId, fact: ValueSpent) -> None:
    """Note what a completed sale has spent, in the transaction of the fact."""
    change(conn, journal, lambda held: paid(held, fact))


def close_due(
    conn: Connection,
    till: TillId,
    store: StoreId,
    stamp: Stamp,
    salt: Callable[[], bytes],
) -> list[tuple[Appended, Body]]:
    """Seal the end of every lease of a till that is over, and that no basket is paid with.

    Args:
        conn: within the writer's transaction.
        till: whose leases.
        store: where it stands.
        stamp: now.
        salt: gives sixteen fresh random bytes.

    Returns:
        What was written, for whoever remembers entries.
    """
    journal = side_journal(conn, till)
    held = purse(conn, journal)
    written: list[tuple[Appended, Body]] = []
    for each in due(held, promised(conn, journal).keys() if held.over else ()):
        fact = LeaseClosed(each.lease_id, store, till, stamp, each.spent, each.reason)
        written.append((chains.append(conn, till, fact, salt=salt()), fact))
        held = change(conn, journal, _closing(fact))
    return written


def _closing(fact: LeaseClosed) -> Callable[[Purse], Purse]:
    return lambda held: lease_closed(held, fact)


def _keep(conn: Connection, lease_id: str, before: Purse, after: Purse) -> None:
    closings, over = after.closings.get(lease_id, frozenset()), after.over.get(lease_id, "")
    if (closings, over) != (before.closings.get(lease_id), before.over.get(lease_id, "")):
        conn.execute(
            "UPDATE lease SET closings = ?, over = ? WHERE lease_id = ?",
            (_json.encode(sorted(closings)), over, lease_id),
        )
    known = before.spent.get(lease_id, {})
    for payment, value in after.spent.get(lease_id, {}).items():
        if known.get(payment) != value:
            conn.execute(
                "INSERT OR REPLACE INTO lease_spent (lease_id, payment, journal, value)"
                " VALUES (?, ?, ?, ?)",
                (lease_id, payment, after.journal, value),
            )
