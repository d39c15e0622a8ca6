"""The applier: entries and channel events to one timeline and one card per customer."""

from __future__ import annotations
