"""Which fates there are: how many stores, what happens how often, how bad the network is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.simulation import actions as act
from tests.simulation import authority, fairness, fates, publishing, snapshots, turns, wounds


@dataclass(frozen=True)
class Scenario:
    """One kind of world."""

    name: str
    sentence: str
    actions: dict[Any, int]
    weather: dict[str, float] = field(default_factory=dict)
    stores: int = 2
    machines: int = 1
    """In each store."""
    tills: int = 1
    """Of each machine."""
    turns: int = 30
    pause_s: float = 3.0
    return_chance: float = 0.7
    sales_max: int = 4
    cut_within: int = 40
    backups_kept: int = 4
    has_snapshots: bool = False
    """HQ makes them, and somebody looks things up all along."""
    is_crowd: bool = False
    """More is brought to HQ than it can take at once, and nothing else is wrong."""
    is_twofold: bool = False
    """Played once more with clocks that never jump: it must end in the same (I11)."""


_ROUGH = {
    "lose_request": 0.15,
    "lose_reply": 0.15,
    "again": 0.15,
    "truncate": 0.05,
    "flip": 0.08,
    "hang": 0.05,
    "forge": 0.05,
    "slow_s": 4.0,
}
_TRADE = {act.sell: 10, act.keep_the_day: 1, act.publish: 2}

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "cuts",
            "Power cuts and kills of either side at any operation.",
            _TRADE | {act.cut_power: 6, act.cut_power_of_hq: 4, act.kill: 2, act.kill_hq: 1},
        ),
        Scenario(
            "weather",
            "A network that loses, repeats, reorders, truncates, flips and hangs.",
            _TRADE
            | {act.weather: 4, act.lose_the_way: 2, act.kill: 1, act.poison: 1}
            | {fates.lie: 1, fates.intrude: 1},
            weather=_ROUGH,
        ),
        Scenario(
            "rewind",
            "HQ is put back to old backups while everything goes on.",
            _TRADE
            | {
                fates.back_up: 3,
                fates.restore: 3,
                fates.erase: 2,
                fates.prune_bodies: 2,
                turns.go_back_days: 1,
                act.lose_the_way: 1,
                act.kill: 1,
            },
        ),
        Scenario(
            "copies",
            "Disks are copied, lost, and put back to older images of themselves.",
            _TRADE
            | {
                fates.copy_disk: 1,
                fates.lose_disk: 1,
                fates.photograph: 2,
                fates.put_disk_back: 2,
                turns.overtake: 1,
                act.lose_the_way: 1,
                act.kill: 1,
                fates.erase: 2,
            },
        ),
        Scenario(
            "disks",
            "Disks run full and fail, at the tills and at HQ.",
            _TRADE
            | {
                act.fill_disk: 4,
                act.fail_disk: 2,
                act.fill_disk_of_hq: 1,
                act.fail_disk_of_hq: 3,
                act.cut_power: 2,
            },
        ),
        Scenario(
            "all",
            "Everything at once.",
            _TRADE
            | {
                act.cut_power: 2,
                act.cut_power_of_hq: 1,
                act.kill: 1,
                act.kill_hq: 1,
                act.lose_the_way: 1,
                act.weather: 1,
                act.jump_clock: 2,
                act.fill_disk: 1,
                fates.back_up: 1,
                fates.restore: 1,
                act.poison: 1,
                fates.erase: 1,
                fates.prune_bodies: 1,
                fates.copy_disk: 1,
                fates.lose_disk: 1,
                fates.photograph: 1,
                fates.put_disk_back: 1,
                fates.lie: 1,
                fates.intrude: 1,
                turns.go_back_days: 1,
                turns.overtake: 1,
            },
            weather={name: value / 2 for name, value in _ROUGH.items()},
        ),
        Scenario(
            "clocks",
            "Clocks jump by up to ten years, everywhere and again and again.",
            _TRADE
            | {
                act.jump_clock: 6,
                act.poison: 1,
                act.lose_the_way: 1,
                act.kill: 1,
                act.kill_hq: 1,
                fates.back_up: 1,
                fates.restore: 1,
                fates.erase: 1,
                fates.copy_disk: 1,
            },
            turns=20,
            is_twofold=True,
        ),
        Scenario(
            "feeds",
            "HQ publishes, forgets, and is put back to before what tills have read.",
            {
                act.sell: 2,
                act.publish: 6,
                publishing.lose_publications: 3,
                publishing.forget_deleted: 2,
                fates.back_up: 1,
                fates.restore: 1,
                act.lose_the_way: 2,
                act.kill: 1,
                act.cut_power: 1,
            },
        ),
        Scenario(
            "trust",
            "Devices are stolen, revoked and renewed, orders forged and forgotten, sales refused.",
            _TRADE
            | {
                act.refuse: 2,
                authority.steal: 1,
                authority.thieve: 2,
                authority.renew_key: 3,
                authority.counterfeit: 1,
                authority.erase_while_away: 2,
                fates.erase: 1,
                fates.back_up: 2,
                fates.restore: 1,
                act.poison: 1,
                act.kill: 1,
                act.kill_hq: 1,
                act.lose_the_way: 1,
            },
            weather={"lose_request": 0.05, "lose_reply": 0.1, "again": 0.05, "slow_s": 1.0},
            stores=1,
            machines=2,
        ),
        Scenario(
            "damage",
            "Bytes of the tills' journals change, at rest and while they are written.",
            _TRADE
            | {
                wounds.wound: 3,
                wounds.wound_living: 2,
                act.lose_the_way: 3,
                act.kill: 1,
                act.cut_power: 1,
                act.cut_power_of_hq: 1,
                fates.back_up: 1,
                fates.restore: 1,
            },
            weather={"lose_request": 0.05, "lose_reply": 0.1, "again": 0.05, "slow_s": 1.0},
            stores=1,
            machines=2,
            turns=14,
        ),
        Scenario(
            "snapshots",
            "Whole scopes are fetched and installed while HQ publishes on, and all of it breaks.",
            {
                act.sell: 1,
                act.publish: 3,
                snapshots.publish_many: 2,
                snapshots.make: 3,
                snapshots.begin_anew: 4,
                snapshots.flip_pieces: 3,
                snapshots.interrupt: 3,
                publishing.lose_publications: 1,
                publishing.forget_deleted: 1,
                fates.back_up: 1,
                fates.restore: 1,
                act.weather: 2,
                act.lose_the_way: 2,
                act.kill: 2,
                act.cut_power: 4,
                act.cut_power_of_hq: 1,
            },
            weather={name: value / 2 for name, value in _ROUGH.items()},
            stores=1,
            machines=2,
            turns=16,
            has_snapshots=True,
        ),
        Scenario(
            "crowd",
            "Six stores sell on and on, and HQ takes in one batch at a time, slowly.",
            {fairness.rush: 1},
            stores=6,
            turns=36,
            pause_s=6.0,
            is_crowd=True,
        ),
        Scenario(
            "ages",
            "Clocks jump while tills start again, prune, and meet people.",
            {
                act.sell: 8,
                act.keep_the_day: 3,
                act.jump_clock: 5,
                act.kill: 3,
                fates.back_up: 2,
                fates.prune_bodies: 4,
            },
            stores=1,
            turns=24,
            is_twofold=True,
        ),
    )
}


SHORT = 3
"""So many of four lives are short, by as much: most faults show within a few turns, and the same
time plays twice as many beginnings, crashes and returns."""


SOONER, FROM_HERE = 9, 1_000_000
"""Seeds below this one go by so many scenarios, as they did before there were more."""


def of_seed(seed):
    """Choose a seed's scenario, and whether it is lived in full: both take turns."""
    rounds, number = divmod(seed, SOONER if seed < FROM_HERE else len(SCENARIOS))
    scenario = list(SCENARIOS.values())[number]
    return replace(scenario, turns=scenario.turns // SHORT) if rounds % (SHORT + 1) else scenario
