"""The sale: states and transitions in one table, lines, discounts, tax, tenders, returns, day."""

from __future__ import annotations
