"""Which ids and identifiers are one person: party ids resolve for ever, and say why."""

from __future__ import annotations
