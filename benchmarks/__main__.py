"""Run the benchmarks named on the command line, or all of them, and print one table."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import msgspec

import benchmarks
from benchmarks.table import Row, table

_BESIDE = {
    "bare",
    "beside",
    "crowd",
    "floor",
    "hq",
    "machine",
    "program",
    "raw",
    "selling",
    "syncs",
    "table",
}
_NOT_BENCHMARKS = {"__main__", *_BESIDE}


def names() -> list[str]:
    """List the benchmarks there are."""
    found = {module.name for module in pkgutil.iter_modules(benchmarks.__path__)}
    return sorted(found - _NOT_BENCHMARKS)


def main(arguments: list[str]) -> int:
    """Measure and print; 0 if every target is met, 1 if not, 2 for an unknown name."""
    as_json = "--json" in arguments
    chosen = [argument for argument in arguments if argument != "--json"] or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(names())}")
        return 2
    rows: list[Row] = []
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    print(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
