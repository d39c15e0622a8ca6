"""I18: no machine waits beyond its bound while HQ takes what others bring.

Waiting is measured by what HQ has signed for: a machine that has something to send waits from the
moment it has, or from HQ's last step forward with one of its journals. It counts where nothing is
in its way: once the faults have stopped, and all along in a world that has none but a crowd.
"""

from __future__ import annotations

import asyncio

from tests.simulation import actions

REST_BOUND_S = 420.0
"""The longest pause of a till that was refused again and again (300 s), and a round."""
CROWD_BOUND_S = 150.0
"""Two rounds of all journals of the crowd, and what a till pauses in between."""
BUSY_S = 5.0
"""How long HQ is at work on each batch where there is a crowd."""


async def rush(world, _rng):
    """Everybody sells, everywhere."""
    for machine in world.running():
        till = machine.rng.choice(machine.tills)
        machine.start(actions._sale(world, machine, till, False))


def i18_nobody_starves(world):
    """I18: while HQ takes others, none waits beyond its bound."""
    if world.calm_since is None or not world.hq.up:
        return
    now, bound = _now(), CROWD_BOUND_S if world.scenario.is_crowd else REST_BOUND_S
    taken = {machine.name: _taken(world, machine) for machine in world.running()}
    for machine in world.running():
        if not machine.sync.status().enrolled or not _owes(machine):
            world.waiting_since.pop(machine.name, None)
            continue
        since = world.waiting_since.setdefault(machine.name, now)
        since = max(since, taken[machine.name], world.calm_since)
        others = max([at for name, at in taken.items() if name != machine.name], default=0.0)
        if now - since > bound and others > since + bound / 2:
            yield f"{machine.name} waits for {now - since:.0f} s, while HQ takes others"


def _owes(machine):
    backlog = machine.sync.status().backlog
    return any(sum(lanes.values()) for lanes in backlog.values())


def _taken(world, machine):
    """Tell when HQ last moved on in one of a machine's journals."""
    owned = (each for each, owners in world.oracle.owners.items() if machine.name in owners)
    return max((world.oracle.moved.get(journal, (0, 0.0))[1] for journal in owned), default=0.0)


def note(moved, ack):
    """Note when HQ's word about a journal moved on."""
    if ack.seq != moved.get(ack.journal_id, (0, 0.0))[0]:
        moved[ack.journal_id] = (ack.seq, _now())


def _now():
    return asyncio.get_running_loop().time()


def at_work(original):
    """Give a stand-in for HQ's threads that takes its time where there is a crowd."""

    async def take_in(function, request, *more):
        await asyncio.sleep(request.app.state.busy_s)
        return await original(function, request, *more)

    return take_in
