"""Files in: the catalogue and the customers of another system, as CSV."""

from __future__ import annotations

from agent.core.rows import Problem
from central.channels.csv_rows import ImportReport
from central.channels.customer_rows import import_customers
from central.channels.import_runs import Progress, Watch
from central.channels.item_rows import import_items
from central.channels.slices import AGAIN

__all__ = [
    "AGAIN",
    "ImportReport",
    "Problem",
    "Progress",
    "Watch",
    "import_customers",
    "import_items",
]
