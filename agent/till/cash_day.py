"""The till's day: float, pay-ins and pay-outs, X and Z reports; and who works at the till.

Selling never waits for any of this: a till that was not opened sells with a float of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from agent.core.entries.bodies import Body, CashierSigned, CashMoved, TillClosed, TillOpened
from agent.core.entries.day import day_totals, opening_of
from agent.core.entries.facts import till_closed
from agent.core.faults import StateFault
from agent.core.identifiers import PrintId, SaleId
from agent.core.sale import CANCELLED
from agent.core.sale.model import Stamp
from agent.journal import baskets, days
from agent.journal.connection import Connection
from agent.till import repeats
from agent.till.commands import CloseTill, MoveCash, OpenTill, SignOn
from agent.till.desk import Desk, required
from agent.till.printing import put_document, put_drawer
from agent.till.replies import CashView, ClosedDay, DayView, SignedOn
from agent.till.telling import Event
from agent.till.value import day_closed

S = TypeVar("S", bound=msgspec.Struct)


async def open_till(desk: Desk, ask: OpenTill) -> DayView:
    """Begin the day with a float; a till that is opened already refuses, and says since when."""
    known = await _answered(desk, "open", ask.request_id, DayView)
    if known is not None:
        return known
    stamp = desk.clock.stamp()
    body = TillOpened(
        store=desk.store.id,
        till=desk.till.id,
        business_date=desk.business_date(stamp),
        at=stamp,
        float_amount=ask.float_amount,
        currency=desk.store.currency,
        actor=desk.actor,
    )

    def write(conn: Connection) -> DayView:
        _require_not_opened(desk, days.since_opened(conn, desk.till.id))
        desk.append(conn, body)
        view = day_view(desk, days.since_opened(conn, desk.till.id), stamp)
        return repeats.keep(conn, desk.till.id, "open", ask.request_id, view)

    view = await desk.commit(write)
    desk.opened = True
    return view


async def close_till(desk: Desk, ask: CloseTill) -> ClosedDay:
    """Count the cash and end the day: the Z report, printed; a new day begins by itself.

    Raises:
        StateFault: `sale-still-open`, `nothing-to-close`.
    """
    known = await _answered(desk, "close", ask.request_id, ClosedDay)
    if known is not None:
        return known
    _require_nothing_open(desk)
    stamp = desk.clock.stamp()
    gone = [sale.sale_id for sale in desk.baskets.values() if sale.state == CANCELLED]
    closed = await desk.commit(lambda conn: _close(desk, conn, ask, stamp, gone))
    desk.opened = False
    for sale_id in gone:
        del desk.baskets[sale_id]
    return closed


async def move_cash(desk: Desk, ask: MoveCash) -> CashView:
    """Pay cash in or out, with a reason; repeated under its id it moves once.

    Raises:
        InputFault: `reason-missing`.
        StateFault: `nothing-moved`, `cash-id-reused`.
    """
    reason = required(ask.reason, "a pay-in or pay-out")
    stamp = desk.clock.stamp()
    body = CashMoved(
        cash_id=ask.cash_id or desk.clock.uuid7(),
        store=desk.store.id,
        till=desk.till.id,
        business_date=desk.business_date(stamp),
        at=stamp,
        amount=ask.amount,
        currency=desk.store.currency,
        reason=reason,
        actor=desk.actor,
    )
    return await desk.commit(lambda conn: _move(desk, conn, body))


async def sign_on(desk: Desk, ask: SignOn) -> SignedOn:
    """Let a cashier take over, or leave; the one who is on already changes nothing."""
    if ask.actor == desk.actor:
        return SignedOn(desk.actor)
    stamp = desk.clock.stamp()
    who = ask.actor if ask.actor is not None else desk.actor
    if who is not None:
        body = CashierSigned(who, desk.store.id, desk.till.id, stamp, on=ask.actor is not None)
        await desk.commit(lambda _conn: None, facts=(body,))
    desk.actor = ask.actor
    return SignedOn(desk.actor)


def day_view(desk: Desk, bodies: Sequence[Body], stamp: Stamp) -> DayView:
    """Show the figures since the till was closed last: an X report."""
    return DayView(
        till=desk.till.id,
        business_date=desk.business_date(stamp),
        opened=opening_of(bodies) is not None,
        totals=day_totals(bodies, desk.store.currency),
        currency=desk.store.currency,
        actor=desk.actor,
    )


async def _answered(
    desk: Desk, operation: str, request_id: str | None, answer_type: type[S]
) -> S | None:
    return await desk.journal.read(
        lambda conn: repeats.answer(conn, desk.till.id, operation, request_id, answer_type)
    )


def _close(
    desk: Desk, conn: Connection, ask: CloseTill, stamp: Stamp, gone: Sequence[SaleId]
) -> ClosedDay:
    bodies = days.since_opened(conn, desk.till.id)
    _require_something(desk, bodies)
    report = till_closed(
        bodies,
        store=desk.store.id,
        till=desk.till.id,
        currency=desk.store.currency,
        business_date=desk.business_date(stamp),
        z_number=days.z_number(conn, desk.till.id),
        stamp=stamp,
        counted_cash=ask.counted_cash,
        actor=desk.actor,
    )
    desk.append(conn, report)
    day_closed(conn, desk, f"{report.z_number}/{stamp.boot_id}/{stamp.mono_ns}", stamp)
    for sale_id in gone:
        baskets.delete(conn, sale_id)
    closed = ClosedDay(report, _print_report(desk, conn, report, stamp))
    return repeats.keep(conn, desk.till.id, "close", ask.request_id, closed)


def _print_report(desk: Desk, conn: Connection, report: TillClosed, stamp: Stamp) -> PrintId | None:
    document = desk.papers.report(report)
    return put_document(desk, conn, PrintId(desk.clock.uuid7()), document, stamp)


def _move(desk: Desk, conn: Connection, body: CashMoved) -> CashView:
    known = next(
        (
            each
            for each in days.since_opened(conn, desk.till.id)
            if isinstance(each, CashMoved) and each.cash_id == body.cash_id
        ),
        None,
    )
    if known is not None:
        _require_same_move(known, body)
        return CashView(known.cash_id, known.amount, known.reason)
    last = repeats.answer(conn, desk.till.id, "cash", body.cash_id, CashView)
    if last is not None:
        return last
    if body.amount == 0:
        raise StateFault(
            "a pay-in or pay-out of 0 moves nothing",
            remedy="enter the amount: positive to pay in, negative to pay out",
            name="nothing-moved",
        )
    desk.append(conn, body)
    put_drawer(desk, conn, PrintId(desk.clock.uuid7()), body.at)
    document = desk.papers.cash(body)
    print_id = put_document(desk, conn, PrintId(desk.clock.uuid7()), document, body.at)
    data: dict[str, object] = {"cash_id": body.cash_id, "amount": body.amount, "why": "cash"}
    desk.tell(conn, Event("drawer", data), body.at.wall)
    view = CashView(body.cash_id, body.amount, body.reason, print_id)
    return repeats.keep(conn, desk.till.id, "cash", body.cash_id, view)


def _require_same_move(known: CashMoved, body: CashMoved) -> None:
    if known.amount != body.amount:
        raise StateFault(
            f"cash id {body.cash_id} moved {known.amount} already, not {body.amount}",
            remedy="make a new id for each pay-in or pay-out",
            name="cash-id-reused",
        )


def _require_not_opened(desk: Desk, bodies: Sequence[Body]) -> None:
    since = opening_of(bodies)
    if since is not None:
        raise StateFault(
            f"till {desk.till.id} is open since {since.wall}",
            remedy="close it first: POST /v1/tills/{till}/close with the counted cash",
            name="already-opened",
        )


def _require_something(desk: Desk, bodies: Sequence[Body]) -> None:
    if not bodies:
        raise StateFault(
            f"nothing happened at till {desk.till.id} since it was closed",
            remedy="open the till or sell something first",
            name="nothing-to-close",
        )


def _require_nothing_open(desk: Desk) -> None:
    current = desk.open_sale()
    if current is not None and current.lines:
        raise StateFault(
            f"sale {current.sale_id} is still open",
            remedy="complete, park or cancel it before the day is closed",
            name="sale-still-open",
        )
