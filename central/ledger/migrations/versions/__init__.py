"""One file per step; a released step is never edited."""

from __future__ import annotations
