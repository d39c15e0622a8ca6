"""Ways to HQ: http, and memory (a complete fake that ships with the product)."""

from __future__ import annotations
