"""Who read what of whom: each read of a person is logged."""

from __future__ import annotations

from central.privacy.access import AccessRecorder

__all__ = ["AccessRecorder"]
