"""HQ's pages: stores and their lag, search a customer, one timeline."""

from __future__ import annotations
