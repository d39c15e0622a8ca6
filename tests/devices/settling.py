"""How long after a load has settled its weight is at the till: `python -m tests.devices.settling`.

A virtual scale on a pty swings for a random time; measured is from the end of the swing to the
answer of whoever waits for the weight. The goal is 250 ms.
"""

from __future__ import annotations

import asyncio
import random
import time

import typer

from tests.devices.test_weighing import plugged

GOAL_MS = 250
PROTOCOLS = (("toledo-8217", "toledo"), ("sma-scp-0499", "sma"))


async def settled_ms(peer, made, rng, grams):
    """Put a load on the scale and give how long after its rest the weight was known."""
    peer.put(0)
    await made.until(lambda: made.weights[-1:] == [("zero", 0)])
    swings_ms = rng.randrange(60, 300)
    rests_at = time.monotonic() + swings_ms / 1000
    peer.put(grams, swings_ms=swings_ms)
    assert grams == (await made.watch.weigh(5)).weight
    took_ms = (time.monotonic() - rests_at) * 1000
    await made.until(lambda: made.weights[-1:] == [("stable", grams)])
    return took_ms


async def measure(model, spoken, count, rng):
    from drivers.virtual.platter import Platter

    async with plugged(Platter(spoken), model=model) as (peer, made):
        loads = [rng.randrange(5, 14_000) for _ in range(count)]
        return sorted([await settled_ms(peer, made, rng, grams) for grams in loads])


def main(count: int = 100, seed: int = 1) -> None:
    """Weigh so many loads by each protocol."""
    rng = random.Random(seed)
    for model, spoken in PROTOCOLS:
        took = asyncio.run(measure(model, spoken, count, rng))
        p50, p95 = took[len(took) // 2], took[len(took) * 95 // 100]
        met = "met" if took[-1] <= GOAL_MS else "NOT MET"
        typer.echo(
            f"{model:<14} {count} loads: half within {p50:.0f} ms, 95 of 100 within {p95:.0f} ms, "
            f"all within {took[-1]:.0f} ms; goal {GOAL_MS} ms {met}"
        )


if __name__ == "__main__":
    typer.run(main)
