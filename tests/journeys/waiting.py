"""Waiting for what several programs bring about together; nobody tells of it by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")
WITHIN_S = 240
PAUSE_S = 0.05


async def until(
    ask: Callable[[], Awaitable[Answer]],
    holds: Callable[[Answer], bool],
    within_s: float = WITHIN_S,
) -> Answer:
    """Ask again until something holds; gives the answer.

    Raises:
        AssertionError: it never did; says what was answered last.
    """
    answer = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                if holds(answer := await ask()):
                    return answer
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"never so within {within_s:g} s: {answer}") from None


async def until_equal(ask: Callable[[], Awaitable[Answer]], expected: Answer) -> None:
    """Ask again until the answer is as expected; raises as `until`."""
    await until(ask, lambda answer: answer == expected)


async def until_stands(till, order_no: str, state: str) -> None:
    """Wait until a till knows an order in a state; HQ's part of it comes by the feed."""
    path = f"/v1/orders/{order_no}"
    await until(lambda: till.world.ask_till("GET", path), lambda held: held["state"] == state)
