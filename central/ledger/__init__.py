"""The database: chain rows that are inserted and never changed, and what is derived from them."""

from __future__ import annotations
