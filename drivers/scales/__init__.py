"""Scales. None yet: the settings refuse the kind with a reason."""

from __future__ import annotations
