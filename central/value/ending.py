"""What happens to value whose owner is no more: it is forfeited, openly, and stays in the books."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from agent.core.loyalty import HELD
from agent.core.loyalty.bookings import forfeited
from central.value.balances import sums_of
from central.value.books import SqlBooks


def forfeit(conn: Connection, owners: Iterable[str], order_id: str, at: str) -> None:
    """End what erased persons hold; carried out again, it ends nothing more.

    What a till holds as a lease comes back when that is closed, and is nobody's then.

    Args:
        conn: of the transaction in which they are erased.
        owners: every id of them.
        order_id: of the erasure.
        at: UTC, ISO 8601; only shown.
    """
    books = SqlBooks(conn)
    for account, amount in sums_of(conn, list(owners)).items():
        if account.kind == HELD and amount > 0:
            event = f"erased/{order_id}/{account.owner}"
            already = forfeited(account.owner, account.unit, amount, event=event)
            if not books.at(posting.key for posting in already):
                books.write(already, at)
