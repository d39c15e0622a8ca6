"""Which orders are out, and which tills have not carried them out yet: silent since when."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from agent.core.exchange.orders import LEASE, RECALL
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.outbox import GLOBAL, store_scope
from central.ledger.tables import CONTACTS, CREDENTIALS, JOURNALS

_SHOWN_MAX = 100
_ANOTHER = "another-entry"
_DONE = ("done", "nothing-to-do", _ANOTHER)
_NAMED_MAX = 12


class Awaited(msgspec.Struct, frozen=True):
    """A till that has not carried an order out."""

    store: str
    till: str
    last_contact_at: str | None
    """HQ's time; None where it was never heard."""
    outcome: str = ""
    """What the till said went wrong; empty of one that said nothing yet."""


class OrderState(msgspec.Struct, frozen=True):
    """One order, and how far it is carried out."""

    order_id: str
    kind: str
    scope: str
    issued_at: str
    reason: str
    done: int
    """Tills that have carried it out."""
    awaited: tuple[Awaited, ...]
    differs: tuple[Awaited, ...] = ()
    """Tills that hold another entry under an ordered number, which they have kept: two disks wrote
    one journal."""


class _Till(msgspec.Struct, frozen=True):
    store: str
    till: str
    keyid: str
    last_contact_at: str | None


def order_states(conn: Connection, *, open_only: bool = False) -> list[OrderState]:
    """List orders, newest first, each with the live tills that still owe an answer.

    Leases and their recall are not among them: they are one till's, and shown with its balances.
    Tills of one machine share its files: what one of them has carried out is done for all.

    Args:
        conn: any transaction.
        open_only: leave out those that are carried out everywhere, and as they were meant.
    """
    tills = _tills(conn)
    query = (
        select(SIGNED_ORDERS)
        .where(SIGNED_ORDERS.c.kind.not_in((LEASE, RECALL)))
        .order_by(SIGNED_ORDERS.c.order_id.desc())
        .limit(_SHOWN_MAX)
    )
    found = []
    for row in conn.execute(query).all():
        concerned = [till for till in tills if row.scope in {GLOBAL, store_scope(till.store)}]
        done, awaited, differs = _answers(conn, row.order_id, concerned)
        if awaited or differs or not open_only:
            found.append(
                OrderState(
                    row.order_id,
                    row.kind,
                    row.scope,
                    row.issued_at,
                    row.reason,
                    done,
                    awaited,
                    differs,
                )
            )
    return found


def told(order: OrderState) -> str:
    """Say of an order how far it is carried out, in one line.

    >>> told(OrderState("o", "erase", "store:s", "t", "asked", 1, (Awaited("s", "2", None),)))
    'erase o: carried out at 1 of 2 tills; except s/2, never heard'
    """
    total = order.done + len(order.awaited)
    line = f"{order.kind} {order.order_id}: carried out at {order.done} of {total} tills"
    if order.differs:
        named = ", ".join(f"{each.store}/{each.till}" for each in order.differs[:_NAMED_MAX])
        line += f" (another entry stands under that number at {named}, and was kept)"
    if not order.awaited:
        return line
    names = ", ".join(_name(each) for each in order.awaited[:_NAMED_MAX])
    more = len(order.awaited) - _NAMED_MAX
    return f"{line}; except {names}" + (f" and {more} more" if more > 0 else "")


def _answers(
    conn: Connection, order_id: str, tills: list[_Till]
) -> tuple[int, tuple[Awaited, ...], tuple[Awaited, ...]]:
    """Tell how many tills have carried an order out, which have not, and which found another."""
    query = select(ORDER_RECEIPTS).where(ORDER_RECEIPTS.c.order_id == order_id)
    said = {(row.store, row.till): row.outcome for row in conn.execute(query)}
    machines = {till.keyid for till in tills if said.get((till.store, till.till)) in _DONE}
    answers = {
        till: Awaited(
            till.store, till.till, till.last_contact_at, said.get((till.store, till.till), "")
        )
        for till in tills
    }
    awaited = tuple(each for till, each in answers.items() if till.keyid not in machines)
    differs = tuple(each for each in answers.values() if each.outcome == _ANOTHER)
    return len(tills) - len(awaited), awaited, differs


def _tills(conn: Connection) -> list[_Till]:
    """List the tills that are let in, with their last word."""
    query = (
        select(
            JOURNALS.c.store,
            JOURNALS.c.till,
            JOURNALS.c.keyid,
            func.max(CONTACTS.c.last_contact_at).label("last_contact_at"),
        )
        .join(CREDENTIALS, CREDENTIALS.c.keyid == JOURNALS.c.keyid)
        .outerjoin(CONTACTS, CONTACTS.c.journal_id == JOURNALS.c.journal_id)
        .where(JOURNALS.c.ended_at.is_(None), CREDENTIALS.c.revoked_at.is_(None))
        .group_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.keyid)
        .order_by(JOURNALS.c.store, JOURNALS.c.till)
    )
    return [_Till(*row) for row in conn.execute(query)]


def _name(awaited: Awaited) -> str:
    since = f"last heard {awaited.last_contact_at}" if awaited.last_contact_at else "never heard"
    return f"{awaited.store}/{awaited.till}, {awaited.outcome or since}"
