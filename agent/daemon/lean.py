"""What a daemon that runs for months loads at its start, and what it gives back afterwards.

A till has 2 GB and shares them with a browser. What libraries load beside what is asked of them is
let go here; what a customer would wait for is loaded before there is one.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

from agent.core.barcode import BarcodeRules, read

A_SCAN = b"]C10109521000151109"
"""Read once at start: loading GS1's dictionary takes a tenth of a second no customer waits for."""
_UNUSED = "_GS1_COMPANY_PREFIX_TRIE"
"""biip's table of who was given which numbers: 10 MB that nothing of ours looks into."""


def load_dictionary() -> None:
    """Load GS1's dictionary of application identifiers, and keep only that."""
    read(A_SCAN, BarcodeRules(in_store=(), currency="EUR"))
    from biip import gs1_prefixes

    # Its name is not promised; a biip without it keeps the memory, and the test of it says so.
    getattr(gs1_prefixes, _UNUSED, {}).clear()


def settle() -> None:
    """Give back what only the start needed.

    What lives now lives until the end: the collector need not look through it again, which keeps
    its pauses short (`gc.freeze`). glibc keeps freed memory for later unless it is asked
    (`malloc_trim(3)`); another C library has no such call, and is left alone. Nothing is collected
    first: that finds next to nothing and stands still for a tenth of a second.
    """
    gc.freeze()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
