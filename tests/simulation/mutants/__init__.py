"""Planted bugs: each a small wrong in the product, which the simulator must notice.

`journal`, `successors`, `exchange`, `hq`, `applying`, `authority`, `feeds`, `clocks`, `damage` and
`crowd` hold them by where the bug would be; `table` puts them together.
`python -m tests.simulation.mutants` plays each until an invariant breaks.
"""

from __future__ import annotations
