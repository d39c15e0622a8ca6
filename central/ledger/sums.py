"""Sums of whole numbers that are whole numbers on every database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Cast, ColumnElement, cast, func


def whole_sum(column: ColumnElement[Any]) -> Cast[int]:
    """Add up integers; NULL of no row. PostgreSQL would answer with a decimal (9.21, `sum`)."""
    return cast(func.sum(column), BigInteger)
