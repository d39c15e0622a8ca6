"""What HQ asks of the whole chain: stores and their lag, days and their Z reports."""

from __future__ import annotations
