"""An HQ that is put back below what it has signed: who knows, and that it is noticed (P5)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from agent.core.exchange import intake
from tests.simulation import actions, fates
from tests.simulation.environment import simulated
from tests.simulation.invariants import AT_REST, Violation
from tests.simulation.loop import run
from tests.simulation.oracle import Oracle
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.world import World

CALM = replace(SCENARIOS["rewind"], stores=1)
WHILE_S = 60.0


def told(*fates_in_turn):
    """Sell, have HQ put back to before that, and let this come between; gives the world at rest."""
    with simulated(1):
        world = World(1, CALM)
        run(_life(world, fates_in_turn))
    return world


async def _life(world, fates_in_turn):
    try:
        await world.begin()
        await actions.sell(world, world.rng)
        await asyncio.sleep(WHILE_S)
        world.epoch_before = fates.epoch_at(world.hq)
        for fate in fates_in_turn:
            await fate(world, _First())
        await world.rest()
        world.epoch_after = fates.epoch_at(world.hq)
    finally:
        await world.end()


class _First(random.Random):
    """Draws the first of everything: the oldest backup is the one HQ is put back to."""

    def __init__(self):
        super().__init__(0)

    def choice(self, seq):
        return seq[0]

    def randrange(self, *_):
        return 0


def test_one_till_that_knows_is_enough():
    """HQ lives on in an epoch whose acks it no longer holds: P5 would rest on nothing."""
    world = told(fates.restore)
    assert {"m1"} == set(world.witnesses)
    assert world.epoch_before != world.epoch_after


def test_the_till_that_knows_may_have_been_off():
    """A till without power while HQ was put back keeps to itself what it knows."""

    async def switch_off(world, _rng):
        await world.machines[0].stop(lost=True)

    world = told(fates.restore, switch_off)
    assert world.epoch_before != world.epoch_after


def test_what_nobody_knows_any_more_is_asked_of_nobody():
    """The simulator blames HQ for a loss whose only evidence went with a till's disk."""
    world = told(fates.lose_disk, fates.restore)
    assert {} == world.witnesses
    assert world.epoch_before == world.epoch_after


def test_who_forgets_testifies_no_more():
    """The simulator awaits the evidence of a till whose own disk was put back."""
    world = told(_photograph_of_the_beginning, fates.restore, fates.put_disk_back)
    assert {} == world.witnesses
    assert world.epoch_before == world.epoch_after


async def _photograph_of_the_beginning(world, _rng):
    """Keep a disk as it would be without the journal's acks: an empty one, to be enrolled again."""
    world.images[world.machines[0].name] = {}


def test_what_was_brought_again_is_lost_no_longer(monkeypatch):
    """HQ is blamed for a loss a request on its way since before made good before any till spoke."""
    world = told(_late(monkeypatch), _forget_sales, _stay_away)
    assert {} == world.witnesses
    assert world.epoch_before == world.epoch_after


def test_what_was_brought_again_in_part_is_still_lost(monkeypatch):
    """HQ is forgiven a loss because an old request brought back a piece of it."""
    world = told(_late(monkeypatch), _sell_more, _forget_sales, _stay_away)
    assert {"m1"} == set(world.witnesses)
    assert world.epoch_before != world.epoch_after


def _late(monkeypatch):
    """Have every batch so far come to HQ once more, when it was put back and no till has spoken."""
    batches, sent = [], Oracle.sent

    def keep(oracle, message):
        sent(oracle, message)
        if message.path.endswith("/batches"):
            batches.append(message)

    async def send_again(world, _rng):
        for number, message in enumerate(batches):
            world.hq.later(WHILE_S + number, message, lambda: True)

    monkeypatch.setattr(Oracle, "sent", keep)
    return send_again


async def _forget_sales(world, _rng):
    """HQ is put back to when the till was enrolled, and had sold nothing."""
    await fates.restore_last(world)


async def _sell_more(world, _rng):
    """Sell, and leave the till time to bring it in, but less than the late requests need."""
    await actions.sell(world, world.rng)
    await asyncio.sleep(WHILE_S / 2)


async def _stay_away(world, _rng):
    """Have the till no way to HQ until all that was on its way has come."""
    world.machines[0].wire.cut = True
    await asyncio.sleep(3 * WHILE_S)


def test_a_loss_that_is_not_noticed_is_seen(monkeypatch):
    """An HQ that does not notice would pass the simulator."""
    monkeypatch.setattr(intake, "_is_lost", lambda *_: False)
    with pytest.raises(Violation, match="I8"):
        told(fates.restore)
    assert "I8" in AT_REST
