"""The sale: states and transitions in one table, lines, discounts, tax, tenders, returns, the day."""

from __future__ import annotations
