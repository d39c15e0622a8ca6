"""What the till holds of customers, items and orders: a separate, replaceable file."""

from __future__ import annotations
