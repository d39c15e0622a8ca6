"""Who read what of whom: each read of a person is logged."""

from __future__ import annotations
