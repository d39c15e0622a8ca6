"""What is planted against rests on these: a forger, a disk that overtakes HQ, days gone back."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.exchange.acks import genuine
from agent.journal import chains, prune
from central.intake.root_key import RootKey
from tests.simulation import flips, turns
from tests.simulation.environment import simulated
from tests.simulation.loop import run
from tests.simulation.machine import link_of
from tests.simulation.network import Weather, Wire
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.world import World

ROOT = RootKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_a_forger_lacks_nothing_but_hqs_key():
    """A till that believes any signature passes the simulator: the forgery fails by something else.

    It must come through the till's own link, with the till's own hash.
    """
    batch = flips.batch_of(3)
    with simulated(1):
        ack = run(_answer(batch))
    assert (batch.journal_id, 3, 3) == (ack.journal_id, ack.seq, ack.safe_seq)
    assert not genuine(ack, batch.journal_id, ROOT.verify)
    assert genuine(ack, batch.journal_id, lambda *_: True)


async def _answer(batch):
    watch = SimpleNamespace(sent=lambda _message: None, world=SimpleNamespace(restores=0))
    wire = Wire(None, Weather(forge=1.0), random.Random(1), lambda: True, watch)
    return await link_of(flips.KEY, flips.KEY.public_key().public_bytes_raw(), wire).send(batch)


def lived(scenario, fate):
    """Have one store go through one fate; gives what its machine's journals are at the end."""
    with simulated(1):
        world = World(1, replace(SCENARIOS[scenario], stores=1))
        return run(_life(world, fate))


async def _life(world, fate):
    try:
        await world.begin()
        await fate(world, world.rng)
        await world.rest()
        return world.machines[0].look(_journals)
    finally:
        await world.end()


def _journals(conn):
    heads = chains.heads(conn)
    return [(head.lane, head.sealed, prune.pruned_seq(conn, head.journal_id)) for head in heads]


def test_a_disk_that_overtakes_hq_is_a_fork():
    """HQ's comparison of what it holds already is never needed, whatever the seed."""
    assert True in {sealed for lane, sealed, _ in lived("copies", turns.overtake)}


def test_days_gone_back_were_pruned():
    """HQ is put back to what every backup holds while nothing has been pruned yet."""
    pruned = {lane: upto for lane, _, upto in lived("rewind", turns.go_back_days)}
    assert pruned["sales"] > 0
