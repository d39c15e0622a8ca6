"""A sale or a report to a `ReceiptDocument`, and that to lines of a given number of columns."""

from __future__ import annotations
