"""Many orders in a real Vendure: bought and seen to by its API, then copied in its database.

A server that answers seven calls an order makes a few orders a second. So some are bought, and what
they came to is copied under other ids and customers, as a busier year would have left it there; the
server then serves what it cannot tell from its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pysqlite3 import dbapi2

from tests.journeys.vendure_shop import WebStore

VARIANTS, LINES_MAX, PIECES_MAX, PER_GUEST = 30, 3, 3, 3
_TOLD = {
    "ORDER_PAYMENT_TRANSITION": ("payment", "paymentId", {"Authorized", "Settled"}),
    "ORDER_FULFILLMENT_TRANSITION": (
        "fulfillment",
        "fulfillmentId",
        {"Pending", "Shipped", "Delivered"},
    ),
    "ORDER_REFUND_TRANSITION": ("refund", "refundId", {"Settled"}),
}
"""Which transitions in Vendure's history belong on a customer's timeline, and whose they are."""
_KEYS: dict[str, tuple[str, ...]] = {
    "customer": ("id",),
    "customer_channels_channel": ("customerId",),
    "order": ("id", "customerId"),
    "order_channels_channel": ("orderId",),
    "shipping_line": ("id", "orderId"),
    "order_line": ("id", "orderId", "shippingLineId"),
    "payment": ("id", "orderId"),
    "refund": ("id", "paymentId"),
    "fulfillment": ("id",),
    "order_fulfillments_fulfillment": ("orderId", "fulfillmentId"),
    "order_line_reference": ("id", "fulfillmentId", "orderLineId", "refundId"),
    "history_entry": ("id", "orderId"),
}
"""What an order consists of in Vendure's database, and which of its columns are ids of that."""


class Sums(NamedTuple):
    """Money of all orders, in minor units."""

    orders: int
    ordered: int
    settled: int
    refunded: int


async def buy(web: WebStore, draw: random.Random, number: int) -> str:
    """Order as a guest, and pay; gives the order's code."""
    wanted = draw.sample(range(1, VARIANTS + 1), draw.randint(1, LINES_MAX))
    lines = {str(variant): draw.randint(1, PIECES_MAX) for variant in wanted}
    return await web.buy(lines, f"Guest-{number // PER_GUEST}@Example.com")


async def see_to(web: WebStore, draw: random.Random, code: str) -> None:
    """Do with an order what staff may: take the money, send or hand over, pay pieces back."""
    if draw.random() < 0.2:
        return
    await web.settle(code)
    if draw.random() < 0.3:
        return
    await web.fulfil(code, draw.choice(("store-0001", "store-0002")), "Shipped")
    if draw.random() < 0.6:
        await web.deliver(code)
    if draw.random() < 0.4:
        await web.refund(code, 1)


def copied(database: Path, total: int) -> list[str]:
    """Copy what was bought until there are so many orders; gives the codes of all."""
    with closing(dbapi2.connect(database, timeout=60)) as conn, conn:
        codes = [row[0] for row in conn.execute('SELECT code FROM "order" ORDER BY id')]
        step = 1 + max(_newest(conn, table) for table, keys in _KEYS.items() if "id" in keys)
        for n in range(1, total // len(codes)):
            _copy(conn, n, n * step)
        return [row[0] for row in conn.execute('SELECT code FROM "order" ORDER BY id')]


def _newest(conn: Any, table: str) -> int:
    [newest] = conn.execute(f'SELECT max(id) FROM "{table}"').fetchone()  # noqa: S608
    return int(newest or 0)


def _copy(conn: Any, n: int, further: int) -> None:
    """Copy everything bought once; ids above `further` are copies already."""
    step = further // n
    for table, keys in _KEYS.items():
        columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')]
        taken = ", ".join(_taken(each, keys, n, further) for each in columns)
        names = ", ".join(f'"{each}"' for each in columns)
        of = f'FROM "{table}" WHERE "{keys[0]}" < {step}'
        conn.execute(f'INSERT INTO "{table}" ({names}) SELECT {taken} {of}')
    for key in ("paymentId", "fulfillmentId", "refundId"):
        named = f"json_extract(data, '$.{key}')"
        moved = f"data = json_set(data, '$.{key}', {named} + {further})"
        new = f"id >= {further} AND id < {further + step} AND {named} IS NOT NULL"
        conn.execute(f"UPDATE history_entry SET {moved} WHERE {new}")  # noqa: S608


def _taken(column: str, keys: tuple[str, ...], n: int, further: int) -> str:
    if column in keys:
        return f'"{column}" + {further}'
    if column == "code":
        return f"printf('C%03d', {n}) || code"
    return f"""'{n}-' || "emailAddress\"""" if column == "emailAddress" else f'"{column}"'


def sums(database: Path, decimals: int = 0) -> Sums:
    """Add up in Vendure's own tables what was ordered, taken and paid back.

    Args:
        database: of Vendure.
        decimals: 0 of one that has minor units; of one that has major units, how many they have.
    """
    with closing(dbapi2.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        ordered = conn.execute(
            'SELECT "subTotalWithTax", "shippingWithTax" FROM "order" '
            'WHERE "orderPlacedAt" IS NOT NULL'
        ).fetchall()
        settled = conn.execute("SELECT amount FROM payment WHERE state = 'Settled'").fetchall()
        back = conn.execute("SELECT total FROM refund WHERE state = 'Settled'").fetchall()
    added = [
        sum(_minor(each, decimals) for row in rows for each in row)
        for rows in (ordered, settled, back)
    ]
    return Sums(len(ordered), *added)


def broken(database: Path) -> list[float]:
    """Give what was paid as the tables have it, where it is no whole number."""
    with closing(dbapi2.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        asked = "SELECT amount FROM payment WHERE amount != CAST(amount AS INTEGER)"
        return [amount for (amount,) in conn.execute(asked)]


def _minor(amount: float, decimals: int) -> int:
    """Read what a column holds; a double of 19.99 is written as such."""
    return int(Decimal(str(amount)).scaleb(decimals).to_integral_value())


def transitions(database: Path) -> Iterator[str]:
    """Name everything in Vendure's history that a customer's timeline has to show."""
    query = """SELECT "order".code, history_entry.type, history_entry.data FROM history_entry
        JOIN "order" ON "order".id = history_entry."orderId" """
    with closing(dbapi2.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        rows = conn.execute(query).fetchall()
    for code in {row[0] for row in rows}:
        yield f"web/{code}/ordered/0"
    for code, kind, data in rows:
        said = json.loads(data)
        what, key, states = _TOLD.get(kind, ("", "", set()))
        if said.get("to") in states:
            yield f"web/{code}/{what}/{said[key]}/{said['to']}"
