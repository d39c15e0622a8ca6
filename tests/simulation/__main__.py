"""`python -m tests.simulation`: many seeds on several processes; a failing one is told whole.

python -m tests.simulation --seeds 400            # seeds 0 to 399
python -m tests.simulation --seed 17              # one, with its history
python -m tests.simulation --first 5000 --seeds 5000 --scenario rewind
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

from tests.simulation.run import play
from tests.simulation.scenarios import SCENARIOS

HASH_SEED = "0"
"""Sets of text are walked in the order of their hashes: one seed is one history only with these."""


def main():
    """Play, tell, and give 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    if asked.seed is not None:
        return _tell(play(asked.seed, asked.scenario), whole=True)
    return _range(asked)


def _range(asked):
    seeds = range(asked.first, asked.first + asked.seeds)
    began, totals, broken = time.monotonic(), Counter(), 0
    with multiprocessing.Pool(asked.processes, maxtasksperchild=200) as pool:
        for outcome in pool.imap_unordered(partial(play, scenario=asked.scenario), seeds):
            totals += Counter(
                seeds=1,
                cuts=outcome.cuts,
                receipts=outcome.receipts,
                rewinds=outcome.rewinds,
            )
            broken += _tell(outcome)
            if not totals["seeds"] % 100:
                _say(totals, broken, began)
    _say(totals, broken, began)
    return int(bool(broken))


def _say(totals, broken, began):
    _print(
        f"{totals['seeds']} seeds: {totals['cuts']} power cuts, {totals['rewinds']} restores of HQ,"
        f" {totals['receipts']} receipts, {broken} seeds with a violation,"
        f" {time.monotonic() - began:.0f} s"
    )


def _tell(outcome, *, whole=False):
    """Print a failure with its history; 1 if it was one."""
    if whole or outcome.broken:
        _print("\n".join(outcome.history))
    if outcome.broken:
        _print(f"seed {outcome.seed} ({outcome.scenario}) breaks {outcome.broken}: {outcome.seen}")
        _print(f"play it again: make simulate SEED={outcome.seed}")
    elif whole:
        _print(f"seed {outcome.seed} ({outcome.scenario}): all invariants hold")
    return int(bool(outcome.broken))


def _print(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606
    sys.exit(main())
