"""Orders for the tests of this room: a few built by hand, and whatever a seed can think of."""

from __future__ import annotations

import random

import msgspec

from agent.core.orders import (
    Cause,
    CustomerOrder,
    OrderLine,
    Part,
    Payment,
    PaymentState,
    Placed,
    Refund,
    RefundPart,
    Stage,
    Step,
    gathered,
    noted,
)
from agent.core.sale import Stamp, TaxRate, open_sale
from agent.core.stock import Bucket

ID = "web/W1001"
STANDARD = TaxRate("standard", 1900)
KETTLE = OrderLine(1, "Kettle", 2000, 9998, item="kettle", taxes=(STANDARD,))
TEA = OrderLine(2, "Tea", 3000, 1000, item="tea", taxes=(STANDARD,))
CARRIAGE = OrderLine(3, "Carriage", 1000, 490, goods=False)
AT = Stamp("2026-11-22T12:00:00.000Z", 1, "boot")


def placed(*lines, **fields):
    values = {"event": "web/e1", "order_id": ID, "number": "W1001", "channel": "web"}
    money = {"currency": "EUR", "lines": lines or (KETTLE, TEA)}
    return Placed(**{**values, **money, **fields})


def step(stage, event=None, *parts, **fields):
    stage = Stage(stage)
    named = tuple(Part(line, quantity) for line, quantity in parts)
    values = {"event": event or f"e/{stage}", "order_id": ID, "parts": named}
    return Step(**{**values, "stage": stage, **fields})


def paid(amount, state="settled", payment="p1", **fields):
    values = {"event": f"{payment}/{state}", "order_id": ID, "payment": payment}
    return Payment(**{**values, "amount": amount, "state": PaymentState(state), **fields})


def refund(amount, *parts, name="r1", state="settled", cause="return", **fields):
    named = tuple(RefundPart(line, part) for line, part in parts)
    values = {"event": f"{name}/{state}", "order_id": ID, "refund": name, "amount": amount}
    words = {"state": PaymentState(state), "cause": Cause(cause), "parts": named}
    return Refund(**{**values, **words, **fields})


def order(*told):
    return gathered(ID, told)


def at_store(*told, **fields):
    """Give an order that is collected at store s1."""
    return noted(CustomerOrder(ID), placed(collect_at="s1", **fields), *told)


def basket(sale_id="sale-1", currency="EUR", *, included=True):
    return open_sale(
        sale_id=sale_id,
        till="till-1",
        currency=currency,
        prices_include_tax=included,
        opened=AT,
        business_date="2026-11-22",
        actor="anna",
    )


def anything(seed, count=12):
    """Tell so many things of an order of a few lines, sensible or not."""
    rng = random.Random(seed)
    lines = tuple(_line(rng, n) for n in range(1, rng.randint(2, 4)))
    carriage = msgspec.structs.replace(CARRIAGE, line=9)
    common = {"collect_at": rng.choice([None, "s1"]), "draft": rng.random() < 0.2}
    changes = range(rng.randint(1, 2))
    told = [placed(*lines, carriage, revision=n, **common) for n in changes]
    numbers = [line.line for line in lines]
    return [*told, *(_one(rng, n, numbers) for n in range(count))]


def _line(rng, n):
    quantity = rng.choice([1000, 2000, 3000, 2345])
    return OrderLine(n, f"item {n}", quantity, rng.randrange(5000), item=f"i{n % 3}")


def _one(rng, n, lines):
    """Tell something of money, else a step; a few things are told under one event."""
    kind, state, echo = rng.random(), rng.choice(list(PaymentState)), rng.random() < 0.2
    if kind < 0.1:
        return paid(rng.randint(1, 9000), state, f"p{rng.randrange(3)}", echo=echo)
    if kind < 0.2:
        part = (rng.choice(lines), rng.randint(0, 900))
        name, cause = f"r{rng.randrange(3)}", rng.choice(list(Cause))
        return refund(900, part, name=name, state=state, cause=cause, echo=echo)
    stage = rng.choice(list(Stage))
    whole = rng.random() < 0.4 and stage is not Stage.RELEASED
    named = [] if whole else rng.sample([*lines, 7], rng.randint(1, len(lines)))
    return step(
        stage,
        f"e{rng.randrange(n + 20)}",
        *[(line, rng.choice([500, 1000, 1000, 2000])) for line in named],
        location=rng.choice(["", "s2", "dc", "s2" if stage is Stage.SENT else "s1"]),
        to=rng.choice(["s1", "s3"]) if stage is Stage.SENT else "",
        sale_id=rng.choice([None, "sale-9"]),
        bucket=rng.choice([Bucket.AVAILABLE, Bucket.DAMAGED]),
        echo=echo,
    )
