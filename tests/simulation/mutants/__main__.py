"""`python -m tests.simulation.mutants`: every planted bug, caught by which invariant, how soon.

The seeds that catch them are then played on the product as it is: there, all invariants hold.
Gives 1 if a bug survives or the product does not pass.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.simulation.mutants.hunt import HEADER, clean, hunt
from tests.simulation.mutants.table import PLANTED

HASH_SEED = "0"


def main():
    """Hunt them all, print the table."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    known = {planted.name for planted in PLANTED}
    if unknown := set(asked.names) - known:
        parser.error(f"no such planted bug: {', '.join(sorted(unknown))}")
    chosen = [each.name for each in PLANTED if each.name in (asked.names or known)]
    began = time.monotonic()
    _print(HEADER)
    with multiprocessing.Pool(asked.processes, maxtasksperchild=1) as pool:
        found = []
        for one in pool.imap_unordered(hunt, chosen):
            found.append(one)
            _print(str(one))
        held = pool.map(clean, sorted({(one.scenario, one.seed) for one in found if one.invariant}))
    return sum_up(found, held, time.monotonic() - began)


def sum_up(found, held, seconds):
    """Tell what it comes to; 1 if a bug survived or the product itself does not hold."""
    survived = [one.name for one in found if not one.invariant]
    broken = [text for text, _ in held if text]
    for text in broken:
        _print(f"WITHOUT a planted bug: {text}")
    cpu_s = sum(one.cpu_s for one in found) + sum(seconds for _, seconds in held)
    _print(
        f"{len(found) - len(survived)} of {len(found)} planted bugs caught, survived:"
        f" {', '.join(survived) or 'none'}; of the {len(held)} seeds that caught them"
        f" {len(held) - len(broken)} hold on the product as it is; {seconds:.0f} s,"
        f" {cpu_s:.0f} s of processors"
    )
    return int(bool(survived or broken))


def _print(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation.mutants", *sys.argv[1:]])  # noqa: S606
    sys.exit(main())
