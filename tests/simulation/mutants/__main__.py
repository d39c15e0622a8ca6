"""`python -m tests.simulation.mutants`: every planted bug, caught by which invariant, how soon.

The same seeds pass on the product as it is; gives 1 if a bug survives or the product does not pass.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.simulation.mutants.hunt import clean, hunt
from tests.simulation.mutants.table import PLANTED

HASH_SEED = "0"


def main():
    """Hunt them all, print the table."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    chosen = [each.name for each in PLANTED if each.name in (asked.names or {each.name})]
    began, survived, caught = time.monotonic(), [], []
    with multiprocessing.Pool(asked.processes, maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(hunt, chosen):
            _print(str(found))
            (caught if found.invariant else survived).append(found)
        played = sorted({(found.scenario, found.seed) for found in caught})
        broken = [found for found in pool.imap_unordered(clean, played) if found]
    for text in broken:
        _print(f"the product itself: {text}")
    _print(
        f"{len(caught)} of {len(chosen)} planted bugs caught, {time.monotonic() - began:.0f} s;"
        f" survived: {', '.join(found.name for found in survived) or 'none'}"
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
