"""The sale that was completed last, for as long as its customer still looks at the change."""

from __future__ import annotations

import msgspec

from agent.core.quantities import Minor
from agent.core.receipt.display import Paid
from agent.core.sale.model import Line, Sale, Totals

SHOWN_NS = 60 * 1_000_000_000
"""After this the display greets the next customer."""


class Ended(msgspec.Struct, frozen=True):
    """What is shown of a completed sale: goods and amounts, nobody's name."""

    paid: Paid
    lines: tuple[Line, ...]
    mono_ns: int


def ended(sale: Sale, totals: Totals, mono_ns: int) -> Ended:
    """Keep what is shown of a sale that was completed just now."""
    return Ended(Paid(payable(totals), totals.tendered, totals.change), sale.lines, mono_ns)


def payable(totals: Totals) -> Minor:
    """Tell what the customer pays, cash rounding included."""
    return Minor(totals.total + totals.cash_rounding)
