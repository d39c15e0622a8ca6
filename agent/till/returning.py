"""Taking goods back against the sale they came from, as far as this agent holds it."""

from __future__ import annotations

import msgspec

from agent.core import sale as rules
from agent.core.entries import facts
from agent.core.entries.bodies import SaleCompleted
from agent.core.identifiers import SaleId
from agent.core.quantities import Thousandths
from agent.core.sale.bounds import pieces
from agent.core.sale.model import Sale, SaleFault
from agent.journal import sales
from agent.journal.connection import Connection
from agent.journal.faults import EntryPruned
from agent.till.desk import Desk
from agent.till.orders import number_known
from agent.till.requests import LineRequest, ReturnedLine


class Held(msgspec.Struct, frozen=True):
    """An original sale and what came back of it in completed sales, by line."""

    body: SaleCompleted
    returned: dict[int, Thousandths]


async def held(desk: Desk, sale_id: SaleId) -> Held | None:
    """Read the original; None where it was sold elsewhere."""

    def read(conn: Connection) -> Held | None:
        body = sales.completed(conn, sale_id)
        return None if body is None else Held(body, sales.returned(conn, sale_id))

    return await desk.journal.read(read)


def return_line(
    desk: Desk, sale: Sale, original: Held, returns: ReturnedLine, request: LineRequest
) -> Sale:
    """Add the line that gives goods back for what was paid for them.

    What other baskets of this till already give back of the same sale is taken off too.

    Raises:
        SaleFault: `more-than-sold`, `goods-of-an-order` …
        NotFoundFault: `no-such-line`.
    """
    _require_no_order(desk, original.body, returns.line)
    returned = dict(original.returned)
    for basket in desk.baskets.values():
        if basket.sale_id != sale.sale_id and basket.state != rules.CANCELLED:
            for line, quantity in rules.returned_in(basket, returns.sale_id).items():
                returned[line] = Thousandths(returned.get(line, 0) + quantity)
    return rules.return_line(
        sale,
        facts.original(original.body),
        returns.line,
        request.quantity,
        returned=returned,
        reason=request.reason,
        actor=desk.actor,
        line_id=request.line_id,
    )


def _require_no_order(desk: Desk, original: SaleCompleted, number: int) -> None:
    """Send goods of an order back to it: by either number they would be paid back once each."""
    tied = {line.line: line.ordered for line in original.lines if line.ordered}.get(number)
    order_no = number_known(desk, tied.order_id) if tied and tied.line else None
    if order_no is not None:
        raise SaleFault(
            f"line {number} of this receipt is goods of order {order_no}",
            remedy=f"scan or type {order_no}, and take them back there",
            name="goods-of-an-order",
        )


def require_returnable(conn: Connection, sale: Sale) -> None:
    """Check once more, in the completing transaction, that no more comes back than was sold.

    Another till of this agent may have taken the same goods back since the line was added.

    Raises:
        SaleFault: `more-than-sold`.
    """
    originals = {line.returns.sale_id for line in sale.lines if line.returns and not line.voided}
    for sale_id in sorted(originals):
        body = _kept(conn, sale_id)
        if body is not None:
            left = rules.returnable(body.lines, sales.returned(conn, sale_id))
            for line, quantity in rules.returned_in(sale, sale_id).items():
                _require_left(sale_id, line, quantity, left.get(line))


def _kept(conn: Connection, sale_id: SaleId) -> SaleCompleted | None:
    """Read an original; None where it was pruned since the line was added: HQ then counts."""
    try:
        return sales.completed(conn, sale_id)
    except EntryPruned:
        return None


def _require_left(sale_id: SaleId, line: int, quantity: int, left: Thousandths | None) -> None:
    if left is None:
        raise SaleFault(
            f"line {line} of sale {sale_id} did not sell anything",
            remedy="name the line of that sale whose goods come back",
            name="no-such-line",
        )
    if quantity > left:
        raise SaleFault(
            f"{pieces(quantity)} of line {line} of sale {sale_id} are to come back, and only "
            f"{pieces(left)} may: the rest was never sold, or came back already",
            remedy="void the return line, and look the sale up again",
            name="more-than-sold",
        )
