"""What is measured, against what: `python -m benchmarks [NAME …]` prints one table of ratios.

Each module here with a `run() -> list[Row]` is one benchmark; it measures its own base in the
same run, interleaved, and says in its docstring what the base is. Ratios mean something on any
machine, times only on the one they were taken on. Files are written below `BENCH_DIR`
(default: where it is started), which should be the kind of disk a till has, not memory.
"""

from __future__ import annotations
